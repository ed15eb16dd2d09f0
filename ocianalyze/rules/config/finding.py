"""Findings about the AppImageConfig: all name the place in it, and there are never too many of them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.app_image_config import violations
from ocianalyze.rules.rule import Declaration, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.api_shapes import Violation

_MOST: Final = 20


def is_given(subject: Declaration) -> bool:
    """Return whether there is an AppImageConfig to check."""
    return subject.app_image_config is not None


def about_members(subject: Declaration, *members: str, hint: str, missing: Severity | None = None) -> Iterator[Finding]:
    """Yield a finding for each of the first violations of the API in `members`.

    `missing` is how bad it is if a member of the config itself is left out.
    """
    for violation in islice(violations(subject.app_image_config, *members), _MOST):
        yield about(violation, hint=hint, severity=missing if _is_left_out(violation) else None)


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
