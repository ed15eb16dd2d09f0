"""Which run it is, and what came of its images: in all, and for each kind of app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.wording import STATES, number, run_text, title_of
from ocianalyze.reports.findings import STYLES
from ocianalyze.reports.layout import Span, columns, indent, line
from ocianalyze.reports.text import printable
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.fleet.report.document import FleetReport, State
    from ocianalyze.fleet.report.table.bars import Bars
    from ocianalyze.fleet.report.table.section import TableSection
    from ocianalyze.reports.layout import Cell, Line

STATE_STYLES: Final[dict[State, str]] = {
    "fail": STYLES["fail"],
    "undecided": STYLES["undecided"],
    "error": STYLES["error"],
    "pending": "dim",
    "pass": STYLES["pass"],
}


def about(report: FleetReport, width: int) -> Iterator[Line]:
    """Yield which run it is, and what it cost."""
    run = report.run
    yield line(Span(title_of(report), "bold"))
    read = (
        f"{run.seconds:,.0f} s, {human(run.bytes_read)} of layers read" if run.bytes_read else f"{run.seconds:,.0f} s"
    )
    rows: list[Sequence[Cell]] = [
        (line(Span("run", "dim")), f"{run_text(run)}, by ocianalyze {printable(run.version)}"),
        (line(Span("images", "dim")), f"{len(report.images):,}, {number(report.sizes.layers, 'distinct layer')}"),
        (line(Span("time", "dim")), read),
    ]
    yield from indent(columns(rows, width - 2), 2)


def profiles(report: FleetReport, bars: Bars, width: int) -> Iterator[TableSection]:
    """Yield what came of the images for each kind of app."""
    if not report.profiles:
        return
    rows: list[Sequence[Cell]] = [
        tuple(line(Span(title, "dim")) for title in ("", "pass", "fail", "undecided", "decides", "profile"))
    ]
    for one in report.profiles:
        judged = sum(one.verdicts.values())
        decided = sum(one.decides.values())
        cells = [f"{one.verdicts.get(state, 0):,}" for state in ("pass", "fail", "undecided")]
        passed = bars.share(one.verdicts.get("pass", 0), judged, style="green")
        rows.append((passed, *cells, f"{decided:,}" if decided else "", printable(one.profile)))
    yield "For each kind of app: all images, and how many verdicts it decides", columns(rows, width, right=range(1, 5))


def verdicts(report: FleetReport, bars: Bars, width: int) -> Iterator[Line]:
    """Yield how many images there are with each verdict."""
    total = len(report.images)
    yield line(f"{number(total, 'image')}{':' if total else ''}")
    shown = [state for state in STATES if report.verdicts[state]]
    rows: list[Sequence[Cell]] = [
        (
            line(Span(f" {STATES[state]} ", f"{STATE_STYLES[state]} reverse")),
            f"{report.verdicts[state]:,}",
            bars.share(report.verdicts[state], total, 30, STATE_STYLES[state]),
            f"{report.verdicts[state] / total:.0%}",
        )
        for state in shown
    ]
    yield from columns(rows, width, right=(1,))
