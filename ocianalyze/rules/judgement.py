"""The judgement of a finding: its severity for each profile, its waiver, and its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.rules.rule import Finding, Rule, Severity
    from ocianalyze.rules.waivers import Waiver


class Judgement(NamedTuple):
    """A finding and its severity; for an undecided finding, the severity that it may have.

    Attributes:
        rule: the rule that found it.
        finding: the finding.
        severity: its highest severity for the requested profiles; if it applies to none of them, its highest severity
            for any profile.
        severities: its severity for each profile that it applies to.
        waiver: the waiver that applies to it, or None. A waived finding does not count.
        cause: the judgement that it is a consequence of, or None. A judgement and its consequences count as one.
        fingerprint: what identifies it in the report on another build (`ocianalyze.rules.fingerprints`).
    """

    rule: Rule
    finding: Finding
    severity: Severity
    severities: Mapping[str, Severity]
    waiver: Waiver | None = None
    cause: Judgement | None = None
    fingerprint: str = ""

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that it applies to."""
        return tuple(self.severities)

    @property
    def url(self) -> str | None:
        """The URL of the rule's page, or None."""
        return self.rule.url
