"""Runs the rules and judges their findings for every profile; the requested profiles decide the result.

A profile fails if a rule found an error. It is undecided if a rule could not determine whether there is one: an image
never passes because something is unknown. A rule that crashes makes the run fail if it belongs to a requested profile;
otherwise only the profiles that it belongs to have no verdict.

Rules that need no layers can run before any layer is read. A later run with all rules reuses their results, so that no
rule runs twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import compress
from math import inf
from traceback import walk_tb
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ocianalyze.errors import OcianalyzeError, RuleError, UndecidedError
from ocianalyze.filesystem.node import Node
from ocianalyze.rules.causes import link
from ocianalyze.rules.fingerprints import with_fingerprints
from ocianalyze.rules.judgement import Judgement
from ocianalyze.rules.profiles import CLASSIC, PROFILES
from ocianalyze.rules.registry import all_rules
from ocianalyze.rules.rule import Declaration, EarlyRule, Finding, Rule, Severity, Subject
from ocianalyze.rules.selection import check_names, choose_rules, exact_rule
from ocianalyze.rules.waivers import Remark, Waiver, Waivers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from ocianalyze.rules.rule import Kind

Verdict: TypeAlias = Literal["fail", "error", "undecided", "pass"]
Answer: TypeAlias = "tuple[Finding, ...] | RuleError | None"
"""The result of a rule: its findings, its error, or None if there was nothing to check."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of running rules.

    Attributes:
        judgements: the findings for a requested profile, most severe first, then by layer, rule and path; each
            followed by its consequences.
        others: the findings for other profiles only, in the same order.
        profiles: the requested profiles.
        is_settled: whether the image is judged for all of `profiles`; otherwise for one of them, not yet known which.
        rules: the rules of these profiles that ran.
        not_applicable: the rules of these profiles that had nothing to check.
        failures: errors of rules, by profile, for profiles that were not requested.
        remarks: remarks about the waivers.
        answers: the result of each rule that ran, whatever profile it belongs to.
    """

    judgements: tuple[Judgement, ...]
    others: tuple[Judgement, ...]
    profiles: tuple[str, ...]
    rules: tuple[Rule, ...]
    not_applicable: tuple[Rule, ...]
    failures: Mapping[str, str]
    remarks: tuple[Remark, ...] = ()
    answers: Mapping[Rule, Answer] = field(default_factory=dict, repr=False)
    is_settled: bool = True

    def count(self, severity: Severity, *, profile: str | None = None) -> int:
        """Return the number of findings of a severity that count, for one profile or for the requested ones."""
        return sum(found is severity for found in self._severities("finding", profile))

    def count_undecided(self, *, profile: str | None = None) -> int:
        """Return the number of undecided judgements, for one profile or for the requested ones."""
        return len(self._severities("undecided", profile))

    def verdict(self, profile: str) -> Verdict:
        """Return the verdict for one profile."""
        if Severity.ERROR in self._severities("finding", profile):
            return "fail"
        if profile in self.failures:
            return "error"
        return "undecided" if Severity.ERROR in self._severities("undecided", profile) else "pass"

    def decisive(self, fail_on: str) -> tuple[Judgement, ...]:
        """Return the findings that are at least as severe as `fail_on`, a severity or never.

        As long as the profile is not settled, those that are so severe for each of the profiles.
        """
        if fail_on == "never":
            return ()
        least = Severity(fail_on).rank
        return tuple(
            item
            for item in self.judgements
            if item.waiver is None and not item.finding.is_undecided and self._least_severe(item) <= least
        )

    def _least_severe(self, item: Judgement) -> float:
        """Return the rank of the severity that a finding has at least."""
        if self.is_settled:
            return item.severity.rank
        return max(item.severities[profile].rank if profile in item.severities else inf for profile in self.profiles)

    def _severities(self, kind: Kind, profile: str | None) -> list[Severity]:
        """Return the severities of the findings of one kind that are not waived, one for each cause."""
        every = self.judgements if profile is None else (*self.judgements, *self.others)
        worst: dict[int, Severity] = {}
        for item in every:
            severity = item.severity if profile is None else item.severities.get(profile)
            if item.waiver is None and item.finding.kind == kind and severity is not None:
                cause = id((item.cause or item).finding)
                worst[cause] = min(severity, worst.get(cause, severity), key=lambda one: one.rank)
        return list(worst.values())

    @property
    def waived(self) -> int:
        """The number of waived findings for the requested profiles."""
        return sum(item.waiver is not None for item in self.judgements)

    def kernel_problems(self) -> dict[str, tuple[str, ...]]:
        """Return the ids of the rules that found errors in each kernel, by the path of its directory."""
        found: dict[str, dict[str, None]] = {}
        for item in self.judgements:
            directory = item.finding.data.get("kernel_directory")
            if isinstance(directory, str) and item.severity is Severity.ERROR and not item.finding.is_undecided:
                found.setdefault(directory, {})[item.rule.id] = None
        return {directory: tuple(ids) for directory, ids in found.items()}


_STEPS_OF_A_FINDING: Final = 200
"""The cost of one finding, so that a rule with too many findings is undecided instead of running forever."""


def run(
    subject: Subject | Declaration,
    profiles: Sequence[str] = (CLASSIC,),
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    rules: Iterable[Rule] | None = None,
    severity: Mapping[str, Severity] | None = None,
    waivers: Iterable[Waiver] = (),
    today: date | None = None,
    earlier: Outcome | None = None,
    settled: bool = True,
) -> Outcome:
    """Run the rules and return the outcome; `profiles` are the requested profiles.

    Unless it is `settled`, the image is to be judged for one of them only, and a rule that fails is no error yet.

    For a `Declaration`, whose layers are not read, only the rules that need no layers run. `earlier` is the outcome of
    such a run for the same image; the rules in it do not run again.
    `select` and `ignore` are as for `choose_rules`; `rules` are all rules if None. `severity` overrides the severity of
    the findings of some rules, by the id or the name of the rule. `waivers` are checked against the date `today`; None
    for the current date in UTC.

    Raises:
        RuleError: a rule of one of `profiles` failed, so that its findings are unknown.
        UsageError: `select`, `ignore`, `severity` or a waiver names an unknown rule.
    """
    every = all_rules() if rules is None else tuple(rules)
    waivers = tuple(waivers)
    check_names(every, severity=severity or (), waivers=waivers)
    overrides = {exact_rule(every, key).id: value for key, value in (severity or {}).items()}
    waiving = Waivers(waivers, today=today or datetime.now(UTC).date())
    chosen = choose_rules(every, select=select, ignore=ignore)
    if not isinstance(subject, Subject):
        chosen = tuple(rule for rule in chosen if isinstance(rule, EarlyRule))
    answers: dict[Rule, Answer] = dict(earlier.answers) if earlier is not None else {}
    judgements: list[Judgement] = []
    ran: list[Rule] = []
    not_applicable: list[Rule] = []
    failures: dict[str, str] = {}
    for rule in chosen:
        asked_for = any(profile in rule.severity for profile in profiles)
        if rule not in answers:
            answers[rule] = _run_one(rule, subject)
        found = answers[rule]
        if isinstance(found, RuleError):
            if asked_for and settled:
                raise found
            failures = dict.fromkeys(rule.severity, found.one_line()) | failures
            continue
        if asked_for:
            (not_applicable if found is None else ran).append(rule)
        for item in found or ():
            severities = dict(_severities(rule, item, overrides.get(rule.id)))
            if severities:
                worst = _worst(severities, profiles)
                judgements.append(Judgement(rule, item, worst, severities, waiving.find(rule, item)))
    judgements = link(sorted(with_fingerprints(judgements), key=_order))
    concerned = [not item.severities.keys().isdisjoint(profiles) for item in judgements]
    return Outcome(
        judgements=tuple(compress(judgements, concerned)),
        others=tuple(item for item, asked_for in zip(judgements, concerned, strict=True) if not asked_for),
        profiles=tuple(profiles),
        rules=tuple(ran),
        not_applicable=tuple(not_applicable),
        failures=failures,
        remarks=tuple(waiving.remarks(chosen)),
        answers=answers,
        is_settled=settled,
    )


def _run_one(rule: Rule, subject: Subject | Declaration) -> Answer:
    found: list[Finding] = []
    try:
        return tuple(found) if _ask(rule, subject, found) else None
    except UndecidedError as error:
        message = f"this check could not be completed: {error.message}"
        unknown = Finding(message=message, path=error.path, layer=error.layer, hint=error.hint, kind="undecided")
        return *found, replace(unknown, rule=rule.id)
    except OcianalyzeError as error:
        failure = RuleError(f"rule {rule.id} ({rule.name}) could not be completed: {error.message}", hint=error.hint)
        failure.__cause__ = error
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it is the rule's
        failure = RuleError(
            f"rule {rule.id} ({rule.name}) failed{_place(error)}: {type(error).__name__}: {error}",
            hint=f"Report this bug, or skip the rule with '--ignore {rule.id}'",
        )
        failure.__cause__ = error
    return failure


def _place(error: BaseException) -> str:
    """Return the path in the image that the failing code was working on, as a phrase."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    nodes = (value for frame in reversed(frames) for value in frame.f_locals.values() if isinstance(value, Node))
    node = next(nodes, None)
    return "" if node is None else f" at {node.path}"


def _ask(rule: Rule, subject: Subject | Declaration, found: list[Finding]) -> bool:
    """Add what a rule finds to `found`; return False if there was nothing to check.

    A rule that needs no layers gets the same subject whether or not they have been read.
    """
    if isinstance(rule, EarlyRule):
        declaration = subject.declaration if isinstance(subject, Subject) else subject
        if not rule.applies(declaration):
            return False
        found.extend(rule(declaration))
        return True
    assert isinstance(subject, Subject)  # noqa: S101 - others are not chosen for a declaration
    if not rule.applies(subject):
        return False
    for finding in rule(subject):
        subject.filesystem.spend(_STEPS_OF_A_FINDING)
        found.append(finding)
    return True


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


def _order(item: Judgement) -> tuple[int, float, str, str, str]:
    """Return a key that sorts findings in the order of a Dockerfile; findings about the configuration come last."""
    finding = item.finding
    layer = inf if finding.layer is None else finding.layer
    return item.severity.rank, layer, item.rule.id, finding.path or "", finding.message
