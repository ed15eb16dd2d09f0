"""Findings: what is wrong, where, and the lines that fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from ocianalyze.regex import regex
from ocianalyze.reports.findings import is_known, together, with_consequences
from ocianalyze.reports.formats.html.markup import (
    Markup,
    code,
    element,
    folded,
    join,
    lines,
    listed,
    remark_on,
    section,
    terms,
    within,
)
from ocianalyze.reports.pages import web_address
from ocianalyze.reports.steps import build_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ocianalyze.reports.formats.html.markup import Section
    from ocianalyze.reports.report import FindingReport, Report

    _Item: TypeAlias = tuple[FindingReport, Sequence[FindingReport]]
    """A finding, and what follows from it."""

_LINE: Final = r"(?<!\()'(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|LABEL|RUN|SHELL|USER|VOLUME|WORKDIR) [^']*'"
"""A line to paste; in parentheses there are steps as they were."""
_LINES: Final = regex(rf"{_LINE}(?:, {_LINE})*")
_BASE: Final = "FROM"
_TITLES: Final = {"error": "Errors", "warning": "Warnings", "note": "Notes"}
_ALIKE: Final = 20
"""How many findings with one fix, or with one cause, are shown."""
_ROOM: Final = {"findings": 90_000, "undecided": 20_000, "known": 12_000, "waived": 12_000, "others": 25_000}
"""How many characters a part may have, so that the page stays small."""


def findings(report: Report) -> Iterator[Section]:
    """Yield the sections of findings, by severity; of undecided checks; and of those that do not count."""
    counted = [item for item in report.findings if item.waived is None and not is_known(item)]
    certain = [item for item in counted if item.kind == "finding"]
    parts = list(_by_severity(certain, report, _ROOM["findings"]))
    if parts or report.error is None:
        nothing = element("p", "Nothing was found.", class_="muted")
        yield section("findings", "Findings", *(parts or [nothing]))
    undecided = [item for item in counted if item.kind == "undecided"]
    if undecided:
        about = "These checks could not be completed. They count like findings until you settle or waive them."
        articles, left_out = within(_ROOM["undecided"], _articles(_alone(undecided), report, 3))
        intro = element("p", about, class_="muted")
        yield section("undecided", "Undecided", intro, *articles, remark_on(left_out, "undecided checks are"))
    if known := [item for item in report.findings if item.waived is None and is_known(item)]:
        about = "The earlier report has these, too. They do not decide the exit code."
        yield _listed("known", "Known from the baseline", about, known, ("Where", "What"), _place_and_message)
    if waived := [item for item in report.findings if item.waived is not None]:
        about = "A waiver in the settings accepts these, so they are not counted."
        yield _listed("waived", "Waived", about, waived, ("Finding", "Reason", "Until"), _waiver)
    if report.other_findings:
        about = "Findings that concern only kinds of apps that you did not ask for. They explain the other verdicts."
        certain = [item for item in report.other_findings if item.waived is None]
        articles, left_out = within(_ROOM["others"], _articles(_alone(certain), report, 3, profiles=True))
        title = f"Show {len(certain):,} finding{'' if len(certain) == 1 else 's'}"
        content = folded(title, *articles, remark_on(left_out, "findings are"))
        yield section("others", "Other profiles", element("p", about, class_="muted"), content)


def _by_severity(found: Sequence[FindingReport], report: Report, room: int) -> Iterator[Markup]:
    """Yield the findings of each severity, each with its consequences, which are not counted."""
    items = list(with_consequences(found))
    for severity, title in _TITLES.items():
        those = [item for item in items if item[0].severity == severity]
        if those:
            articles, left_out = within(max(room, 0), _articles(those, report, 4))
            room -= sum(map(len, articles))
            heading = element("h3", f"{title} ({len(those):,})", id=f"{severity}s")
            yield join((heading, *articles, remark_on(left_out, "findings are")))


def _alone(found: Iterable[FindingReport]) -> list[_Item]:
    return [(finding, ()) for finding in found]


def _articles(items: Iterable[_Item], report: Report, level: int, *, profiles: bool = False) -> Iterator[Markup]:
    """Yield an article for findings that have one fix."""
    for group in together(items, lambda finding: (finding.rule, finding.hint, finding.kind, finding.severity)):
        yield _article(group, report, level, profiles=profiles)


def _article(group: Sequence[_Item], report: Report, level: int, *, profiles: bool) -> Markup:
    finding = group[0][0]
    state = finding.severity if finding.kind == "finding" else "undecided"
    word = finding.severity.capitalize()
    if finding.kind == "undecided":
        word = f"Undecided: would be {'an' if finding.severity == 'error' else 'a'} {finding.severity}"
    url = web_address(finding.url)
    rule = element("a", finding.rule, href=url, rel="noreferrer") if url else element("span", finding.rule)
    marks = [element("span", word, class_=f"badge {state}")]
    if finding.baseline is not None:
        marks.append(element("span", finding.baseline, class_="badge mark"))
    heading = element(
        f"h{level}",
        *(join((mark, " ")) for mark in marks),
        element("span", rule, class_="rule"),
        " ",
        element("span", finding.name, class_="name"),
    )
    several = len(group) > 1
    said = [join(_said(item, so, report)) for item, so in group[:_ALIKE]]
    body = element("ul", *(element("li", part) for part in said), class_="several") if several else said[0]
    more = remark_on(len(group) - len(said), "like these are")
    titles = [report.profiles[name].title or name for name in finding.profiles if name in report.profiles]
    concerned = f"Concerns {', '.join(titles)}" if titles and (profiles or len(report.request.profiles) > 1) else None
    return element(
        "article",
        heading,
        body,
        more,
        element("p", concerned, class_="muted") if concerned else None,
        _fix(finding),
        class_=f"finding {state}",
        data_s=state,
    )


def _said(finding: FindingReport, consequences: Sequence[FindingReport], report: Report) -> Iterator[Markup]:
    """Yield what a finding says, where, and what follows from it."""
    yield element("p", finding.message, class_="message")
    rows: list[tuple[str, Markup | str | None]] = []
    if finding.path and finding.path not in finding.message:
        rows.append(("Path", code(finding.path)))
    if finding.layer is not None:
        step = finding.layer.created_by
        shown = join((" ", code(build_step(step)))) if step else None
        number = str(finding.layer.position)
        known = 0 <= finding.layer.position < len(report.layers)
        link = element("a", number, href=f"#layer-{number}") if known else element("span", number)
        rows.append(("Layer", join((link, shown))))
    if finding.source is not None:
        source = finding.source
        end = f" to {source.end_line}" if source.end_line > source.line else ""
        where = join(
            (code(source.file), f", line{'s' if end else ''} {source.line}{end} (", code(source.instruction), ")")
        )
        rows.append(("Dockerfile", where))
    elif finding.layer is None and finding.stated_in not in ([], [_BASE]):
        rows.append(("Dockerfile", _instructions(finding.stated_in)))
    if finding.caused_by is not None:
        cause = finding.caused_by
        rows.append(("Follows from", f"{cause.rule}: {cause.message}"))
    rows += [("Therefore", f"{item.rule}: {item.message}") for item in consequences[:_ALIKE]]
    if len(consequences) > _ALIKE:
        rows.append(("Therefore", f"{len(consequences) - _ALIKE:,} more in the JSON report"))
    yield terms(rows)


def _instructions(names: Sequence[str]) -> Markup:
    """Return which instruction states what a finding is about."""
    parts = [join((" or " if n else "", code(name))) for n, name in enumerate(names)]
    return join(("the last ", *parts))


def _fix(finding: FindingReport) -> Markup | None:
    """Return how to fix a finding: the sentence, and lines that can be pasted into a Dockerfile by themselves."""
    hint = finding.hint
    if not hint:
        return None
    name = "Fix" if finding.kind == "finding" else "Next"
    found = list(_LINES.finditer(hint))
    blocks = [lines(match[0][1:-1].split("', '")) for match in found]
    sentence = hint
    if len(found) == 1 and not hint[found[0].end() :].strip(" .") and found[0].start():
        sentence = hint[: found[0].start()].rstrip(" :") + ":"
    label = element("strong", name)
    return element("div", element("p", label, " ", sentence), *blocks, class_="fix")


def _listed(
    id_: str,
    title: str,
    about: str,
    found: Sequence[FindingReport],
    head: Sequence[str],
    cells: Callable[[FindingReport], tuple[str, ...]],
) -> Section:
    """Return a section with a table of findings."""
    rows = [(join((code(item.rule), f" {item.name} ({item.severity})")), *cells(item)) for item in found]
    shown = listed(title, ("Rule", *head), rows, budget=_ROOM[id_], what="findings are")
    return section(id_, title, element("p", about, class_="muted"), shown)


def _place_and_message(finding: FindingReport) -> tuple[str, ...]:
    return code(finding.path) if finding.path else "", finding.message


def _waiver(finding: FindingReport) -> tuple[str, ...]:
    waived = finding.waived
    path = join((" ", code(finding.path))) if finding.path and finding.path not in finding.message else ""
    until = (waived.expires or "no end") if waived is not None else ""
    return join((finding.message, path)), waived.reason if waived is not None else "", until
