"""Waivers: findings that somebody has checked and accepts, with a reason and optionally until a date.

A waived finding is shown and counted, but does not affect the verdict. An expired waiver no longer applies, and is
reported. A waiver that matches nothing is reported, too: the problem may be fixed, or the path misspelled. A check that
could not be completed can be waived only until a date, because nobody knows what it would have found.
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
    """An accepted finding.

    Attributes:
        rule: the id or the name of the rule.
        reason: why the finding is accepted.
        path: the paths that it applies to; ``*`` matches everything but ``/``, ``**`` between slashes any directories,
            and a trailing ``/**`` everything below. None for every finding of the rule.
        expires: the last day on which it applies; None for no expiry.
        origin: where it is defined, for messages.
    """

    rule: str
    reason: str
    path: str | None = None
    expires: date | None = None
    origin: str = "waiver"

    @cached_property
    def _glob(self) -> PathPattern | None:
        return None if self.path is None else PathPattern(self.path)

    def matches(self, rule: Rule, finding: Finding) -> bool:
        """Return whether it applies to `finding` of `rule`."""
        if self.rule.casefold() not in (rule.id.casefold(), rule.name):
            return False
        return self._glob is None or (finding.path is not None and self._glob.matches(finding.path))


class Remark(NamedTuple):
    """A remark about a waiver itself."""

    code: Literal["waiver-expired", "waiver-unused", "waiver-undated"]
    message: str


class Waivers:
    """The waivers of one run, and which of them matched."""

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
        """Yield the remarks about the waivers for `rules`, the rules that ran."""
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
    place = f" at {waiver.path}" if waiver.path else ""
    return f"{waiver.origin} for {waiver.rule}{place} ({waiver.reason})"
