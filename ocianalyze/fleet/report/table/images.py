"""The images that need somebody, and what images are built on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.table.section import listed
from ocianalyze.fleet.report.table.verdicts import STATE_STYLES
from ocianalyze.fleet.report.wording import STATES, label, number, order, those
from ocianalyze.reports.layout import Span, line, wrap
from ocianalyze.reports.text import cut, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.fleet.report.document import FleetReport, ImageFacts
    from ocianalyze.fleet.report.table.bars import Bars
    from ocianalyze.fleet.report.table.section import TableSection
    from ocianalyze.reports.layout import Cell

_MOST: Final = 15
_BASES: Final = 8
_NAMES: Final = 6
_LONGEST: Final = 200


def images(report: FleetReport, _: Bars, width: int) -> Iterator[TableSection]:
    """Yield the images that do not pass, those with most errors first."""
    places = [place for place in order(report.images) if report.images[place].verdict in ("fail", "undecided")]
    if not places:
        return
    head = tuple(line(Span(title, "dim")) for title in ("", "errors", "warnings", "undecided", "users", "image"))
    rows = [_row(report.images[place]) for place in places[:_MOST]]
    yield "Images that do not pass", listed([head, *rows], len(places), width, right=(1, 2, 3, 4))


def _row(image: ImageFacts) -> Sequence[Cell]:
    state = image.verdict or "pending"
    counts = (f"{count or 0:,}" for count in (image.errors, image.warnings, image.undecided, len(image.users)))
    return line(Span(STATES[state], STATE_STYLES[state])), *counts, label(image)


def bases(report: FleetReport, bars: Bars, width: int) -> Iterator[TableSection]:
    """Yield what most images are built on."""
    if not report.bases:
        return
    rows: list[Sequence[Cell]] = [tuple(line(Span(title, "dim")) for title in ("images", "", "direct", "", "base"))]
    for use in report.bases[:_BASES]:
        verdict: Cell = line(Span("not in this run", "dim"))
        name = printable(cut(use.name or "", _LONGEST))
        if use.image is not None:
            image = report.images[use.image]
            state = image.verdict or "pending"
            verdict, name = line(Span(STATES[state], STATE_STYLES[state])), label(image)
        bar = bars.share(use.in_all, len(report.images))
        rows.append((f"{use.in_all:,}", bar, f"{use.direct:,}", verdict, name))
    yield "What images are built on", listed(rows, len(report.bases), width, right=(0, 2))


def without_base(report: FleetReport, _: Bars, width: int) -> Iterator[TableSection]:
    """Yield the images whose base is not known."""
    if report.without_base:
        bases_of_others = sum(report.images[place].built_on_it > 0 for place in report.without_base)
        others = f", {bases_of_others:,} of them the base of others" if bases_of_others else ""
        title = f"Base not known: {number(len(report.without_base), 'image')}{others}"
        yield title, wrap(those(report.without_base, report.images, _NAMES), width)
