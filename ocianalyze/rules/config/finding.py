"""Findings about the AppImageConfig: each names the place in it, and their number is limited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.registration import violations
from ocianalyze.rules.rule import Declaration, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.registration import Violation

_SHOWN: Final = 20


def is_given(subject: Declaration) -> bool:
    """Return whether there is an AppImageConfig to check."""
    return subject.app_image_config is not None


def about_members(subject: Declaration, *members: str, hint: str, missing: Severity | None = None) -> Iterator[Finding]:
    """Yield a finding for each violation of the API in `members`, and one for those over the limit.

    `missing` is the severity if a member of the config itself is missing.
    """
    found = list(violations(subject.app_image_config, *members))
    for violation in found[:_SHOWN]:
        yield about(violation, hint=hint, severity=missing if _is_left_out(violation) else None)
    if len(found) > _SHOWN:
        rest = found[_SHOWN:]
        yield Finding(message=f"{len(rest):,} more problems like these, starting at {rest[0].where}", hint=hint)


def about(violation: Violation, *, hint: str, severity: Severity | None = None) -> Finding:
    """Return the finding about one violation."""
    return Finding(
        message=f"{violation.where} {violation.problem}",
        hint=violation.hint or hint,
        severity=severity,
        data={"place": violation.where},
    )


def _is_left_out(violation: Violation) -> bool:
    return violation.kind == "missing" and len(violation.place) == 1
