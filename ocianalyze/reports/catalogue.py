"""The rules and their pages, as a person reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.errors import UsageError, closest, suggest
from ocianalyze.regex import regex
from ocianalyze.reports.layout import EMPTY, Span, columns, indent, line, wrap
from ocianalyze.rules.clauses import CLAUSES, REFERENCES
from ocianalyze.rules.page import HEADINGS
from ocianalyze.rules.profiles import PROFILES
from ocianalyze.rules.registry import all_rules
from ocianalyze.rules.selection import exact_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.reports.layout import Cell, Line
    from ocianalyze.reports.screen import Screen
    from ocianalyze.rules.profiles import Profile
    from ocianalyze.rules.rule import Rule

_STYLES: Final = {"error": "red", "warning": "yellow", "note": "cyan"}
_SHORT: Final = {"error": "error", "warning": "warn", "note": "note"}
_CODE: Final = regex(r"^```\w*\n(.*?)^```$\n?", re.MULTILINE | re.DOTALL)
_LINK: Final = regex(r"\[([^\]]+)\]\(([^)]+)\)")


def records() -> list[dict[str, Any]]:
    """Return all rules as JSON objects."""
    return [
        {
            "id": rule.id,
            "name": rule.name,
            "summary": rule.summary,
            "severity": {profile: rule.severity[profile].value for profile in PROFILES if profile in rule.severity},
            "url": rule.url,
            "package": rule.package,
        }
        for rule in all_rules()
    ]


def print_rules(screen: Screen) -> None:
    """Print a line for each rule: its id, its severity for each profile, what it finds."""
    rows = list(_rows())  # before anything is printed: rules of other packages may be broken
    legend = ", ".join(f"{profile.letter} {profile.id}" for profile in PROFILES.values())
    screen.print_all(wrap(line(Span(f"Highest severity in {legend}", "dim")), screen.width))
    screen.print(EMPTY)
    screen.print_all(columns(rows, screen.width))


def _rows() -> Iterator[tuple[Cell, ...]]:
    titles = ("rule", *(profile.letter for profile in PROFILES.values()), "what it finds")
    yield tuple(line(Span(title, "bold")) for title in titles)
    for rule in all_rules():
        severities = (rule.severity[profile].value if profile in rule.severity else None for profile in PROFILES)
        yield rule.id, *map(_severity, severities), rule.summary


def _severity(severity: str | None) -> Line:
    return line(Span("-", "dim") if severity is None else Span(_SHORT[severity], _STYLES[severity]))


def print_page(key: str, screen: Screen) -> None:
    """Print the page of the rule whose id or name is `key`, or of the profile whose id it is.

    Raises:
        UsageError: there is no such rule or profile.
    """
    profile = PROFILES.get(key.lower())
    page = _rule(_find_rule(key), screen.width) if profile is None else _profile(profile, screen.width)
    screen.print_all(page)


def _find_rule(key: str) -> Rule:
    try:
        return exact_rule(all_rules(), key)
    except UsageError as error:
        names = [*PROFILES, *(name for rule in all_rules() for name in (rule.id, rule.name))]
        listed = "'ocianalyze rules' lists the rules; the profiles are " + ", ".join(PROFILES)
        raise UsageError(
            f"unknown rule or profile {key[:100]!r}",
            hint=suggest(key, names) if closest(key, names) else listed,
        ) from error


def _profile(profile: Profile, width: int) -> Iterator[Line]:
    yield line(Span(profile.id, "bold"), f"  {profile.title}")
    yield from wrap(profile.description, width)
    if profile.notice:
        yield EMPTY
        yield from wrap(line(Span(profile.notice, "yellow")), width)
    belonging = {rule.id for rule in all_rules() if profile.id in rule.severity}
    for clause in CLAUSES[profile.id]:
        yield EMPTY
        yield from wrap(f"{clause.number}  {clause.says}", width)
        rows = (
            ("checked by", ", ".join(sorted(belonging.intersection(clause.rules)))),
            ("not known before the app runs", clause.unknown or ""),
        )
        for label, text in rows:
            if text:
                yield from indent(wrap(line(Span(f"{label}: {text}", "dim")), width - 4), 4)
    yield from (EMPTY, line(Span("References", "bold")))
    for title, url in REFERENCES[profile.id]:
        yield from indent(wrap(f"AWS, {title} <{url}>", width - 2), 2)


def _rule(rule: Rule, width: int) -> Iterator[Line]:
    page = rule.page
    yield line(Span(rule.id, "bold"), f"  {rule.name}")
    yield from wrap(page.summary, width)
    severities = ", ".join(f"{severity.value} for {profile}" for profile, severity in rule.severity.items())
    yield EMPTY
    yield from wrap(line(Span(severities, "dim")), width)
    for heading in HEADINGS:
        if section := page.sections.get(heading):
            yield from (EMPTY, line(Span(heading, "bold")))
            yield from indent(_section(section, width - 2), 2)


def _section(markdown: str, width: int) -> Iterator[Line]:
    """Yield the lines of a section: links with their addresses, code as it is, paragraphs filled."""
    is_first = True
    for number, part in enumerate(_CODE.split(markdown)):
        blocks = [part.rstrip()] if number % 2 else [block for block in re.split(r"\n{2,}", part.strip()) if block]
        for block in blocks:
            if not is_first:
                yield EMPTY
            is_first = False
            if number % 2:
                yield from indent(map(line, block.split("\n")), 2)
                continue
            for item in re.split(r"\n(?=- )", _LINK.sub(r"\1 <\2>", block)):
                yield from wrap(" ".join(item.split()), width)
