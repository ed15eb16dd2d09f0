"""Where the time of a scan went, as a person reads it: by phase, and by layer."""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING, Final

from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from ocianalyze.reports.steps import build_step
from ocianalyze.reports.table import trimmed
from ocianalyze.units import human

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from ocianalyze.reports.report import LayerTiming, Report, Timing

_SHOWN: Final = 50
"""Of more layers than this only those are shown that took the longest."""


def print_timing(report: Report, console: Console) -> None:
    """Print where the time went, and how each layer was read: in full, by its headers, or from what was known of it."""
    trimmed(_print, report, console)


def _print(report: Report, console: Console) -> None:
    console.print(Text("Where the time went", style="bold"))
    console.print(Padding(_phases(report.timing), (0, 0, 0, 2)))
    if report.timing.layers:
        console.print()
        console.print(Padding(_layers(report), (0, 0, 0, 2)))


def _phases(timing: Timing) -> RenderableType:
    table = Table.grid(
        Column(no_wrap=True), *(Column(justify="right", no_wrap=True) for _ in range(2)), padding=(0, 2, 0, 0)
    )
    for name, seconds in (*timing.phases.items(), ("total", timing.seconds)):
        share = seconds / timing.seconds if timing.seconds else 0.0
        table.add_row(Text(name, style="dim"), f"{seconds:.2f} s", f"{share:.0%}")
    return table


def _layers(report: Report) -> RenderableType:
    table = Table(
        *(Column(title, justify="right", no_wrap=True) for title in ("layer", "read", "bytes read", "hashed")),
        *(Column(title, justify="right", no_wrap=True) for title in ("time", "speed", "entries/s")),
        Column("build step", no_wrap=True, overflow="ellipsis", ratio=1),
        box=None,
        expand=True,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="dim",
    )
    costs = report.timing.layers
    longest = nlargest(_SHOWN, costs, key=lambda cost: cost.seconds)
    for cost in sorted(longest, key=lambda cost: cost.position):
        step = report.layers[cost.position].created_by
        table.add_row(*_figures(cost), Text(build_step(step) if step else ""))
    if len(costs) > _SHOWN:
        table.add_row(*[""] * 7, f"and {len(costs) - _SHOWN} more that took less")
    return table


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
