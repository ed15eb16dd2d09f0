"""The top of the page: how many images work, and for which kind of app; and its end: which run it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.html.elements import legend, stacked
from ocianalyze.fleet.report.wording import number, remarks, run_text, title_of
from ocianalyze.reports.formats.html.markup import Markup, code, element, join, listed, section, terms
from ocianalyze.reports.formats.html.verdict import card, icon
from ocianalyze.reports.text import to_json
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.fleet.report.document import FleetReport
    from ocianalyze.reports.formats.html.markup import Section
    from ocianalyze.reports.report import Severity

_ROOM: Final = 30_000
_SOURCES: Final = 20
_COUNTED: Final[tuple[Severity, ...]] = ("error", "warning")


def header(report: FleetReport) -> Markup:
    """Return how many images there are with each verdict, and the numbers that matter most."""
    total, passed = len(report.images), report.verdicts["pass"]
    worst = next((state for state in ("fail", "undecided", "error") if report.verdicts[state]), None)
    state = worst or ("undecided" if report.verdicts["pending"] or not total else "pass")
    sentence = f"{passed:,} of {number(total, 'image')} {'passes' if passed == 1 else 'pass'}"
    return element(
        "header",
        element("p", "ocianalyze fleet report", class_="brand"),
        element("h1", title_of(report)),
        element(
            "div",
            icon(state),
            element(
                "div",
                element("p", sentence, class_="verdict"),
                element("p", f"From {run_text(report.run)}.", class_="why"),
                *(element("p", remark, class_="why") for remark in remarks(report)),
                stacked(report.verdicts, 14),
                legend(report.verdicts),
                class_="wide",
            ),
            class_="banner",
        ),
        element("ul", *_numbers(report), class_="cards"),
        class_=f"top {state}",
    )


def _numbers(report: FleetReport) -> Iterator[Markup]:
    """Yield the run in numbers."""
    sizes = report.sizes
    for severity in _COUNTED:
        count = report.findings.number_of_causes[severity]
        yield card(f"{count:,}", f"{severity}{'' if count == 1 else 's'} to fix", state=severity if count else "none")
    yield card(human(sizes.stored.together), f"in {number(sizes.layers, 'layer')} as stored")
    yield card(human(sizes.stored.apart - sizes.stored.together), "saved by sharing layers")
    yield card(f"{len(report.bases):,}", "base" if len(report.bases) == 1 else "bases")
    drivers = sum(len(row.images) for row in report.drivers.rows)
    if drivers:
        yield card(f"{drivers:,}", f"{'needs' if drivers == 1 else 'need'} an NVIDIA driver")


def profiles(report: FleetReport) -> Section | None:
    """Return what came of the images for each kind of app."""
    if not report.profiles:
        return None
    rows = [
        (
            join((one.title or one.profile, " ", code(one.profile), stacked(one.verdicts, 8))),
            *(f"{one.verdicts.get(state, 0):,}" for state in ("pass", "fail", "undecided", "error")),
            f"{sum(one.decides.values()):,}",
            f"{one.decides.get('pass', 0):,}",
        )
        for one in report.profiles
    ]
    head = ("Kind of app", "Pass", "Fail", "Undecided", "Not analysed", "Decides for", "Of these pass")
    about = "Every image is judged for every kind of app. What an image is meant for decides its verdict."
    caption = "Number of images by verdict for each kind of app"
    shown = listed(caption, head, rows, budget=_ROOM, what="kinds are", right=range(1, 7))
    return section("profiles", "Kinds of apps", element("p", about, class_="muted"), shown)


def footer(report: FleetReport) -> Markup:
    """Return which run it was, what it cost, and what made the page."""
    run = report.run
    sources = [join((code(source), " ")) for source in run.sources[:_SOURCES]]
    more = f"and {len(run.sources) - _SOURCES:,} more" if len(run.sources) > _SOURCES else None
    rows = (
        ("Run", f"{run.id}"),
        ("Started", run.started),
        ("Finished", run.finished or "not finished"),
        ("Took", f"{run.seconds:,.1f} s, {human(run.bytes_read)} of layers read"),
        ("Sources", join((*sources, more))),
        ("Options", code(to_json(run.request).decode()) if run.request else None),
        ("Scanned by", f"ocianalyze {run.version}"),
        ("Made by", f"{report.tool.name} {report.tool.version}"),
    )
    return element("footer", element("h2", "About this report", id="about-title"), terms(rows), id="about")
