"""Measure ocianalyze: `python -m benchmarks.run` from the root of the repository. `README.md` says what and why."""

import argparse
import compileall
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.analyzer import Analyzer
from benchmarks.images import DIRECTORY, SAME_IMAGE, SHAPES, Shape, load, shape_name
from benchmarks.machine import describe
from benchmarks.measure import CommandError
from benchmarks.peers import find
from benchmarks.plans import plan
from benchmarks.plots import RESULTS, draw
from benchmarks.registry import serving
from benchmarks.results import ShapeResult, execute
from benchmarks.tables import render, write_between

HERE = Path(__file__).resolve().parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the images that are missing, measure, print a table and write it down; return the exit code.

    It is 0 whether or not the targets are met, and 1 where answers disagree or a command failed.
    """
    options = _parser().parse_args(arguments)
    compileall.compile_dir(HERE.parent / "ocianalyze", quiet=1)  # as an installation has it, whatever is set here
    analyzer = Analyzer(tuple(shlex.split(options.ocianalyze)), own=False) if options.ocianalyze else Analyzer()
    if options.peers:
        find(options.directory, _note)
    scratch = options.directory.resolve() / "scratch"
    results: list[ShapeResult] = []
    table = ""
    try:
        for shape in _shapes(options.shapes or SHAPES, options.directory, options.scale):
            _note(f"{shape.name}: checking that the answers agree")
            with serving(shape) if shape.name in SAME_IMAGE else nullcontext(shape) as there:
                made = plan(there, analyzer, scratch, limits=options.limit, peers=options.peers)
                results.append(execute(made, repetitions=options.repetitions, note=_note))
            table = _publish(results, options)  # after each: a run that is ended leaves what it has measured
    except CommandError as error:
        _note(str(error))
        return 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(table, end="")
    return 0 if all(check.holds for result in results for check in result.checks if check.ours) else 1


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


def _publish(results: Sequence[ShapeResult], options: argparse.Namespace) -> str:
    """Write down what was measured so far, and return the table."""
    machine = describe()
    table = render(results, machine, scale=options.scale, repetitions=options.repetitions)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / f"{options.name}.md").write_text(f"# {options.name}\n\n{table}")
    record: dict[str, Any] = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "scale": options.scale,
        "repetitions": options.repetitions,
        "machine": machine,
        "shapes": [asdict(result) for result in results],
    }
    (options.output / f"{options.name}.json").write_text(json.dumps(record, indent=1) + "\n")
    for path in draw(record["shapes"], options.output, options.name):
        _note(f"wrote {path.name}")
    if options.write_readme:
        write_between(HERE / "README.md", table)
    return table


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
        "--limit", action="store_true", help="measure what the hardware allows, too: cat, openssl dgst, ..."
    )
    parser.add_argument("--peers", action="store_true", help="measure other tools, too: syft, trivy, dive, crane, ...")
    parser.add_argument("--ocianalyze", metavar="COMMAND", help="what is measured (default: this Python's module)")
    parser.add_argument(
        "--directory", type=Path, default=DIRECTORY, help="where images are kept (default build/benchmarks)"
    )
    parser.add_argument("--name", default="latest", help="of the files with the results (default latest)")
    parser.add_argument(
        "--output", type=Path, default=RESULTS, help="where results are written (default benchmarks/results)"
    )
    parser.add_argument("--write-readme", action="store_true", help="put the results into benchmarks/README.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
