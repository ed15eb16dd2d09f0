"""What images are built on, and images of which that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.html.elements import named, names, small, verdict_badge
from ocianalyze.fleet.report.wording import number
from ocianalyze.reports.formats.html.markup import Markup, code, element, join, listed, section
from ocianalyze.reports.formats.html.pictures import bar
from ocianalyze.reports.text import cut

if TYPE_CHECKING:
    from ocianalyze.fleet.report.document import BaseUse, FleetReport
    from ocianalyze.reports.formats.html.markup import Section

_ROOM: Final = 60_000
_LONGEST: Final = 160


def bases(report: FleetReport) -> Section | None:
    """Return the bases, those first that most images are built on."""
    if not report.bases and not report.without_base:
        return None
    shown: list[Markup] = []
    if report.bases:
        rows = [_row(use, report) for use in report.bases]
        head = ("Base", "Its verdict", "Images built on it", "Directly")
        caption = "Bases, by the number of images that are built on them"
        shown.append(listed(caption, head, rows, budget=_ROOM, what="bases are", right=(3,)))
    if report.without_base:
        count = number(len(report.without_base), "image")
        roots = sum(report.images[place].built_on_it > 0 for place in report.without_base)
        others = f" Of these, {number(roots, 'is', several='are')} the base of others." if roots else ""
        about = (
            f"The base of {count} is not known: none is stated, and no image of this run has only the lowest layers."
        )
        shown += [element("p", f"{about}{others}", class_="muted")]
        shown += [names(report.without_base, report.images, "Images without a known base")]
    return section("bases", "Bases", *shown)


def _row(use: BaseUse, report: FleetReport) -> tuple[Markup | str, ...]:
    share = use.in_all / len(report.images)
    many = join((f"{use.in_all:,}", bar(f"{number(use.in_all, 'image')}, {share:.0%} of all", share)))
    if use.image is None:
        base = join((code(cut(use.name or "", _LONGEST)), small("not in this run; its images state it")))
        return base, "", many, f"{use.direct:,}"
    return named(use.image, report), verdict_badge(report.images[use.image].verdict), many, f"{use.direct:,}"
