"""What several parts of the page are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.wording import STATES, label
from ocianalyze.reports.formats.html.markup import Markup, code, element, folded, join
from ocianalyze.reports.text import cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.fleet.report.document import FleetReport, ImageFacts, Kind, State
    from ocianalyze.reports.report import Severity

_COLOURS: Final[dict[State, str]] = {
    "fail": "#cf222e",
    "undecided": "#8250df",
    "error": "#bf8700",
    "pending": "#8b949e",
    "pass": "#2da44e",
}
_NAMES: Final = 10
_LONGEST: Final = 160


def verdict_badge(state: State | None) -> Markup:
    """Return a verdict as a word on its colour."""
    state = state or "pending"
    return element("span", STATES[state], class_=f"badge v-{state}")


def severity_badge(severity: Severity, kind: Kind = "finding") -> Markup:
    """Return a severity as a word on its colour."""
    if kind == "finding":
        return element("span", severity, class_=f"badge {severity}")
    return element("span", f"undecided {severity}", class_="badge undecided")


def stacked(verdicts: Mapping[State, int], height: int = 10) -> Markup:
    """Return how many images have each verdict as one bar."""
    total = sum(verdicts.values())
    shown = [(state, word, verdicts[state]) for state, word in STATES.items() if verdicts.get(state)]
    said = ", ".join(f"{count:,} {word}" for _, word, count in shown) or "no images"
    parts = []
    start = 0.0
    for state, _, count in shown:
        share = count / total
        box = {"x": f"{start:.2%}", "width": f"{share:.2%}"}
        parts.append(element("rect", **box, height=height, fill=_COLOURS[state], class_=f"s-{state}"))
        start += share
    title = element("title", said)
    return element("svg", title, *parts, width="100%", height=height, role="img", aria_label=said, class_="meter")


def legend(verdicts: Mapping[State, int]) -> Markup:
    """Return what the colours of a stacked bar mean, with the numbers."""
    items = []
    for state, word in STATES.items():
        if verdicts.get(state):
            sample = element("rect", width=12, height=12, rx=3, fill=_COLOURS[state], class_=f"s-{state}")
            picture = element("svg", sample, width=12, height=12, aria_hidden="true")
            items.append(element("li", picture, f" {verdicts[state]:,} {word}"))
    return element("ul", *items, class_="legend") if items else Markup()


def names(places: Sequence[int], images: Sequence[ImageFacts], what: str) -> Markup:
    """Return the names of images, folded if they are several."""
    shown = [element("li", code(cut(label(images[place]), _LONGEST))) for place in places[:_NAMES]]
    if len(places) > _NAMES:
        shown.append(element("li", f"and {len(places) - _NAMES:,} more"))
    return folded(what, element("ul", *shown))


def named(place: int, report: FleetReport) -> Markup:
    """Return the name of an image."""
    return code(cut(label(report.images[place]), _LONGEST))


def small(*content: str | None) -> Markup:
    """Return a line that is less important."""
    return element("div", *content, class_="muted small")


def rule_name(rule: str, name: str) -> Markup:
    """Return a rule."""
    return join((code(rule), " ", element("span", name, class_="name")))


def left_out(count: int, what: str) -> Markup:
    """Return what is said of rows that are left out; nothing if there are none."""
    if not count:
        return Markup()
    text = f"{count:,} more {what} left out here; the JSON report and the results file have more."
    return element("p", text, class_="muted")
