"""How time and memory grow with what an image has: `python -m benchmarks.growth` from the root of the repository.

Sparse images are made on the fly, measured and removed: more entries, more bytes with the same entries, more layers
with the same entries and bytes.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.analyzer import Analyzer
from benchmarks.counted import Counts
from benchmarks.images import DIRECTORY
from benchmarks.machine import describe
from benchmarks.make import assemble, counted_layers
from benchmarks.measure import Command, Series, measure
from benchmarks.plots import RESULTS
from benchmarks.svg import Line, Panel, panels
from benchmarks.tables import table, write_between

_BEGIN: Final = "<!-- growth -->"
_END: Final = "<!-- end of growth -->"
_BASE: Final = Counts(entries=20_000, layers=4)
_GB: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What is varied, over which values, and how a value is written."""

    name: str
    counts: Sequence[Counts]
    value: Callable[[Counts], int]
    write: Callable[[float], str]


def curves(scale: float) -> list[Curve]:
    """Return the curves; `scale` makes the images smaller."""
    entries = [replace(_BASE, entries=round(count * scale)) for count in (10_000, 30_000, 100_000, 300_000, 1_000_000)]
    base = replace(_BASE, entries=round(_BASE.entries * scale))
    sizes = [replace(base, large=round(size * _GB * scale)) for size in (0.1, 0.5, 2, 8, 32)]
    layers = [replace(base, layers=count) for count in (1, 3, 10, 30, 100)]
    return [
        Curve(name="entries", counts=entries, value=lambda counts: counts.entries, write=_short),
        Curve(name="bytes", counts=sizes, value=lambda counts: counts.large, write=_short),
        Curve(name="layers", counts=layers, value=lambda counts: counts.layers, write=_short),
    ]


def measure_curve(
    curve: Curve, analyzer: Analyzer, directory: Path, *, repetitions: int, note: Callable[[str], None]
) -> list[dict[str, float]]:
    """Make the images of a curve, measure and remove them; return a record for each, seconds and bytes in it."""
    points = []
    for counts in curve.counts:
        with tempfile.TemporaryDirectory(prefix="growth-", dir=directory) as name:
            value = curve.value(counts)
            note(f"{curve.name}: {value:,}")
            home = Path(name)
            (home / "layers").mkdir()
            layers = list(counted_layers(home / "layers", counts))
            assemble(layers, home)
            found = _measure(analyzer, home / "docker-archive.tar", repetitions)
            points.append(
                {
                    "value": value,
                    "tar": sum(layer.uncompressed_size for layer in layers),
                    "wall": found.wall,
                    "cpu": found.cpu,
                    "peak": found.peak,
                }
            )
    return points


def _measure(analyzer: Analyzer, archive: Path, repetitions: int) -> Series:
    command: Command = analyzer.scan("ocianalyze", str(archive), archive.name, forks=True)
    return measure([command], repetitions=repetitions, note=lambda _: None)[0]


def render(found: Mapping[str, Sequence[Mapping[str, float]]], machine: Mapping[str, str]) -> str:
    """Return the curves as Markdown."""
    rows = [
        (
            name if point is points[0] else "",
            f"{point['value']:,.0f}",
            f"{point['tar'] / _GB:.2f}",
            f"{point['wall']:.2f}",
            f"{point['cpu']:.2f}",
            f"{point['peak'] / 1e6:.0f}",
        )
        for name, points in found.items()
        for point in points
    ]
    header = ("what grows", "to", "GB of tar", "wall s", "CPU s", "peak MB")
    lines = [*table(header, rows, right=(1, 2, 3, 4, 5)), "", f"Measured on: {machine['processor']}."]
    return "\n".join(lines) + "\n"


def draw(found: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Return the curves as SVG: a column for each, time above memory."""
    above, below = [], []
    for name, points in found.items():
        walls = [(point["value"], point["wall"]) for point in points]
        peaks = [(point["value"], point["peak"] / 1e6) for point in points]
        above.append(Panel(f"{name}: seconds", [Line("wall", walls, "a")], _short, lambda value: f"{value:.2g}"))
        below.append(Panel(f"{name}: peak MB", [Line("peak", peaks, "b")], _short, lambda value: f"{value:.2g}"))
    note = "Plain docker archives, warm. Both axes are logarithmic; what does not grow is 20,000 entries in 4 layers."
    return panels("What grows with the image", note, [above, below])


def _short(value: float) -> str:
    for size, letter in ((_GB, "G"), (1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the curves, print a table, and write it down with a chart."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description="How time and memory grow.")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the images: 0.01 is a hundredth (default 1)")
    parser.add_argument("--repetitions", type=int, default=3, help="runs after the warm-up (default 3)")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="for images (default build/benchmarks)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="for results (default benchmarks/results)")
    parser.add_argument("--write-readme", action="store_true", help="put the table into benchmarks/README.md")
    options = parser.parse_args(arguments)
    options.directory.mkdir(parents=True, exist_ok=True)
    options.output.mkdir(parents=True, exist_ok=True)
    found = {
        curve.name: measure_curve(
            curve,
            Analyzer(),
            options.directory,
            repetitions=options.repetitions,
            note=lambda text: print(f"  {text}", file=sys.stderr, flush=True),
        )
        for curve in curves(options.scale)
    }
    machine = describe()
    text = render(found, machine)
    print(text, end="")
    record: dict[str, Any] = {"scale": options.scale, "machine": machine, "curves": found}
    (options.output / "growth.json").write_text(json.dumps(record, indent=1) + "\n")
    (options.output / "growth.svg").write_text(draw(found))
    if options.write_readme:
        write_between(Path(__file__).with_name("README.md"), text, _BEGIN, _END)
    return 0


if __name__ == "__main__":
    sys.exit(main())
