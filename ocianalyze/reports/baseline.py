"""A report compared with an earlier one: which findings are new, and which are known.

A finding is known if the earlier report has one of the same fingerprint that was no less severe for each profile that
was asked for, and that no waiver accepted. What was undecided then and is a finding now is new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UsageError
from ocianalyze.reports.report import Baseline, DiagnosticReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.reports.report import FindingReport, Report, Severity

_REQUESTED: Final = "requested"
_RANKS: Final[Sequence[Severity]] = ("error", "warning", "note")


def compare(report: Report, earlier: Report, *, what: str = "the baseline") -> Report:
    """Return the report with a mark at each finding, and the number of those that are new, known and fixed.

    Raises:
        UsageError: the earlier report has no findings because its image could not be analysed; `what` names it.
    """
    if earlier.error is not None:
        raise UsageError(
            f"{what} is no baseline: its image could not be analysed", hint="Give the report on an analysed image"
        )
    before = {item.fingerprint: item for item in (*earlier.findings, *earlier.other_findings) if item.waived is None}
    profiles = report.request.profiles
    marked = [
        finding.model_copy(update={"baseline": "known" if _is_known(finding, before, profiles) else "new"})
        for finding in report.findings
    ]
    now = {item.fingerprint for item in (*report.findings, *report.other_findings)}
    counted = [finding for finding in marked if finding.waived is None]
    known = sum(finding.baseline == "known" for finding in counted)
    fixed = sum(
        fingerprint not in now and not item.severities.keys().isdisjoint(profiles)
        for fingerprint, item in before.items()
    )
    remark = None if report.request.profiles_reason == _REQUESTED else remark_on_profiles(earlier, report)
    baseline = Baseline(report=what, new=len(counted) - known, known=known, fixed=fixed, comparable=remark is None)
    remarks = [] if remark is None else [DiagnosticReport(code="baseline-differs", message=remark)]
    return report.model_copy(
        update={"findings": marked, "baseline": baseline, "diagnostics": [*report.diagnostics, *remarks]}
    )


def remark_on_profiles(earlier: Report, report: Report) -> str | None:
    """Return what is to be known if two reports are about different apps; None if they are about the same."""
    before, now = (", ".join(sorted(item.request.profiles)) for item in (earlier, report))
    if before == now:
        return None
    return f"the earlier image was judged as {before}, this one as {now}: name the app with --profile"


def _is_known(finding: FindingReport, before: dict[str, FindingReport], profiles: Sequence[str]) -> bool:
    old = before.get(finding.fingerprint)
    if old is None or (old.kind == "undecided" and finding.kind == "finding"):
        return False
    return all(
        profile in old.severities and _RANKS.index(old.severities[profile]) <= _RANKS.index(severity)
        for profile, severity in finding.severities.items()
        if profile in profiles
    )
