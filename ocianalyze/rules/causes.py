"""Links findings to their causes: findings with the same cause count once, and need one fix.

A rule can state the culprit of a finding, or the culprit that the finding is a consequence of
(`ocianalyze.rules.rule.Finding`). A directory that the user cannot enter counts as one finding, however many kernels
and commands it breaks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.rules.judgement import Judgement


def link(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Return the judgements in the same order, but with each consequence after its cause, to which it refers.

    Waived and undecided judgements are neither causes nor consequences, and no consequence is itself a cause. A finding
    that states one path as its culprit and as what it follows from is a cause only if no other finding is.
    """
    causes: dict[str, Judgement] = {}
    for item in judgements:
        if item.finding.culprit is not None and item.finding.because is None and _counts(item):
            causes.setdefault(item.finding.culprit, item)
    for item in judgements:
        if item.finding.culprit is not None and item.finding.because == item.finding.culprit and _counts(item):
            causes.setdefault(item.finding.culprit, item)
    consequences: dict[int, list[Judgement]] = {}
    others: list[Judgement] = []
    for item in judgements:
        cause = _cause(item, causes)
        if cause is None:
            others.append(item)
        else:
            consequences.setdefault(id(cause), []).append(item._replace(cause=cause))
    return [one for item in others for one in (item, *consequences.get(id(item), ()))]


def _cause(item: Judgement, causes: dict[str, Judgement]) -> Judgement | None:
    """Return the cause of a judgement: one with the culprit that it refers to, or the rule's first with its own.

    What is less severe than a judgement does not explain it.
    """
    finding = item.finding
    cause = causes.get(finding.because or finding.culprit or "") if _counts(item) else None
    if cause is None or cause is item or cause.severity.rank > item.severity.rank:
        return None
    if cause.finding.because is not None and cause.severities.keys().isdisjoint(item.severities):
        return None
    return cause if finding.because is not None or cause.rule is item.rule else None


def _counts(item: Judgement) -> bool:
    return item.waiver is None and not item.finding.is_undecided
