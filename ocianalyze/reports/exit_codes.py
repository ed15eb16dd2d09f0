"""What a report means for pipelines: the exit code of whoever scanned the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.reports.report import FindingReport, Report

EXIT_FOUND: Final = 1
EXIT_NOT_ANALYSED: Final = 3

_RANKS: Final = {"error": 0, "warning": 1, "note": 2, "never": -1}


def exit_code(report: Report) -> int:
    """Return 1 if something was found that is severe enough, 3 if something that may be was not decided, else 0.

    What a baseline has already does not count; what is not decided always does.
    """
    code = exit_code_of(report.findings, report.request.fail_on)
    is_open = report.verdict in ("undecided", "error") or (
        report.baseline is not None and not report.baseline.comparable
    )
    return EXIT_NOT_ANALYSED if not code and is_open else code


def exit_code_of(findings: Iterable[FindingReport], fail_on: str) -> int:
    """Return the exit code for findings alone."""
    counted = (item for item in findings if item.waived is None and _RANKS[item.severity] <= _RANKS[fail_on])
    severe = {item.kind for item in counted if item.baseline != "known" or item.kind == "undecided"}
    if "finding" in severe:
        return EXIT_FOUND
    return EXIT_NOT_ANALYSED if severe else 0
