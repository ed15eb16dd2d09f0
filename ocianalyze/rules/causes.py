"""Which findings follow from others: what has one cause counts once, and is mended once.

A rule says of a finding which path is the culprit, or because of which culprit it is made
(`ocianalyze.rules.rule.Finding`). A directory that the user may not enter is one finding, however many kernels and
commands it breaks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.rules.judgement import Judgement


def link(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Return the judgements, sorted as they are, with each consequence behind its cause, which it names.

    What is waived or undecided neither causes anything nor is a consequence.
    """
    causes: dict[str, Judgement] = {}
    for item in judgements:
        if item.finding.culprit is not None and _counts(item):
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
    """Return what a judgement follows from: another that names the culprit, or the same rule's first that does."""
    if not _counts(item):
        return None
    if item.finding.because is not None:
        return causes.get(item.finding.because)
    cause = causes.get(item.finding.culprit or "")
    return cause if cause is not None and cause is not item and cause.rule is item.rule else None


def _counts(item: Judgement) -> bool:
    return item.waiver is None and not item.finding.is_undecided
