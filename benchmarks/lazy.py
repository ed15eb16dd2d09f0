"""How many bytes of a large image are read by its indexes: `python -m benchmarks.lazy` from the root of the repository.

An image of 10 GB in each form that has an index, in a real registry that is 20 ms away at 1 Gbit/s: `--lazy` beside a
full scan and beside `skopeo copy`.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.images import DIRECTORY
from benchmarks.latency import delayed
from benchmarks.lazy_images import SCALE, make_layout
from benchmarks.machine import describe
from benchmarks.plots import RESULTS
from benchmarks.registry import running
from benchmarks.registry_files import data_of, store_layout
from benchmarks.tables import table, write_between
from tests.support.indexed_images import FORMS, index_image

_BEGIN: Final = "<!-- lazy -->"
_END: Final = "<!-- end of lazy -->"
_LATENCY: Final = 0.02
_RATE: Final = 125e6
"""A gigabit a second, in bytes."""
_PROGRAM: Final = (sys.executable, "-m", "ocianalyze")
_EXIT_CODES: Final = (0, 1, 3)


def measure(reference: str, repetitions: int, scratch: Path) -> dict[str, Any]:
    """Return what scans of an image in a registry take, by its indexes and in full, and what a copy takes."""
    lazy = [_scan(reference, "--lazy") for _ in range(repetitions)]
    full = _scan(reference)
    with tempfile.TemporaryDirectory(prefix="copy-", dir=scratch) as directory:
        copy = _timed(["skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{reference}", f"dir:{directory}"])
    return {
        "size": full["size"],
        "lazy": median(one["seconds"] for one in lazy),
        "bytes": median(one["bytes"] for one in lazy),
        "requests": median(one["requests"] for one in lazy),
        "read": lazy[0]["read"],
        "full": full["seconds"],
        "copy": copy[0],
        "agrees": all(one["said"] == full["said"] for one in lazy),
    }


def _scan(reference: str, *options: str) -> dict[str, Any]:
    command = [*_PROGRAM, "scan", reference, "--plain-http", "--no-cache", "--isolated", "--format", "json", "-v"]
    seconds, done = _timed([*command, *options])
    report = json.loads(done.stdout)
    return {
        "seconds": seconds,
        "bytes": report["timing"]["bytes_read"],
        "requests": done.stderr.count(b" GET "),
        "size": sum(layer["size"] for layer in report["layers"]),
        "read": [layer["read"] for layer in report["layers"]],
        "said": [report["verdict"], report["findings"], report["facts"]],
    }


def _timed(command: Sequence[str]) -> tuple[float, subprocess.CompletedProcess[bytes]]:
    start = time.monotonic()
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode not in _EXIT_CODES:
        raise SystemExit(f"{' '.join(command[:4])} ended with {done.returncode}: {done.stderr.decode()[-500:]}")
    return time.monotonic() - start, done


def measure_forms(home: Path, scale: float, repetitions: int, note: Callable[[str], None]) -> dict[str, Any]:
    """Return what `measure` does for each form; each is made, measured and removed again."""
    note("making the image")
    plain = make_layout(home, scale)
    found: dict[str, Any] = {}
    for form in FORMS:
        note(f"{form}: making it")
        shutil.rmtree(home / form, ignore_errors=True)
        layout = index_image(plain, form, home / form)
        with tempfile.TemporaryDirectory(prefix="registry-", dir=home) as directory:
            store_layout(data_of(Path(directory)), "team/image", layout, "1.0")
            with running(Path(directory)) as host, delayed(host, _LATENCY, rate=_RATE) as there:
                note(f"{form}: measuring it")
                found[form] = measure(f"{there}/team/image:1.0", repetitions, home)
        shutil.rmtree(layout)
    return found


def render(found: dict[str, Any]) -> str:
    """Return what was measured as Markdown."""
    rows = [
        (
            form,
            f"{one['size'] / 1e9:.2f} GB",
            f"{one['bytes'] / 1e6:.1f} MB",
            f"{one['bytes'] / one['size']:.2%}",
            f"{one['requests']:.0f}",
            f"{one['lazy']:.2f} s",
            f"{one['full']:.1f} s",
            f"{one['copy']:.1f} s",
            f"1/{one['full'] / one['lazy']:.0f}",
        )
        for form, one in found["forms"].items()
    ]
    head = (
        "form",
        "size",
        "fetched",
        "share",
        "requests",
        "`--lazy`",
        "full scan",
        "`skopeo copy`",
        "of the full scan",
    )
    lines = [*table(head, rows, right=range(1, 9)), "", f"Measured on: {found['machine']['processor']}."]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all forms, print a table, and write it down."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lazy", description="How much of an image is read.")
    parser.add_argument("--scale", type=float, default=1.0, help="how large: 0.01 is a hundredth (default 1)")
    parser.add_argument("--repetitions", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="for images (default build/benchmarks)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="for results (default benchmarks/results)")
    parser.add_argument("--write-readme", action="store_true", help="put the table into benchmarks/README.md")
    options = parser.parse_args(arguments)

    def note(text: str) -> None:
        print(f"  {text}", file=sys.stderr, flush=True)

    home = options.directory / f"lazy-{options.scale:g}"
    forms = measure_forms(home, SCALE * options.scale, options.repetitions, note)
    found = {"machine": describe(), "forms": forms}
    text = render(found)
    print(text, end="")
    (options.output / "lazy.json").write_text(json.dumps(found, indent=1) + "\n")
    if options.write_readme:
        write_between(Path(__file__).with_name("README.md"), text, _BEGIN, _END)
    return 0 if all(one["agrees"] for one in forms.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
