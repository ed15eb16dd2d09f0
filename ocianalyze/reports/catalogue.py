"""The rules and their pages, as a person reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from rich.padding import Padding
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
            f"no rule or profile is called {key[:100]!r}", hint=hint if hint.startswith("did you mean") else listed
        ) from error


def _print_profile(profile: Profile, console: Console) -> None:
    console.print(Text.assemble((profile.id, "bold"), "  ", profile.title))
    console.print(Text(profile.description))
    if profile.notice:
        console.print(Text(f"\n{profile.notice}", style="yellow"))
    belonging = {rule.id for rule in all_rules() if profile.id in rule.severity}
    for clause in CLAUSES[profile.id]:
        console.print(Text.assemble("\n", (clause.number, "bold"), "  ", clause.says))
        rows = (
            ("decided by", ", ".join(sorted(belonging.intersection(clause.rules)))),
            ("cannot be known", clause.unknown or ""),
        )
        for label, text in rows:
            if text:
                console.print(Padding(Text.assemble((f"{label}: ", "dim"), text), (0, 0, 0, 4)))
    console.print(Text("\nReferences", style="bold"))
    for title, url in REFERENCES[profile.id]:
        console.print(Padding(Text(f"AWS, {title} <{url}>"), (0, 0, 0, 2)))


def _print_rule(rule: Rule, console: Console) -> None:
    page = rule.page
    console.print(Text.assemble((rule.id, "bold"), "  ", rule.name))
    console.print(Text(page.summary))
    severities = [f"{severity.value} for {profile}" for profile, severity in rule.severity.items()]
    console.print(Text(f"\n{', '.join(severities)}", style="dim"))
    for heading in HEADINGS:
        if section := page.sections.get(heading):
            console.print(Text(f"\n{heading}", style="bold"))
            console.print(Padding(Text(_plain(section)), (0, 0, 0, 2)))


def _plain(markdown: str) -> str:
    """Return a section as text: links with their addresses, code fences left out, paragraphs on one line each."""
    blocks = []
    for block in re.split(r"\n{2,}", re.sub(r"^```\w*\n?", "\0", _LINK.sub(r"\1 <\2>", markdown), flags=re.MULTILINE)):
        if "\0" in block:
            blocks.append("\n".join(f"  {line}" for line in block.replace("\0", "").rstrip().split("\n")))
        else:
            blocks.append(re.sub(r"\n(?!- )\s*", " ", block))
    return "\n\n".join(blocks)
