"""Where the time of a scan went, as a person reads it: by phase, and by layer."""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING, Final

from ocianalyze.reports.layout import EMPTY, Span, columns, indent, line
from ocianalyze.reports.steps import build_step
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.reports.layout import Cell
    from ocianalyze.reports.report import LayerTiming, Report, Timing
    from ocianalyze.reports.screen import Screen

_SHOWN: Final = 50
"""Of more layers than this only those are shown that took the longest."""
_TITLES: Final = ("layer", "read", "bytes read", "hashed", "time", "speed", "entries/s", "build step")


def print_timing(report: Report, screen: Screen) -> None:
    """Print where the time went, and how each layer was read: in full, by its headers, or from what was known of it."""
    room = screen.width - 2
    screen.print(line(Span("Where the time went", "bold")))
    screen.print_all(indent(columns(_phases(report.timing), room, right={1, 2}), 2))
    if report.timing.layers:
        screen.print(EMPTY)
        figures = frozenset(range(len(_TITLES) - 1))
        screen.print_all(indent(columns(_layers(report), room, right=figures, gap=1, cut=True), 2))


def _phases(timing: Timing) -> Iterator[tuple[Cell, ...]]:
    for name, seconds in (*timing.phases.items(), ("total", timing.seconds)):
        share = seconds / timing.seconds if timing.seconds else 0.0
        yield line(Span(name, "dim")), f"{seconds:.2f} s", f"{share:.0%}", ""


def _layers(report: Report) -> Iterator[tuple[Cell, ...]]:
    yield tuple(line(Span(title, "dim")) for title in _TITLES)
    costs = report.timing.layers
    longest = nlargest(_SHOWN, costs, key=lambda cost: cost.seconds)
    for cost in sorted(longest, key=lambda cost: cost.position):
        step = report.layers[cost.position].created_by
        yield *_figures(cost), build_step(step) if step else ""
    if len(costs) > _SHOWN:
        yield *[""] * 7, f"and {len(costs) - _SHOWN} more that took less"


def _figures(cost: LayerTiming) -> tuple[str, ...]:
    is_read = cost.read != "cache"  # else the size by the time would be a speed at which nothing went
    return (
        str(cost.position),
        cost.read,
        human(cost.bytes_read),
        human(cost.bytes_hashed),
        f"{cost.seconds:.3f} s",
        f"{human(cost.bytes_per_second)}/s" if is_read and cost.bytes_per_second is not None else "",
        f"{cost.entries / cost.seconds:,.0f}" if is_read and cost.seconds else "",
    )
