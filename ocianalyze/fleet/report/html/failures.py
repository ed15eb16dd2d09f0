"""Images that could not be analysed, by reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.html.elements import named
from ocianalyze.reports.formats.html.markup import code, element, folded, join, listed, section

if TYPE_CHECKING:
    from ocianalyze.fleet.report.document import Failures, FleetReport
    from ocianalyze.reports.formats.html.markup import Markup, Section

_MOST: Final = 20
_ROOM: Final = 100_000


def failures(report: FleetReport) -> Section | None:
    """Return why images could not be analysed, if there are any."""
    if not report.failures:
        return None
    rows = [
        (join((code(one.code), " ", one.reason)), f"{len(one.images):,}", one.hint or "", _images(one, report))
        for one in report.failures
    ]
    head = ("Reason", "Images", "What to do", "Which")
    caption = "Why images could not be analysed"
    shown = listed(caption, head, rows, budget=_ROOM, what="reasons are", right=(1,))
    return section("failures", "Not analysed", shown)


def _images(found: Failures, report: FleetReport) -> Markup:
    items = [element("li", named(one.image, report), f": {one.message}") for one in found.images[:_MOST]]
    if len(found.images) > _MOST:
        items.append(element("li", f"and {len(found.images) - _MOST:,} more"))
    return folded("Names and messages", element("ul", *items))
