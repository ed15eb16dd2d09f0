"""What to fix: by severity, what helps most images first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.wording import benefit, number, place_of
from ocianalyze.reports.findings import STYLES
from ocianalyze.reports.layout import EMPTY, Span, columns, indent, line, wrap
from ocianalyze.reports.steps import build_step
from ocianalyze.reports.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.fleet.report.document import Cause, FleetReport
    from ocianalyze.fleet.report.table.bars import Bars
    from ocianalyze.fleet.report.table.section import TableSection
    from ocianalyze.reports.layout import Line
    from ocianalyze.reports.report import Severity

_MOST: Final[dict[Severity, int]] = {"note": 3, "warning": 5, "error": 10}
"""How many are shown; errors come last, nearest to the verdicts."""
_NAMES: Final = 3


def fixes(report: FleetReport, bars: Bars, width: int) -> Iterator[TableSection]:
    """Yield what to fix, and for how many images that helps."""
    for severity, most in _MOST.items():
        found = [cause for cause in report.findings.causes if cause.severity == severity]
        if found:
            total = report.findings.number_of_causes[severity]
            title = f"{severity.capitalize()}s to fix ({total:,}), those of most images first"
            yield title, _lines(report, found[:most], total, bars, width)


def _lines(report: FleetReport, causes: list[Cause], total: int, bars: Bars, width: int) -> Iterator[Line]:
    for cause in causes:
        yield EMPTY
        yield from _cause(report, cause, bars, width)
    if total > len(causes):
        yield EMPTY
        yield line(f"and {total - len(causes):,} more: see the report as JSON (-f json)")


def _cause(report: FleetReport, cause: Cause, bars: Bars, width: int) -> Iterator[Line]:
    style = STYLES[cause.severity if cause.kind == "finding" else "undecided"]
    count = number(len(cause.images), "image")
    bar = bars.share(len(cause.images), len(report.images), style=style.removeprefix("bold "))
    then = f", {benefit(cause)}" if cause.would_pass else ""
    doubt = "  (not decided)" if cause.kind == "undecided" else ""
    yield (*bar, Span("  "), Span(count, "bold"), Span(then, "dim"))
    name = line(Span(printable(cause.rule), style), "  ", Span(printable(cause.name), "bold"), Span(doubt, "dim"))
    yield from indent((name,), 2)
    message, path = printable(cause.message), printable(cause.path or "")
    yield from indent(wrap(message, width - 4), 4)
    if path and path not in message:
        yield from indent(_details([("path", path)], width - 4), 4)
    if cause.layer and cause.layer.created_by:
        yield from indent(_details([("step", build_step(cause.layer.created_by))], width - 4, cut=True), 4)
    fix = [("fix" if cause.kind == "finding" else "next", printable(cause.hint))] if cause.hint else []
    yield from indent(_details([("from", place_of(cause, report.images, _NAMES)), *fix], width - 4), 4)


def _details(rows: list[tuple[str, str]], width: int, *, cut: bool = False) -> Iterator[Line]:
    return columns(((line(Span(f"{name:4}", "dim")), value) for name, value in rows), width, cut=cut)
