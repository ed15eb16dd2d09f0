"""What a shell completes: profiles, rules, severities and pages; files complete by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocianalyze.rules.rule import Rule


def complete_profiles(incomplete: str) -> list[tuple[str, str]]:
    """Return the profiles that may be meant, with their titles."""
    from ocianalyze.rules.profiles import ALL

    return list(_last_of_several(incomplete, [*_profiles(), (ALL, "every profile")]))


def complete_rules(incomplete: str) -> list[tuple[str, str]]:
    """Return the rules and families of rules that may be meant, with their summaries."""
    rules = _rules()
    families = {rule.family: f"all rules {rule.family}..." for rule in rules}
    return list(_last_of_several(incomplete, [*families.items(), *_named(rules)]))


def complete_severities(incomplete: str) -> list[tuple[str, str]]:
    """Return each rule with each severity, once the rule is written."""
    rule, sign, severity = incomplete.partition("=")
    if not sign:
        return [(f"{name}=", summary) for name, summary in _named(_rules()) if _begins(name, rule)]
    return [(f"{rule}={level}", "") for level in ("error", "warning", "note") if level.startswith(severity)]


def complete_pages(incomplete: str) -> list[tuple[str, str]]:
    """Return the rules and profiles that have a page."""
    return [item for item in (*_named(_rules()), *_profiles()) if _begins(item[0], incomplete)]


def _last_of_several(incomplete: str, items: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    before, comma, last = incomplete.rpartition(",")
    return ((f"{before}{comma}{name}", text) for name, text in items if _begins(name, last))


def _begins(name: str, incomplete: str) -> bool:
    return name.lower().startswith(incomplete.lower())


def _named(rules: Iterable[Rule]) -> list[tuple[str, str]]:
    """Return rules by their ids and by their names, with their summaries."""
    listed = list(rules)
    return [(rule.id, rule.summary) for rule in listed] + [(rule.name, rule.summary) for rule in listed]


def _rules() -> tuple[Rule, ...]:
    from ocianalyze.rules.registry import all_rules

    return tuple(all_rules())


def _profiles() -> list[tuple[str, str]]:
    from ocianalyze.rules.profiles import PROFILES

    return [(profile.id, profile.title) for profile in PROFILES.values()]
