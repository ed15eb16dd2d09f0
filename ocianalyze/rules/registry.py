"""All rules: those in the packages next to this file, and those of other packages.

There is no list to maintain: every module of every package here is searched, and every entry point of the group
``ocianalyze.rules``, which names a module or a rule.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import TYPE_CHECKING, Final

from ocianalyze import rules
from ocianalyze.errors import RuleError
from ocianalyze.regex import regex
from ocianalyze.rules.profiles import PROFILES
from ocianalyze.rules.rule import EarlyRule, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.metadata import EntryPoint

GROUP: Final = "ocianalyze.rules"

_ID: Final = regex(r"[A-Z]{2,8}\d{3}")


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return all rules in the order of their ids.

    Raises:
        RuleError: two rules have the same id or name, or another package's rules cannot be loaded.
    """
    found: dict[str, Rule] = {}
    for rule in (*_own_rules(), *foreign_rules()):
        for key in (rule.id, rule.name):
            if key in found:
                raise RuleError(
                    f"two rules have the {'id' if key == rule.id else 'name'} {key}: "
                    f"one in {found[key].module}, one in {rule.module}",
                    hint="Uninstall one of the packages",
                )
            found[key] = rule
    return tuple(rule for key, rule in sorted(found.items()) if key == rule.id)


@cache
def foreign_rules() -> tuple[Rule, ...]:
    """Return the rules of other packages; raises RuleError if they cannot be loaded or used."""
    return tuple(rule for entry_point in entry_points(group=GROUP) for rule in _load(entry_point))


def wanted_contents() -> frozenset[str]:
    """Return the contents that rules read in addition to those that facts read, as `Capture` patterns.

    Only rules of other packages state them; for our own rules, the modules of `ocianalyze.facts` do.
    """
    return frozenset(pattern for rule in foreign_rules() for pattern in rule.reads)


def _own_rules() -> Iterator[Rule]:
    for family in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}."):
        if family.ispkg:
            for module in pkgutil.iter_modules(import_module(family.name).__path__, f"{family.name}."):
                yield from _rules_in(import_module(module.name))


def _load(entry_point: EntryPoint) -> Iterator[Rule]:
    origin = f"rules {entry_point.name!r}"
    if entry_point.dist is not None:
        origin = f"{origin} of {entry_point.dist.name} {entry_point.dist.version}"
    try:
        loaded = entry_point.load()
    except (Exception, SystemExit) as error:
        raise RuleError(
            f"{origin} cannot be loaded: {type(error).__name__}: {error}", hint="Fix or uninstall that package"
        ) from error
    found = [loaded] if isinstance(loaded, Rule) else list(_rules_in(loaded)) if isinstance(loaded, ModuleType) else []
    if not found:
        raise RuleError(f"{origin}: {entry_point.value} is neither a rule nor a module with rules")
    for rule in found:
        if problem := _problem(rule):
            raise RuleError(f"{origin}: rule {rule.id}: {problem}")
        yield rule


def _problem(rule: Rule) -> str | None:
    """Return what is wrong with another package's rule, if anything."""
    if not _ID.fullmatch(rule.id):
        return "an id must be two to eight capital letters and three digits, such as ACM001"
    if not rule.severity:
        return "it belongs to no profile"
    stated: Iterable[tuple[object, object]] = rule.severity.items()
    for profile, severity in stated:
        if profile not in PROFILES:
            return f"unknown profile {profile!r}, expected one of {', '.join(PROFILES)}"
        if not isinstance(severity, Severity):
            return f"{severity!r} is not a Severity"
    return _problem_of_reads(rule)


def _problem_of_reads(rule: Rule) -> str | None:
    patterns: Iterable[object] = rule.reads
    for pattern in patterns:
        if isinstance(rule, EarlyRule):
            return f"it reads {pattern!r}, but runs before any layer is read"
        if not isinstance(pattern, str) or not pattern.startswith(("/", "**/")):
            return f"it reads {pattern!r}, which must be an absolute path or begin with '**/'"
    return None


def _rules_in(module: ModuleType) -> Iterator[Rule]:
    for value in vars(module).values():
        if isinstance(value, Rule) and value.module == module.__name__:
            yield value
