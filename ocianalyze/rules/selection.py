"""Which rules are meant by names and prefixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.errors import UsageError, suggest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from ocianalyze.rules.rule import Rule
    from ocianalyze.rules.waivers import Waiver


def choose_rules(rules: Sequence[Rule], *, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Rule, ...]:
    """Return the rules that are selected and not ignored; nothing selected means all.

    `select` and `ignore` are ids, names or prefixes of ids, in any case.

    Raises:
        UsageError: one of them is not a rule.
    """
    wanted = {rule.id for key in select for rule in matching_rules(rules, key)}
    unwanted = {rule.id for key in ignore for rule in matching_rules(rules, key)}
    return tuple(rule for rule in rules if (not wanted or rule.id in wanted) and rule.id not in unwanted)


def matching_rules(rules: Sequence[Rule], key: str) -> list[Rule]:
    """Return the rules that match an id, a name or a prefix of ids; raises UsageError if there is none."""
    found = [rule for rule in rules if key and (rule.id.startswith(key.upper()) or rule.name == key.lower())]
    if not found:
        raise _unknown(key, rules, {rule.family for rule in rules})
    return found


def exact_rule(rules: Sequence[Rule], key: str) -> Rule:
    """Return the rule with this id or name, in any case; raises UsageError if there is none."""
    for rule in rules:
        if key.casefold() in (rule.id.casefold(), rule.name):
            return rule
    raise _unknown(key, rules, ())


def check_names(
    rules: Sequence[Rule],
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    severity: Iterable[str] = (),
    waivers: Iterable[Waiver] = (),
    profiles: Collection[str] = (),
) -> None:
    """Raise UsageError if one of the names matches no rule, or if no rule is left for `profiles`."""
    left = choose_rules(rules, select=select, ignore=ignore)
    if profiles and not any(profile in rule.severity for rule in left for profile in profiles):
        raise UsageError(
            f"no rule is left for {' or '.join(profiles)}",
            hint="Run 'ocianalyze rules' to list the rules of each profile",
        )
    for key in (*severity, *(waiver.rule for waiver in waivers)):
        exact_rule(rules, key)


def _unknown(key: str, rules: Sequence[Rule], families: Iterable[str]) -> UsageError:
    names = [*families, *(rule.id for rule in rules), *(rule.name for rule in rules)]
    hint = suggest(key, names)
    if not hint.startswith("Did you mean"):
        hint = (
            f"Run 'ocianalyze rules' to list all rules; families: {', '.join(sorted({rule.family for rule in rules}))}"
        )
    return UsageError(f"unknown rule {key[:100]!r}", hint=hint)
