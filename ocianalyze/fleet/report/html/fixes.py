"""What to fix: which layer causes findings in how many images, and which rules find most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.html.elements import left_out, names, rule_name, severity_badge, small
from ocianalyze.fleet.report.wording import benefit, number, place_of
from ocianalyze.reports.formats.html.markup import Markup, code, element, join, listed, section, table
from ocianalyze.reports.formats.html.pictures import bar
from ocianalyze.reports.steps import build_step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.fleet.report.document import Cause, FleetReport
    from ocianalyze.reports.formats.html.markup import Section
    from ocianalyze.reports.report import Severity

_MOST: Final[dict[Severity, int]] = {"error": 50, "warning": 30, "note": 15}
_TITLES: Final[dict[Severity, str]] = {"error": "Errors", "warning": "Warnings", "note": "Notes"}
_NAMES: Final = 3
_ROOM: Final = 60_000


def fixes(report: FleetReport) -> Section:
    """Return what to fix, by severity; what helps most images comes first."""
    about = (
        "One row is one fix: what one rule finds about one path of one layer. It is gone from all these images once "
        "they are built again on the fixed layer."
    )
    parts = list(_by_severity(report))
    if not parts:
        return section("fixes", "What to fix", element("p", "Nothing was found.", class_="muted"))
    return section("fixes", "What to fix", element("p", about, class_="muted"), *parts)


def _by_severity(report: FleetReport) -> Iterator[Markup]:
    head = ("Finding", "Images", "Where it comes from", "Fix")
    for severity, most in _MOST.items():
        found = [cause for cause in report.findings.causes if cause.severity == severity]
        if found:
            total = report.findings.number_of_causes[severity]
            yield element("h3", f"{_TITLES[severity]} ({total:,})", id=f"{severity}s")
            caption = f"{_TITLES[severity]}, by the number of images that one fix helps"
            yield table(caption, head, (_row(report, cause) for cause in found[:most]))
            yield left_out(total - len(found[:most]), "fixes are")


def _row(report: FleetReport, cause: Cause) -> tuple[Markup | str, ...]:
    path = small(code(cause.path)) if cause.path and cause.path not in cause.message else None
    what = join(
        (
            severity_badge(cause.severity, cause.kind),
            " ",
            rule_name(cause.rule, cause.name),
            element("div", cause.message),
            path,
        )
    )
    count = number(len(cause.images), "image")
    share = len(cause.images) / len(report.images)
    many = join(
        (
            element("strong", count),
            small(benefit(cause)) if cause.would_pass else None,
            bar(f"{count}, {share:.0%} of all", share),
            names(cause.images, report.images, "Names"),
        )
    )
    step = cause.layer.created_by if cause.layer is not None else None
    where = join((code(build_step(step)) if step else None, small(place_of(cause, report.images, _NAMES))))
    return what, many, where, cause.hint or ""


def rules(report: FleetReport) -> Section | None:
    """Return the rules that found something, those with the most images first."""
    if not report.findings.rules:
        return None
    rows = [
        (
            join((severity_badge(one.severity), " ", rule_name(one.rule, one.name))),
            join((f"{one.images:,}", bar(f"{one.images:,} images", one.images / len(report.images)))),
            f"{one.undecided:,}" if one.undecided else "",
            f"{one.findings:,}",
            f"{one.causes:,}",
        )
        for one in report.findings.rules
    ]
    head = ("Rule", "Images", "Undecided in", "Findings", "Fixes")
    caption = "Rules that found something, by the number of images"
    shown = listed(caption, head, rows, budget=_ROOM, what="rules are", right=range(2, 5))
    return section("rules", "Rules", shown)
