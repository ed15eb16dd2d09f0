"""Waivers: findings that somebody has looked at and accepts, with a reason and perhaps until a day.

A waived finding is shown and counted, and decides nothing. An expired waiver no longer applies, and is reported; so is
one that matches nothing, because what it was for may be mended, or its path misspelt. What a rule could not decide is
accepted only until a day: somebody has to look again, because nobody knows what is accepted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from ocianalyze.layers.contents.globs import PathPattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from ocianalyze.rules.rule import Finding, Rule


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One of them.

    Attributes:
        rule: the id or the name of the rule.
        reason: why what it finds is accepted.
        path: which paths; ``*`` stands for no ``/``, ``**`` between slashes for any directories, a trailing ``/**`` for
            all that lies beneath. None for every finding of the rule.
        expires: the last day on which it applies; None for ever.
        origin: where it stands, for messages.
    """

    rule: str
    reason: str
    path: str | None = None
    expires: date | None = None
    origin: str = "a waiver"

    @cached_property
    def _glob(self) -> PathPattern | None:
        return None if self.path is None else PathPattern(self.path)

    def matches(self, rule: Rule, finding: Finding) -> bool:
        """Return whether it is about `finding` of `rule`."""
        if self.rule.casefold() not in (rule.id.casefold(), rule.name):
            return False
        return self._glob is None or (finding.path is not None and self._glob.matches(finding.path))


class Remark(NamedTuple):
    """What is to be said of a waiver itself."""

    code: Literal["waiver-expired", "waiver-unused", "waiver-undated"]
    message: str


class Waivers:
    """The waivers of one run, which remembers those that matched."""

    def __init__(self, waivers: Iterable[Waiver], *, today: date) -> None:
        every = tuple(waivers)
        self._valid = tuple(item for item in every if item.expires is None or item.expires >= today)
        self._expired = tuple(item for item in every if item.expires is not None and item.expires < today)
        self._matched: Counter[int] = Counter()
        self._undated: dict[int, None] = {}

    def find(self, rule: Rule, finding: Finding) -> Waiver | None:
        """Return the waiver for a finding, if there is one that has not expired."""
        for position, waiver in enumerate(self._valid):
            if waiver.matches(rule, finding):
                self._matched[position] += 1
                if not finding.is_undecided or waiver.expires is not None:
                    return waiver
                self._undated[position] = None
        return None

    def remarks(self, rules: Sequence[Rule]) -> Iterator[Remark]:
        """Yield what is to be said of the waivers of `rules`, those that ran."""
        ran = {name for rule in rules for name in (rule.id.casefold(), rule.name)}
        for waiver in self._expired:
            yield Remark("waiver-expired", f"{_what(waiver)} expired on {waiver.expires} and no longer applies")
        for position in self._undated:
            what = _what(self._valid[position])
            yield Remark("waiver-undated", f"{what} needs 'expires' to accept a check that could not be completed")
        for position, waiver in enumerate(self._valid):
            if waiver.rule.casefold() in ran and not self._matched[position]:
                yield Remark("waiver-unused", f"{_what(waiver)} matches no finding")


def _what(waiver: Waiver) -> str:
    place = f" for {waiver.path}" if waiver.path else ""
    return f"{waiver.origin} of {waiver.rule}{place} ({waiver.reason})"
