"""What came of a fleet, as a person reads it on a terminal: what to fix is near the end, and the verdicts are last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.table.bars import Bars
from ocianalyze.fleet.report.table.events import changes, failures
from ocianalyze.fleet.report.table.fixes import fixes
from ocianalyze.fleet.report.table.images import bases, images, without_base
from ocianalyze.fleet.report.table.sizes import drivers, layers, sizes
from ocianalyze.fleet.report.table.verdicts import about, profiles, verdicts
from ocianalyze.fleet.report.wording import remarks
from ocianalyze.reports.layout import EMPTY, Span, indent, line, wrap

if TYPE_CHECKING:
    from ocianalyze.fleet.report.document import FleetReport
    from ocianalyze.reports.screen import Screen

_SECTIONS: Final = (*(sizes, layers, drivers, bases, without_base, changes, failures, images, fixes, profiles),)


def print_table(report: FleetReport, screen: Screen) -> None:
    """Print what came of a fleet."""
    bars = Bars(unicode=screen.unicode)
    width = screen.width - 2
    screen.print_all(about(report, screen.width))
    for section in _SECTIONS:
        for title, lines in section(report, bars, width):
            screen.print(EMPTY, line(Span(title, "bold")))
            screen.print_all(indent(lines, 2))
    for remark in remarks(report):
        screen.print(EMPTY)
        screen.print_all(wrap(line(Span(remark, "dim")), screen.width))
    screen.print(EMPTY)
    screen.print_all(verdicts(report, bars, screen.width))
