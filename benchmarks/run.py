"""Measure ocianalyze: `python -m benchmarks.run` from the root of the repository. `README.md` says what and why."""

import argparse
import compileall
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.images import DIRECTORY, SAME_IMAGE, SHAPES, Shape, load, shape_name
from benchmarks.machine import describe
from benchmarks.measure import CommandError
from benchmarks.plans import Analyzer, plan
from benchmarks.registry import serving
from benchmarks.results import ShapeResult, execute
from benchmarks.tables import render, write_readme

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the images that are missing, measure, print a table and write it down; return the exit code.

    It is 0 whether or not the targets are met, and 1 where answers disagree or a command failed.
    """
    options = _parser().parse_args(arguments)
    compileall.compile_dir(HERE.parent / "ocianalyze", quiet=1)  # as an installation has it, whatever is set here
    analyzer = Analyzer(tuple(shlex.split(options.ocianalyze)), own=False) if options.ocianalyze else Analyzer()
    results = []
    try:
        for shape in _shapes(options.shapes or SHAPES, options.directory, options.scale):
            _note(f"{shape.name}: checking that the answers agree")
            with serving(shape) if shape.name == "registry" else nullcontext(shape) as there:
                made = plan(there, analyzer, limit=options.limit, peers=options.peers)
                results.append(execute(made, repetitions=options.repetitions, note=_note))
    except CommandError as error:
        _note(str(error))
        return 1
    _publish(results, options)
    return 0 if all(check.holds for result in results for check in result.checks) else 1


def _shapes(names: Sequence[str], directory: Path, scale: float) -> Iterator[Shape]:
    """Yield the shapes; one that is missing is made by another process, so that this one stays small."""
    for name in names:
        shape = load(name, directory, scale)
        if shape is None:
            options = [f"--scale={scale}", f"--directory={directory}"]
            made = SAME_IMAGE.get(name, name)
            subprocess.run([sys.executable, "-m", "benchmarks.make", made, *options], check=False)
            shape = load(name, directory, scale)
        if shape is None:
            raise CommandError(f"{name} could not be made")
        yield shape


def _publish(results: Sequence[ShapeResult], options: argparse.Namespace) -> None:
    machine = describe()
    table = render(results, machine, scale=options.scale, repetitions=options.repetitions)
    print(table, end="")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{options.name}.md").write_text(f"# {options.name}\n\n{table}")
    record = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "scale": options.scale,
        "repetitions": options.repetitions,
        "machine": machine,
        "shapes": [asdict(result) for result in results],
    }
    (RESULTS / f"{options.name}.json").write_text(json.dumps(record, indent=1) + "\n")
    if options.write_readme:
        write_readme(HERE / "README.md", table)


def _note(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Measure ocianalyze on large images.")
    parser.add_argument(
        "shapes", nargs="*", type=shape_name, metavar="SHAPE", help=f"which images: {', '.join(SHAPES)}; all by default"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="size of the images: 0.01 is a hundredth (default 1)")
    parser.add_argument("--repetitions", type=int, default=5, help="rounds after the warm-up (default 5)")
    parser.add_argument(
        "--limit", action="store_true", help="measure what the hardware allows, too: cat, sha256sum, ..."
    )
    parser.add_argument("--peers", action="store_true", help="measure skopeo and umoci, too, once")
    parser.add_argument("--ocianalyze", metavar="COMMAND", help="what is measured (default: this Python's module)")
    parser.add_argument(
        "--directory", type=Path, default=DIRECTORY, help="where images are kept (default build/benchmarks)"
    )
    parser.add_argument("--name", default="latest", help="of the files in benchmarks/results (default latest)")
    parser.add_argument("--write-readme", action="store_true", help="put the results into benchmarks/README.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
