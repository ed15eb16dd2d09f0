"""The table of images, those first that fail; the script of the page adds a search to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.html.elements import left_out, named, small, verdict_badge
from ocianalyze.fleet.report.wording import label, number, order
from ocianalyze.reports.formats.html.markup import Markup, code, element, join, section, table
from ocianalyze.reports.formats.html.pictures import bar
from ocianalyze.reports.text import cut
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.fleet.report.document import FleetReport, ImageFacts
    from ocianalyze.reports.formats.html.markup import Section

_MOST: Final = 2_000
_RULES: Final = 8
_USERS: Final = 3
_LONGEST: Final = 160
_HEAD: Final = ("Image", "Verdict", "Errors", "Warnings", "Undecided", "Size", "Driver", "Used by")


def images(report: FleetReport) -> Section:
    """Return the table of images."""
    if not report.images:
        return section("images", "Images", element("p", "There are no images.", class_="muted"))
    places = order(report.images)
    largest = max((image.size or 0 for image in report.images), default=0)
    rows = (_row(report.images[place], report, largest) for place in places[:_MOST])
    caption = "Images, those first that fail with most errors"
    shown = table(caption, _HEAD, rows, right=(2, 3, 4))
    return section("images", "Images", shown, left_out(max(0, len(places) - _MOST), "images are"))


def _row(image: ImageFacts, report: FleetReport, largest: int) -> tuple[Markup | str, ...]:
    counts = (image.errors, image.warnings, image.undecided)
    judged = image.verdict not in (None, "error")
    return (
        join((code(cut(label(image), _LONGEST)), *_about(image, report))),
        join((verdict_badge(image.verdict), *_judged(image))),
        *(f"{count or 0:,}" if judged else "" for count in counts),
        _size(image, largest),
        image.minimum_driver or "",
        _users(image.users),
    )


def _about(image: ImageFacts, report: FleetReport) -> Iterator[Markup]:
    """Yield what else an image is called, what it is built on, and why it was not analysed."""
    if image.title:
        yield small(code(cut(image.reference, _LONGEST)))
    if image.app_image_config:
        yield small("AppImageConfig ", code(cut(image.app_image_config, _LONGEST)))
    if image.base is not None and image.base.image is not None:
        yield small("built on ", named(image.base.image, report))
    elif image.base is not None and image.base.stated:
        yield small("built on ", code(cut(image.base.stated, _LONGEST)), ", as it states")
    if image.built_on_it:
        yield small(f"base of {number(image.built_on_it, 'image')}")
    if image.error is not None:
        yield small(image.error.message)


def _judged(image: ImageFacts) -> Iterator[Markup]:
    """Yield what an image was judged for, and which rules keep it from passing."""
    if profiles := ", ".join(image.profiles) or image.registered_for:
        yield small(profiles)
    for word, found in (("", image.error_rules), ("undecided: ", image.undecided_rules)):
        if found:
            more = f" and {len(found) - _RULES:,} more" if len(found) > _RULES else ""
            yield small(f"{word}{', '.join(found[:_RULES])}{more}")


def _size(image: ImageFacts, largest: int) -> Markup | str:
    if image.size is None:
        return ""
    return join((human(image.size), bar(human(image.size), image.size / largest if largest else 0)))


def _users(users: Sequence[str]) -> Markup | str:
    shown = [element("div", cut(user, _LONGEST)) for user in users[:_USERS]]
    more = element("div", f"and {len(users) - _USERS:,} more") if len(users) > _USERS else None
    return join((*shown, more)) if shown else ""
