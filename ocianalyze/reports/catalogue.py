"""The rules and their pages, as a person reads them."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from ocianalyze.errors import UsageError, suggest
from ocianalyze.rules.clauses import CLAUSES, REFERENCES
from ocianalyze.rules.page import HEADINGS
from ocianalyze.rules.profiles import PROFILES
from ocianalyze.rules.registry import all_rules
from ocianalyze.rules.selection import exact_rule

if TYPE_CHECKING:
    from rich.console import Console

    from ocianalyze.rules.profiles import Profile
    from ocianalyze.rules.rule import Rule

_STYLES: Final = {"error": "red", "warning": "yellow", "note": "cyan"}
_ABSENT: Final = Text("-", style="dim")
_SHORT: Final = {"error": "error", "warning": "warn", "note": "note"}
_CODE: Final = re.compile(r"^```\w*\n(.*?)^```$\n?", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


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


def print_rules(console: Console) -> None:
    """Print a line for each rule: its id, its severity for each profile, what it finds."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("rule", no_wrap=True)
    for profile in PROFILES.values():
        table.add_column(profile.letter, no_wrap=True)
    table.add_column("what it finds", overflow="fold")
    for rule in all_rules():
        severities = [rule.severity[profile].value if profile in rule.severity else None for profile in PROFILES]
        cells = [_ABSENT if value is None else Text(_SHORT[value], style=_STYLES[value]) for value in severities]
        table.add_row(rule.id, *cells, Text(rule.summary))
    console.print(table)
    legend = ", ".join(f"{profile.letter} {profile.id}" for profile in PROFILES.values())
    console.print(Text(f"\nseverity in {legend}", style="dim"))


def print_page(key: str, console: Console) -> None:
    """Print the page of the rule whose id or name is `key`, or of the profile whose id it is.

    Raises:
        UsageError: there is no such rule or profile.
    """
    if (profile := PROFILES.get(key.lower())) is not None:
        _print_profile(profile, console)
    else:
        _print_rule(_find_rule(key), console)


def _find_rule(key: str) -> Rule:
    try:
        return exact_rule(all_rules(), key)
    except UsageError as error:
        names = [*PROFILES, *(name for rule in all_rules() for name in (rule.id, rule.name))]
        hint = suggest(key, names)
        listed = "'ocianalyze rules' lists the rules; the profiles are " + ", ".join(PROFILES)
        raise UsageError(
            f"no rule or profile is called {key[:100]!r}", hint=hint if hint.startswith("Did you mean") else listed
        ) from error


def _print_profile(profile: Profile, console: Console) -> None:
    console.print(Text.assemble((profile.id, "bold"), "  ", profile.title))
    _say(profile.description, console)
    if profile.notice:
        console.print()
        _say(profile.notice, console, style="yellow")
    belonging = {rule.id for rule in all_rules() if profile.id in rule.severity}
    for clause in CLAUSES[profile.id]:
        console.print()
        _say(f"{clause.number}  {clause.says}", console)
        rows = (
            ("decided by", ", ".join(sorted(belonging.intersection(clause.rules)))),
            ("cannot be known", clause.unknown or ""),
        )
        for label, text in rows:
            if text:
                _say(f"{label}: {text}", console, indent="    ", style="dim")
    console.print(Text("\nReferences", style="bold"))
    for title, url in REFERENCES[profile.id]:
        _say(f"AWS, {title} <{url}>", console, indent="  ")


def _print_rule(rule: Rule, console: Console) -> None:
    page = rule.page
    console.print(Text.assemble((rule.id, "bold"), "  ", rule.name))
    _say(page.summary, console)
    severities = [f"{severity.value} for {profile}" for profile, severity in rule.severity.items()]
    console.print()
    _say(", ".join(severities), console, style="dim")
    for heading in HEADINGS:
        if section := page.sections.get(heading):
            console.print(Text(f"\n{heading}", style="bold"))
            _print_section(section, console)


def _say(text: str, console: Console, *, indent: str = "", style: str = "") -> None:
    """Print text, wrapped between words only, so that addresses stay whole, and without blanks at its lines' ends."""
    wrapped = textwrap.wrap(
        text,
        console.width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    console.print(Text("\n".join(wrapped), style=style), soft_wrap=True)


def _print_section(markdown: str, console: Console) -> None:
    """Print a section: links with their addresses, code as it is, paragraphs filled."""
    for number, part in enumerate(_CODE.split(markdown)):
        if number % 2:
            console.print(Text(textwrap.indent(part.rstrip(), "    ")), soft_wrap=True)
            continue
        filled = [_LINK.sub(r"\1 <\2>", block) for block in re.split(r"\n{2,}", part.strip()) if block]
        for position, block in enumerate(filled):
            if position or number:
                console.print()
            for item in re.split(r"\n(?=- )", block):
                _say(" ".join(item.split()), console, indent="  ")
        if filled and number < len(_CODE.split(markdown)) - 1:
            console.print()
