"""What a finding comes to: how bad it is for each profile, whether it was waived, and what it follows from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.rules.rule import Finding, Rule, Severity
    from ocianalyze.rules.waivers import Waiver


class Judgement(NamedTuple):
    """A finding and how bad it is; of one that is undecided, how bad it may be.

    Attributes:
        rule: the rule that found it.
        finding: what it found.
        severity: how bad it is for that one of the profiles asked for for which it is worst; if it concerns none of
            them, for the worst of those that it does.
        severities: how bad it is for each profile that it concerns.
        waiver: why it decides nothing, if it was waived.
        cause: the judgement that it is a consequence of, if it is one: then the two count as one.
    """

    rule: Rule
    finding: Finding
    severity: Severity
    severities: Mapping[str, Severity]
    waiver: Waiver | None = None
    cause: Judgement | None = None

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that it concerns."""
        return tuple(self.severities)

    @property
    def url(self) -> str | None:
        """Where the rule's page is, if it has one."""
        return self.rule.url
