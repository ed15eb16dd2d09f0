"""What changed since the run before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.html.elements import left_out, rule_name, severity_badge, verdict_badge
from ocianalyze.fleet.report.wording import MOVEMENTS, number, run_text
from ocianalyze.reports.formats.html.markup import Markup, code, element, folded, join, listed, section, table
from ocianalyze.reports.formats.html.pictures import bar
from ocianalyze.reports.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.fleet.report.document import FindingChange, FleetChanges, FleetReport, ImageChange, Movement
    from ocianalyze.reports.formats.html.markup import Section

_MOST: Final = 200
_ALIKE: Final = 10
_ROOM: Final = 30_000
_LONGEST: Final = 160
_CLASSES: Final[dict[Movement, str]] = {
    "worse": "v-fail",
    "not-analysed": "v-fail",
    "better": "v-pass",
    "analysed": "v-pass",
}


def changes(report: FleetReport) -> Section | None:
    """Return the section of changes, if there is an earlier run."""
    changed = report.changes
    if changed is None:
        return None
    since = f"Compared with {run_text(changed.since)}."
    return section("changes", "Changes", element("p", since, class_="muted"), *_parts(changed))


def _parts(changed: FleetChanges) -> Iterator[Markup]:
    moved = {movement: count for movement, count in changed.movements.items() if count}
    most = max(moved.values(), default=0)
    rows = []
    for movement, count in moved.items():
        word = "same verdict" if movement == "same" else MOVEMENTS[movement]
        label = element("span", word, class_=f"badge {_CLASSES.get(movement, '')}".strip())
        rows.append((label, f"{count:,}", bar(number(count, "image"), count / most if most else 0)))
    if rows:
        yield table("What became of the images", ("What", "Images", "Picture"), rows, right=(1,))
    if changed.rules:
        found = [(rule_name(one.rule, one.name), f"{one.new:,}", f"{one.fixed:,}") for one in changed.rules]
        head = ("Rule", "New in images", "Fixed in images")
        yield listed("Findings that are new or fixed", head, found, budget=_ROOM, what="rules are", right=(1, 2))
    if changed.images:
        columns = ("Image", "Change", "New findings", "Fixed findings")
        yield table("Images that changed", columns, map(_row, changed.images[:_MOST]))
        yield left_out(len(changed.images) - _MOST if len(changed.images) > _MOST else 0, "images are")


def _row(change: ImageChange) -> tuple[Markup, ...]:
    word = element("span", MOVEMENTS[change.movement], class_=f"badge {_CLASSES.get(change.movement, '')}".strip())
    states = dict.fromkeys(state for state in (change.old, change.new) if state is not None)
    badges = [join((" → " if n else None, verdict_badge(state))) for n, state in enumerate(states)]
    moved = element("div", *badges, class_="moved")
    return (
        code(cut(change.label, _LONGEST)),
        join((word, moved)),
        _list(change.new_findings),
        _list(change.fixed_findings),
    )


def _list(found: Sequence[FindingChange]) -> Markup:
    if not found:
        return Markup()
    items = [
        element("li", severity_badge(one.severity, one.kind), " ", code(one.rule), " ", one.message)
        for one in found[:_ALIKE]
    ]
    if len(found) > _ALIKE:
        items.append(element("li", f"and {len(found) - _ALIKE:,} more"))
    return folded(number(len(found), "finding"), element("ul", *items))
