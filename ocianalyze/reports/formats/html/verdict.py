"""The top of the page: what the image is, what the verdict is, for which kind of app, and why."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from ocianalyze.reports.formats.findings import counts, image_name, verdict_text
from ocianalyze.reports.formats.html.markup import Markup, element, join, listed, section
from ocianalyze.reports.formats.html.pictures import bar
from ocianalyze.reports.text import cut
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.reports.formats.html.markup import Section
    from ocianalyze.reports.report import FactsReport, Report

_WORDS: Final = {"pass": "pass", "fail": "fail", "undecided": "undecided", "error": "not judged"}
_ICONS: Final = {
    "pass": ("#1a7f37", "M10 16.5l4 4 8-9"),
    "fail": ("#cf222e", "M11 11l10 10M21 11L11 21"),
    "undecided": ("#8250df", "M12 12.5a4 4 0 1 1 5.2 3.8c-.9.4-1.2 1-1.2 2.2M16 22v.2"),
    "error": ("#cf222e", "M16 9v9M16 22v.2"),
}
_LONGEST: Final = 40
_ROOM: Final = 8_000
_NOTICES: Final = 10
_LARGE: Final = 0.9
"""Share of the size limit from which the bar warns."""


def name_of(report: Report) -> str:
    """Return what the page calls the image: a name that it has, or that of its file."""
    names = report.image.names
    return names[0] if names else image_name(report)


def header(report: Report) -> Markup:
    """Return the verdict, and the numbers that matter most."""
    return element(
        "header",
        element("p", "ocianalyze image report", class_="brand"),
        element("h1", name_of(report)),
        element(
            "div",
            icon(report.verdict),
            element(
                "div",
                element("p", _sentence(report), class_="verdict"),
                *(element("p", line, class_="why") for line in _reasons(report)),
            ),
            class_="banner",
        ),
        element("ul", *_numbers(report), class_="cards") if report.error is None else None,
        class_=f"top {report.verdict}",
    )


def profiles(report: Report) -> Section | None:
    """Return the verdicts of all kinds of apps."""
    if not report.profiles:
        return None
    chosen = sorted(report.profiles.items(), key=lambda item: not item[1].selected)
    rows = [
        (
            join((judged.title or id_, " ", element("code", id_))),
            element("span", _WORDS[judged.verdict], class_=f"badge v-{judged.verdict}"),
            "yes" if judged.selected else "no",
            *(f"{number:,}" for number in (judged.errors, judged.warnings, judged.notes, judged.undecided)),
        )
        for id_, judged in chosen
    ]
    head = ("Kind of app", "Verdict", "Decides", "Errors", "Warnings", "Notes", "Undecided")
    notices = [
        element("p", element("strong", judged.title or id_), ": ", judged.notice, class_="note")
        for id_, judged in chosen
        if judged.notice and judged.selected
    ]
    caption = "Verdict for each kind of app"
    shown = listed(caption, head, rows, budget=_ROOM, what="kinds are", right=range(3, 7))
    return section("profiles", "Profiles", shown, *notices[:_NOTICES])


def icon(verdict: str) -> Markup:
    """Return the picture of a verdict."""
    colour, path = _ICONS[verdict]
    return element(
        "svg",
        element("circle", cx=16, cy=16, r=16, fill=colour),
        element("path", d=path, fill="none", stroke="#fff", stroke_width=2.5, stroke_linecap="round"),
        width=40,
        height=40,
        viewBox="0 0 32 32",
        aria_hidden="true",
    )


def _sentence(report: Report) -> str:
    said = verdict_text(report)
    return said[0].upper() + said[1:]


def _reasons(report: Report) -> Iterator[str]:
    """Yield what is to be known of the verdict."""
    if report.error is not None:
        yield report.error.message
        if report.error.hint:
            yield f"Next: {report.error.hint}"
        return
    request = report.request
    titles = [report.profiles[id_].title or id_ for id_ in request.profiles if id_ in report.profiles]
    if titles:
        reason = request.profiles_reason
        why = "as requested" if reason == "requested" else f"because {reason}" if reason else ""
        yield f"Judged as {' and '.join(titles)}, {why}.".replace(", .", ".")
    yield f"{counts(report.summary)}{f', {report.summary.waived:,} waived' if report.summary.waived else ''}."
    if report.stopped:
        yield f"Incomplete: {report.stopped}."
    if request.select or request.ignore:
        yield "Only some rules were run."
    if report.baseline is not None:
        compared = report.baseline
        yield (
            f"Compared with {PurePath(compared.report).name}: {compared.new:,} new, {compared.known:,} known,"
            f" {compared.fixed:,} fixed. Only new findings decide the exit code."
        )


def _numbers(report: Report) -> Iterator[Markup]:
    """Yield what the image is, in numbers."""
    summary = report.summary
    for number, word in ((summary.errors, "error"), (summary.warnings, "warning"), (summary.notes, "note")):
        yield card(f"{number:,}", f"{word}{'' if number == 1 else 's'}", state=word if number else "none")
    if summary.undecided:
        yield card(f"{summary.undecided:,}", "undecided", state="undecided")
    if report.facts is not None:
        yield from _facts(report.facts)


def _facts(facts: FactsReport) -> Iterator[Markup]:
    size = facts.size
    share = size.docker_image_size / size.limit if size.limit > 0 else 0
    label = f"{share:.1%} of the limit of {human(size.limit)}"
    yield card(human(size.docker_image_size), label, bar(label, share, warns=share > _LARGE))
    if facts.kernels is None:
        yield card("not known", "kernels")
    else:
        usable = sum(kernel.usable and kernel.visible for kernel in facts.kernels)
        yield card(f"{usable} of {len(facts.kernels)}", "kernels usable")
    user = facts.user
    if user is not None:
        known = user.uid is not None
        yield card(
            f"{user.uid}:{user.gid}" if known else "not resolved", f"user {cut(user.name or user.spec, _LONGEST)}"
        )
    if facts.nvidia is not None:
        yield card(", ".join(facts.nvidia.cuda_versions) or "none", "CUDA")


def card(value: str, label: str, *more: Markup, state: str = "") -> Markup:
    """Return a number that matters, with what it says below it."""
    return element("li", element("strong", value), " ", element("span", label), *more, class_=f"card {state}".strip())
