"""What changed since the run before, and which images could not be analysed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.table.section import listed
from ocianalyze.fleet.report.wording import MOVEMENTS, STATES, label, number, run_text
from ocianalyze.reports.layout import Span, columns, line
from ocianalyze.reports.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.fleet.report.document import Failures, FleetChanges, FleetReport, ImageChange
    from ocianalyze.fleet.report.table.bars import Bars
    from ocianalyze.fleet.report.table.section import TableSection
    from ocianalyze.reports.layout import Cell, Line

_MOST: Final = 15
_RULES: Final = 8
_NAMES: Final = 3
_STYLES: Final = {"worse": "red", "not-analysed": "red", "better": "green", "analysed": "green"}


def changes(report: FleetReport, _: Bars, width: int) -> Iterator[TableSection]:
    """Yield what changed."""
    changed = report.changes
    if changed is None:
        return
    title = f"Changes since {run_text(changed.since)}"
    moved = [f"{count:,} {MOVEMENTS[one]}" for one, count in changed.movements.items() if count and one != "same"]
    same = f"{changed.movements['same']:,} with the same verdict"
    yield title, [line(", ".join([*moved, same]))]
    if changed.images:
        rows: list[Sequence[Cell]] = [_head("", "", "new", "fixed", "image")]
        rows += map(_change, changed.images[:_MOST])
        yield "Images that changed", listed(rows, len(changed.images), width, right=(2, 3))
    if changed.rules:
        yield "Findings that are new or fixed", _rules(changed, width)


def _change(change: ImageChange) -> Sequence[Cell]:
    states = dict.fromkeys(state for state in (change.old, change.new) if state is not None)
    verdicts = " -> ".join(STATES[state] for state in states)
    movement = Span(MOVEMENTS[change.movement], _STYLES.get(change.movement, ""))
    counts = (f"{len(found):,}" if found else "" for found in (change.new_findings, change.fixed_findings))
    return line(movement), verdicts, *counts, printable(change.label)


def _rules(changed: FleetChanges, width: int) -> Iterator[Line]:
    rows: list[Sequence[Cell]] = [_head("new in", "fixed in", "rule")]
    rows += (
        (number(one.new, "image"), number(one.fixed, "image"), f"{printable(one.rule)}  {printable(one.name)}")
        for one in changed.rules[:_RULES]
    )
    return listed(rows, len(changed.rules), width, right=(0, 1))


def failures(report: FleetReport, _: Bars, width: int) -> Iterator[TableSection]:
    """Yield why images could not be analysed."""
    if report.failures:
        title = f"Not analysed: {number(report.verdicts['error'], 'image')}"
        yield title, columns((_failure(report, one) for one in report.failures[:_MOST]), width, right=(0,))


def _failure(report: FleetReport, found: Failures) -> Sequence[Cell]:
    names = ", ".join(label(report.images[one.image]) for one in found.images[:_NAMES])
    more = f" and {len(found.images) - _NAMES:,} more" if len(found.images) > _NAMES else ""
    hint = [line(Span("next  ", "dim"), printable(found.hint))] if found.hint else []
    return f"{len(found.images):,}", [line(printable(found.reason)), *hint, line(Span(names + more, "dim"))]


def _head(*titles: str) -> tuple[Cell, ...]:
    return tuple(line(Span(title, "dim")) for title in titles)
