"""Runs the rules and judges what they find, for every profile; those that were asked for decide.

A rule that fails makes the run fail if it belongs to a profile that was asked for, and otherwise takes the verdict from
the profiles that it belongs to: nothing passes because it crashed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import compress
from typing import TYPE_CHECKING

from ocianalyze.errors import OcianalyzeError, RuleError
from ocianalyze.rules.profiles import CLASSIC, PROFILES
from ocianalyze.rules.registry import all_rules
from ocianalyze.rules.rule import Finding, Rule, Severity, Subject
from ocianalyze.rules.selection import check_names, choose_rules, exact_rule
from ocianalyze.rules.waivers import Remark, Waiver, Waivers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date


@dataclass(frozen=True, slots=True)
class Judgement:
    """A finding and how bad it is.

    Attributes:
        rule: the rule that found it.
        finding: what it found.
        severity: how bad it is for that one of the profiles asked for for which it is worst; if it concerns none of
            them, for the worst of those that it does.
        severities: how bad it is for each profile that it concerns.
        waiver: why it decides nothing, if it was waived.
    """

    rule: Rule
    finding: Finding
    severity: Severity
    severities: Mapping[str, Severity]
    waiver: Waiver | None = None

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that it concerns."""
        return tuple(self.severities)

    @property
    def url(self) -> str | None:
        """Where the rule's page is, if it has one."""
        return self.rule.url


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of running rules.

    Attributes:
        judgements: the findings that concern a profile asked for, worst first; then by rule, path and layer.
        others: the findings that concern only other profiles, in the same order.
        profiles: the profiles that were asked for.
        rules: the rules of these profiles that ran.
        not_applicable: the rules of these profiles that had nothing to check.
        failures: why no more is known of profiles that were not asked for, by profile.
        remarks: what is to be said of the waivers.
    """

    judgements: tuple[Judgement, ...]
    others: tuple[Judgement, ...]
    profiles: tuple[str, ...]
    rules: tuple[Rule, ...]
    not_applicable: tuple[Rule, ...]
    failures: Mapping[str, str]
    remarks: tuple[Remark, ...] = ()

    def count(self, severity: Severity, *, profile: str | None = None) -> int:
        """Return how many findings of a severity decide, for one profile or for those that were asked for."""
        if profile is None:
            return sum(item.severity is severity for item in self.judgements if item.waiver is None)
        every = (*self.judgements, *self.others)
        return sum(item.severities.get(profile) is severity for item in every if item.waiver is None)

    @property
    def waived(self) -> int:
        """How many findings that concern a profile asked for were waived."""
        return sum(item.waiver is not None for item in self.judgements)

    def kernel_problems(self) -> dict[str, tuple[str, ...]]:
        """Return the ids of the rules that found errors in each kernel, by the path of its directory."""
        found: dict[str, dict[str, None]] = {}
        for item in self.judgements:
            directory = item.finding.data.get("kernel_directory")
            if isinstance(directory, str) and item.severity is Severity.ERROR:
                found.setdefault(directory, {})[item.rule.id] = None
        return {directory: tuple(ids) for directory, ids in found.items()}


def run(
    subject: Subject,
    profiles: Sequence[str] = (CLASSIC,),
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    rules: Iterable[Rule] | None = None,
    severity: Mapping[str, Severity] | None = None,
    waivers: Iterable[Waiver] = (),
    today: date | None = None,
) -> Outcome:
    """Run the rules and return what came of it; `profiles` are those that are asked for.

    `select` and `ignore` are as for `choose_rules`; `rules` are all rules if None. `severity` is how bad the findings
    of some rules are instead, by the id or the name of the rule, whatever the rule says. `today` is the day on which
    `waivers` are judged; None for this one, in UTC.

    Raises:
        RuleError: a rule of one of `profiles` failed, so that what it would have found is unknown.
        UsageError: `select`, `ignore`, `severity` or a waiver names no rule.
    """
    every = all_rules() if rules is None else tuple(rules)
    waivers = tuple(waivers)
    check_names(every, severity=severity or (), waivers=waivers)
    overrides = {exact_rule(every, key).id: value for key, value in (severity or {}).items()}
    waiving = Waivers(waivers, today=today or datetime.now(UTC).date())
    chosen = choose_rules(every, select=select, ignore=ignore)
    judgements: list[Judgement] = []
    ran: list[Rule] = []
    not_applicable: list[Rule] = []
    failures: dict[str, str] = {}
    for rule in chosen:
        asked_for = any(profile in rule.severity for profile in profiles)
        try:
            found = _run_one(rule, subject)
        except RuleError as error:
            if asked_for:
                raise
            failures = dict.fromkeys(rule.severity, error.one_line()) | failures
            continue
        if asked_for:
            (not_applicable if found is None else ran).append(rule)
        for item in found or ():
            severities = dict(_severities(rule, item, overrides.get(rule.id)))
            if severities:
                worst = _worst(severities, profiles)
                judgements.append(Judgement(rule, item, worst, severities, waiving.find(rule, item)))
    judgements.sort(key=_order)
    concerned = [not item.severities.keys().isdisjoint(profiles) for item in judgements]
    return Outcome(
        judgements=tuple(compress(judgements, concerned)),
        others=tuple(item for item, asked_for in zip(judgements, concerned, strict=True) if not asked_for),
        profiles=tuple(profiles),
        rules=tuple(ran),
        not_applicable=tuple(not_applicable),
        failures=failures,
        remarks=tuple(waiving.remarks(chosen)),
    )


def _run_one(rule: Rule, subject: Subject) -> list[Finding] | None:
    try:
        return list(rule(subject)) if rule.applies(subject) else None
    except OcianalyzeError as error:
        raise RuleError(f"rule {rule.id} ({rule.name}) cannot decide: {error.message}", hint=error.hint) from error
    except (Exception, SystemExit) as error:
        raise RuleError(
            f"rule {rule.id} ({rule.name}) failed: {type(error).__name__}: {error}",
            hint=f"this is a defect; '--ignore {rule.id}' leaves the rule out",
        ) from error


def _worst(severities: Mapping[str, Severity], profiles: Sequence[str]) -> Severity:
    decisive = [severities[profile] for profile in profiles if profile in severities]
    return min(decisive or severities.values(), key=lambda severity: severity.rank)


def _severities(rule: Rule, finding: Finding, instead: Severity | None) -> Iterator[tuple[str, Severity]]:
    for profile in PROFILES:
        if profile in rule.severity:
            override, default = finding.severity, rule.severity[profile]
            if override is None or isinstance(override, Severity):
                yield profile, instead or override or default
            elif (severity := override.get(profile, default)) is not None:
                yield profile, instead or severity


def _order(item: Judgement) -> tuple[int, str, str, int, str]:
    finding = item.finding
    layer = -1 if finding.layer is None else finding.layer
    return item.severity.rank, item.rule.id, finding.path or "", layer, finding.message
