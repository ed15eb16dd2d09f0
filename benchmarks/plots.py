"""Draws the charts of a run: `python -m benchmarks.plots` again from what was written down."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.plans import CACHED, COLD, WARM
from benchmarks.svg import Bar, bars

RESULTS: Final = Path(__file__).resolve().parent / "results"
_COLOURS: Final = {"ours": "a", "limit": "d", "peer": "c"}
_OURS: Final = (COLD, WARM, CACHED)
_NOTE: Final = "Blue is ocianalyze, green the limit, grey are other tools; each image has a scale of its own."


def draw(shapes: Sequence[Mapping[str, Any]], directory: Path, name: str) -> list[Path]:
    """Write a chart of the times and one of the memory, and return where; `shapes` are as a run's record has them."""
    directory.mkdir(parents=True, exist_ok=True)
    charts = {
        "time": bars("Wall clock", _NOTE, list(_groups(shapes, "wall"))),
        "memory": bars("Peak memory", _NOTE, list(_groups(shapes, "peak"))),
    }
    paths = []
    for kind, text in charts.items():
        paths.append(directory / f"{name}-{kind}.svg")
        paths[-1].write_text(text)
    return paths


def _groups(shapes: Sequence[Mapping[str, Any]], quantity: str) -> Iterator[tuple[str, list[Bar]]]:
    for shape in shapes:
        rows = [row for row in shape["rows"] if _is_shown(row)]
        yield shape["name"], [_bar(row, quantity) for row in sorted(rows, key=lambda row: float(row[quantity]))]


def _bar(row: Mapping[str, Any], quantity: str) -> Bar:
    value = row[quantity]
    text = f"{value:.2f} s" if quantity == "wall" else f"{value / 1e6:.0f} MB"
    return Bar(row["name"], value, f"> {text}" if row["stopped"] else text, _COLOURS[row["kind"]])


def _is_shown(row: Mapping[str, Any]) -> bool:
    failed = (row["stopped"] or "").startswith("exit code")
    return row["kind"] in _COLOURS and not failed and (row["kind"] != "ours" or row["name"] in _OURS)


def main() -> None:
    """Draw the charts of `results/NAME.json`, `latest` by default."""
    name = sys.argv[1] if len(sys.argv) > 1 else "latest"
    record = json.loads((RESULTS / f"{name}.json").read_bytes())
    for path in draw(record["shapes"], RESULTS, name):
        print(path)


if __name__ == "__main__":
    main()
