"""The report on an image that could not be analysed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ocianalyze.regex import regex
from ocianalyze.reports import report as form
from ocianalyze.reports.shortening import short

if TYPE_CHECKING:
    from ocianalyze.errors import OcianalyzeError
    from ocianalyze.rules.policy import Policy

_WORD: Final = regex(r"(?<=[a-z])(?=[A-Z])", re.ASCII)


def failure_report(error: OcianalyzeError, reference: str, policy: Policy) -> form.Report:
    """Return the report that says why there is no other one; its verdict is ``error``."""
    now = datetime.now(UTC)
    return form.Report(
        image=form.ImageSummary(
            reference=reference, source=None, names=[], digest=None, config_digest=None, platform="", created=None
        ),
        error=form.Failure(
            code=_WORD.sub("-", type(error).__name__.removesuffix("Error")).lower(),
            message=short(error.message),
            hint=short(error.hint),
            reference=reference,
        ),
        request=form.Request(
            profiles=list(policy.profiles or ()),
            profiles_reason="requested" if policy.profiles else "",
            fail_on=policy.fail_on,
            select=list(policy.select),
            ignore=list(policy.ignore),
        ),
        verdict="error",
        profiles={},
        summary=form.Summary(errors=0, warnings=0, notes=0, undecided=0, waived=0, rules=0, not_applicable=0),
        findings=[],
        other_findings=[],
        facts=None,
        layers=[],
        diagnostics=[],
        timing=form.Timing(
            started=now.strftime(form.MOMENT), seconds=0, bytes_read=0, bytes_hashed=0, phases={}, layers=[]
        ),
    )
