"""Findings as a person reads them: by severity, those with one fix together, each with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from ocianalyze.reports.layout import EMPTY, Line, Span, columns, indent, line, wrap
from ocianalyze.reports.report import Cause
from ocianalyze.reports.steps import build_step
from ocianalyze.reports.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ocianalyze.reports.report import FindingReport

    _Item: TypeAlias = tuple[FindingReport, Sequence[FindingReport]]
    """A finding, and what follows from it."""

STYLES: Final = {
    "pass": "bold green",
    "fail": "bold red",
    "undecided": "bold yellow",
    "error": "bold red",
    "warning": "bold yellow",
    "note": "bold cyan",
}
"""Of verdicts and severities."""
_TITLES: Final = {"error": "Errors", "warning": "Warnings", "note": "Notes"}
_LABEL: Final = 5
"""How wide the names of details are."""


def findings(found: Sequence[FindingReport], width: int) -> Iterator[Line]:
    """Yield the lines of findings: by severity, then checks that could not be completed, then what was waived."""
    counted = [finding for finding in found if finding.waived is None and not is_known(finding)]
    certain = list(with_consequences([finding for finding in counted if finding.kind == "finding"]))
    undecided = [(finding, ()) for finding in counted if finding.kind == "undecided"]
    for severity, title in _TITLES.items():
        those = [item for item in certain if item[0].severity == severity]
        groups = together(those, lambda finding: (finding.rule, finding.hint))
        yield from _section(title, STYLES[severity], groups, width)
        if severity == "error":
            alike = together(undecided, lambda finding: (finding.message, finding.path, finding.hint))
            yield from _section("Undecided", STYLES["undecided"], alike, width)
    if known := [finding for finding in found if finding.waived is None and is_known(finding)]:
        yield from (EMPTY, line(Span("Known from the baseline", "bold")), EMPTY)
        for finding in known:
            path = f"  {printable(finding.path)}" if finding.path else ""
            yield from indent((line(Span(finding.rule, "dim"), f"  {finding.severity}  {finding.name}{path}"),), 2)
    if waived := [finding for finding in found if finding.waived is not None]:
        yield from (EMPTY, line(Span("Waived", "bold")), EMPTY)
        for finding in waived:
            yield from indent(_waived(finding, width - 2), 2)


def is_known(finding: FindingReport) -> bool:
    """Tell whether a finding counts no more; what is undecided always counts."""
    return finding.baseline == "known" and finding.kind == "finding"


def with_consequences(found: Sequence[FindingReport]) -> Iterator[_Item]:
    """Yield each finding that has no other as its cause, with its consequences; none of them is more severe."""
    caused: dict[Cause, list[FindingReport]] = {}
    for finding in found:
        if finding.caused_by is not None:
            caused.setdefault(finding.caused_by, []).append(finding)
    known = {_as_cause(finding) for finding in found}
    for finding in found:
        if finding.caused_by is None or finding.caused_by not in known:
            yield finding, caused.pop(_as_cause(finding), ())


def _as_cause(finding: FindingReport) -> Cause:
    return Cause(rule=finding.rule, path=finding.path, message=finding.message)


def together(found: Iterable[_Item], key: Callable[[FindingReport], object]) -> Iterable[Sequence[_Item]]:
    """Return the findings in groups that have the same key."""
    groups: dict[object, list[_Item]] = {}
    for item in found:
        groups.setdefault(key(item[0]), []).append(item)
    return groups.values()


def _section(title: str, style: str, groups: Iterable[Sequence[_Item]], width: int) -> Iterator[Line]:
    for n, alike in enumerate(groups):
        if not n:
            yield from (EMPTY, line(Span(title, style)))
        yield EMPTY
        yield from indent(_group(alike, width - 2), 2)


def _group(alike: Sequence[_Item], width: int) -> Iterator[Line]:
    """Yield findings that have one fix: their rules, what they say and where, and the fix."""
    yield from dict.fromkeys(_title(finding) for finding, _ in alike)
    texts = dict.fromkeys((*_said(item, width - 2), *_so(more, width - 2)) for item, more in alike)
    for text in texts:  # each once: several rules may lack the same thing
        first, *rest = text
        yield (Span("- " if len(texts) > 1 else "  "), *first)
        yield from indent(rest, 2)
    finding, _ = alike[0]
    if finding.hint:
        name = "fix" if finding.kind == "finding" else "next"
        yield from indent(_details([(name, line(printable(finding.hint)))], width - 2), 2)


def _said(finding: FindingReport, width: int) -> Iterator[Line]:
    """Yield what a finding says, and where; a path that it names already is not repeated."""
    message, path = printable(finding.message), printable(finding.path or "")
    yield from wrap(message, width)
    if path and path not in message:
        yield from _details([("path", line(path))], width)
    if finding.layer is not None:
        step = f": {build_step(finding.layer.created_by)}" if finding.layer.created_by else ""
        yield from _details([("layer", line(f"{finding.layer.position}{step}"))], width, cut=True)


def _so(consequences: Sequence[FindingReport], width: int) -> Iterator[Line]:
    """Yield what follows from a finding."""
    return _details((("so", line(f"{item.rule}  {printable(item.message)}")) for item in consequences), width)


def _details(rows: Iterable[tuple[str, Line]], width: int, *, cut: bool = False) -> Iterator[Line]:
    return columns(((line(Span(f"{name:{_LABEL}}", "dim")), value) for name, value in rows), width, cut=cut)


def _title(finding: FindingReport) -> Line:
    if finding.kind == "finding":
        return line(Span(finding.rule, STYLES[finding.severity]), "  ", Span(finding.name, "bold"))
    at_stake = f"  (would be {'an' if finding.severity == 'error' else 'a'} {finding.severity})"
    return line(Span(finding.rule, STYLES["undecided"]), "  ", Span(finding.name, "bold"), Span(at_stake, "dim"))


def _waived(finding: FindingReport, width: int) -> Iterator[Line]:
    path = f"  {printable(finding.path)}" if finding.path else ""
    yield line(Span(finding.rule, "dim"), f"  {finding.name}{path}")
    waiver = finding.waived
    until = f" until {waiver.expires}" if waiver and waiver.expires else ""
    reason = f"accepted{until}: {printable(waiver.reason if waiver else '')}"
    yield from indent(wrap(line(Span(reason, "dim")), width - 2), 2)
