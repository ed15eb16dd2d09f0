"""All rules: those in the packages beside this file, and those that other packages bring.

There is no list to keep: every module of every package here is looked into, and every entry point of the group
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
from ocianalyze.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP: Final = "ocianalyze.rules"


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return all rules in the order of their ids.

    Raises:
        RuleError: two rules have the same id, or another package's rules cannot be loaded.
    """
    found: dict[str, Rule] = {}
    for rule in (*_own_rules(), *_foreign_rules()):
        if rule.id in found:
            raise RuleError(f"the rule id {rule.id} is used by both {found[rule.id].module} and {rule.module}")
        found[rule.id] = rule
    return tuple(found[id_] for id_ in sorted(found))


def _own_rules() -> Iterator[Rule]:
    for family in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}."):
        if family.ispkg:
            for module in pkgutil.iter_modules(import_module(family.name).__path__, f"{family.name}."):
                yield from _rules_in(import_module(module.name))


def _foreign_rules() -> Iterator[Rule]:
    for entry_point in entry_points(group=GROUP):
        try:
            loaded = entry_point.load()
        except Exception as error:
            raise RuleError(f"the rules of the entry point {entry_point.name!r} cannot be loaded: {error}") from error
        if isinstance(loaded, Rule):
            yield loaded
        elif isinstance(loaded, ModuleType):
            yield from _rules_in(loaded)
        else:
            raise RuleError(f"the entry point {entry_point.name!r} names neither a rule nor a module of rules")


def _rules_in(module: ModuleType) -> Iterator[Rule]:
    for value in vars(module).values():
        if isinstance(value, Rule) and value.module == module.__name__:
            yield value
