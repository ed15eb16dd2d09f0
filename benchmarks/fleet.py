"""How fast a fleet is scanned: `python -m benchmarks.fleet` from the root of the repository.

300 images on 40 bases, 2,000 distinct layers, in a real registry on this machine: the whole fleet against its layers
alone and against single scans, then on Dask clusters, then how time and memory grow with simulated fleets.
"""

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import mean, median
from typing import Any, Final

from benchmarks.fleet_growth import grow
from benchmarks.fleet_images import FULL, make_fleet
from benchmarks.images import DIRECTORY
from benchmarks.machine import describe
from benchmarks.plots import RESULTS
from benchmarks.registry import running
from benchmarks.tables import table, write_between

_BEGIN: Final = "<!-- fleet -->"
_END: Final = "<!-- end of fleet -->"
_SINGLE: Final = 15
"""How many images are scanned alone; all of them would take ten minutes."""
_WORKERS: Final = (1, 2, 4)
_GROWTH: Final = (300, 3_000, 30_000)
_PROGRAM: Final = (sys.executable, "-m", "ocianalyze")
_EXIT_CODES: Final = (0, 1, 3, 4)
_PATIENCE: Final = 30.0


def measure_fleet(
    registry: str, names: Sequence[str], listed: Path, rounds: int, note: Callable[[str], None]
) -> dict[str, Any]:
    """Return seconds for the whole fleet, for its layers alone, and for single scans of all images."""
    whole, layers = [], []
    for number in range(rounds + 1):
        note(f"fleet: round {number} of {rounds}")
        whole.append(_fleet(listed))
        layers.append(_timed([sys.executable, "-m", "benchmarks.fleet_layers", str(listed)]))
    whole, layers = whole[1:], layers[1:]  # the first round fills the page cache
    note("fleet: single scans")
    chosen = names[:: max(1, len(names) // _SINGLE)]
    options = ("--plain-http", "--no-cache", "-q", "--isolated")
    alone = [_timed([*_PROGRAM, "scan", f"{registry}/{name}", *options]) for name in chosen]
    return {
        "images": len(names),
        "whole": median(whole),
        "layers": median(layers),
        "ratio": median(one / two for one, two in zip(whole, layers, strict=True)),
        "alone": mean(alone) * len(names),
    }


def measure_cluster(listed: Path, workers: int) -> float:
    """Return seconds for the whole fleet on a Dask cluster of so many workers, without its start."""
    with dask_cluster(workers) as address:
        return _fleet(listed, "--scheduler", address)


@contextmanager
def dask_cluster(workers: int) -> Iterator[str]:
    """Yield the address of a scheduler with so many workers, each a process with one thread, while the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    scheduler = ("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    worker = ("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
    with tempfile.TemporaryDirectory(prefix="dask-") as scratch:
        commands = [scheduler, *[worker] * workers]
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options],
                cwd=scratch,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for kind, *options in commands
        ]
        try:
            _await_workers(address, workers)
            yield address
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait()


def _await_workers(address: str, workers: int) -> None:
    from distributed import Client

    with Client(address, timeout=_PATIENCE) as client:  # type: ignore[no-untyped-call] # Dask has types for some of it
        client.wait_for_workers(workers, timeout=_PATIENCE)


def _fleet(listed: Path, *more: str) -> float:
    with tempfile.TemporaryDirectory(prefix="fleet-") as directory:
        results = str(Path(directory, "fleet.sqlite"))
        options = ("-o", results, "--plain-http", "--no-cache", "-q", "--isolated")
        return _timed([*_PROGRAM, "fleet", str(listed), *options, *more])


def _timed(command: Sequence[str]) -> float:
    start = time.monotonic()
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    if done.returncode not in _EXIT_CODES:
        raise SystemExit(f"{' '.join(command[:4])} ended with {done.returncode}")
    return time.monotonic() - start


def render(found: dict[str, Any]) -> str:
    """Return what was measured as Markdown."""
    fleet = found["fleet"]
    rows = [
        ("fleet, 2 processes", f"{fleet['whole']:.1f}", f"{fleet['ratio']:.2f}"),
        ("its distinct layers, and no image judged", f"{fleet['layers']:.1f}", "1.00"),
        ("single scans, one after the other", f"{fleet['alone']:.0f}", f"{fleet['alone'] / fleet['layers']:.1f}"),
        *(
            (f"Dask, {workers} worker{'s'[: workers > 1]}", f"{seconds:.1f}", f"{seconds / fleet['layers']:.2f}")
            for workers, seconds in found["clusters"].items()
        ),
    ]
    grown = [
        (
            f"{one['images']:,}",
            f"{one['layers']:,}",
            f"{one['planning']:.1f}",
            f"{one['running']:.1f}",
            f"{one['reporting']:.1f}",
            f"{one['peak'] / 1e6:.0f}",
            f"{one['file'] / 1e6:.0f}",
        )
        for one in found["growth"]
    ]
    header = ("simulated images", "layers", "planning s", "running s", "report s", "peak MB", "results MB")
    lines = [
        *table(("300 images in a registry", "wall s", "times the layers"), rows, right=(1, 2)),
        "",
        *table(header, grown, right=(0, 1, 2, 3, 4, 5, 6)),
        "",
        f"Measured on: {found['machine']['processor']}.",
    ]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure fleets, print tables, and write them down."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description="How fast a fleet is scanned.")
    parser.add_argument("--repetitions", type=int, default=3, help="rounds after the first one (default 3)")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="for images (default build/benchmarks)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="for results (default benchmarks/results)")
    parser.add_argument("--write-readme", action="store_true", help="put the tables into benchmarks/README.md")
    options = parser.parse_args(arguments)

    def note(text: str) -> None:
        print(f"  {text}", file=sys.stderr, flush=True)

    home = options.directory / "fleet"
    listing = home / "names.json"
    if not listing.exists():
        note("making the fleet")
        home.mkdir(parents=True, exist_ok=True)
        listing.write_text(json.dumps(make_fleet(home, FULL)))
    names = json.loads(listing.read_text())
    found: dict[str, Any] = {"machine": describe(), "clusters": {}}
    with running(home) as registry, tempfile.TemporaryDirectory(prefix="fleet-") as directory:
        listed = Path(directory, "list.txt")
        listed.write_text("".join(f"{registry}/{name}\n" for name in names))
        found["fleet"] = measure_fleet(registry, names, listed, options.repetitions, note)
        for workers in _WORKERS:
            note(f"Dask: {workers} workers")
            found["clusters"][workers] = measure_cluster(listed, workers)
    note("growth")
    found["growth"] = [grow(images) for images in _GROWTH]
    text = render(found)
    print(text, end="")
    (options.output / "fleet.json").write_text(json.dumps(found, indent=1) + "\n")
    if options.write_readme:
        write_between(Path(__file__).with_name("README.md"), text, _BEGIN, _END)
    return 0


if __name__ == "__main__":
    sys.exit(main())
