"""Charts as SVG, readable on light and on dark pages: bars, and lines on logarithmic axes."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

_STYLE: Final = """<style>
.page { fill: #ffffff } text { font: 12px system-ui, sans-serif; fill: #1f2328 } .faint { fill: #59636e }
.title { font-size: 15px; font-weight: 600 } .group { font-weight: 600 } .grid { stroke: #d1d9e0; stroke-width: 1 }
.a { fill: #0969da; stroke: #0969da } .b { fill: #9a6700; stroke: #9a6700 } .c { fill: #8c959f; stroke: #8c959f }
.d { fill: #1a7f37; stroke: #1a7f37 } polyline { fill: none !important; stroke-width: 2 }
rect { stroke: none !important }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117 } text { fill: #f0f6fc } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
.a { fill: #4493f8; stroke: #4493f8 } .b { fill: #d29922; stroke: #d29922 } .c { fill: #656c76; stroke: #656c76 }
.d { fill: #3fb950; stroke: #3fb950 } }
</style>"""
_WIDTH: Final = 860
_LABELS: Final = 210
_ROW: Final = 17
_BAR: Final = 11
_VALUES: Final = 80


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its label, its length, what stands at its end, and the colour: `a` to `d`."""

    label: str
    value: float
    text: str
    colour: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its name, its points, and the colour."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart of lines beside others: what its axes are, and how their values are written."""

    title: str
    lines: Sequence[Line]
    write_x: Callable[[float], str]
    write_y: Callable[[float], str]


def bars(title: str, note: str, groups: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Return a chart of groups of bars, the longest of each group over the whole width."""
    room = _WIDTH - _LABELS - _VALUES
    height = 66 + sum(_ROW * (len(group) + 1) + 10 for _, group in groups)

    def body() -> Iterator[str]:
        yield _text(16, 24, title, "title")
        yield _text(16, 42, note, "faint")
        y = 50
        for name, group in groups:
            y += _ROW
            yield _text(16, y, name, "group")
            most = max((bar.value for bar in group), default=1)
            for bar in group:
                length = max(room * bar.value / most, 1)
                y += _ROW
                yield _text(_LABELS - 8, y, bar.label, "", anchor="end")
                place = f'x="{_LABELS}" y="{y - _BAR + 1}" width="{length:.1f}" height="{_BAR}"'
                yield f'<rect class="{bar.colour}" {place} rx="2"/>'
                yield _text(_LABELS + length + 6, y, bar.text, "faint")
            y += 10

    return _page(height, title, body())


def panels(title: str, note: str, rows: Sequence[Sequence[Panel]]) -> str:
    """Return charts of lines in rows, both axes logarithmic."""
    each = 210
    height = 56 + each * len(rows)

    def body() -> Iterator[str]:
        yield _text(16, 24, title, "title")
        yield _text(16, 42, note, "faint")
        for number, row in enumerate(rows):
            width = _WIDTH / len(row)
            for column, panel in enumerate(row):
                yield from _panel(panel, column * width + 62, 88 + number * each, width - 90, each - 74)

    return _page(height, title, body())


def _panel(panel: Panel, left: float, top: float, width: float, height: float) -> Iterator[str]:
    xs = [x for line in panel.lines for x, _ in line.points]
    ys = [y for line in panel.lines for _, y in line.points]
    (x_low, x_high), (y_low, y_high) = (min(xs), max(xs)), _decades(ys)
    yield _text(left, top - 12, panel.title, "group")
    for exponent in range(round(math.log10(y_low)), round(math.log10(y_high)) + 1):
        y = top + height * (1 - _part(10**exponent, y_low, y_high))
        yield f'<line class="grid" x1="{left:.1f}" x2="{left + width:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _text(left - 6, y + 4, panel.write_y(10**exponent), "faint", anchor="end")
    for x in sorted(set(xs)):
        at = left + width * _part(x, x_low, x_high)
        yield _text(at, top + height + 18, panel.write_x(x), "faint", anchor="middle")
    for line in panel.lines:
        places = [
            (left + width * _part(x, x_low, x_high), top + height * (1 - _part(y, y_low, y_high)))
            for x, y in line.points
        ]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline class="{line.colour}" points="{joined}"/>'
        for (x, y), (_, value) in zip(places, line.points, strict=True):
            yield f'<circle class="{line.colour}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
            yield _text(x, y - 8, panel.write_y(value), "", anchor="middle")


def _page(height: float, title: str, body: Iterator[str]) -> str:
    size = f'width="{_WIDTH}" height="{height:.0f}" viewBox="0 0 {_WIDTH} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>{escape(title)}</title>'
    return "\n".join((head, _STYLE, '<rect class="page" width="100%" height="100%"/>', *body, "</svg>")) + "\n"


def _text(x: float, y: float, text: str, style: str, *, anchor: str = "start") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _decades(values: Sequence[float]) -> tuple[float, float]:
    """Return powers of ten around the values, different ones."""
    low = math.floor(math.log10(min(values)))
    high = max(math.ceil(math.log10(max(values))), low + 1)
    return 10.0**low, 10.0**high


def _part(value: float, low: float, high: float) -> float:
    return (math.log(value) - math.log(low)) / (math.log(high) - math.log(low)) if high > low else 0.5
