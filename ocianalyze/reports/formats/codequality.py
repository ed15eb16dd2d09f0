"""GitLab's code quality report.

Source: GitLab, "Code Quality", "Implement a custom tool". Equal fingerprints show as one; ``check_name`` is not shown.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.reports.formats.findings import counted, failure_text, placed, text_of, title, uri_of
from ocianalyze.reports.text import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.reports.report import Report, Severity

_SEVERITIES: Final[dict[Severity, str]] = {"error": "critical", "warning": "minor", "note": "info"}
_NOT_ANALYSED: Final = "not-analysed"


def write(report: Report) -> bytes:
    """Return the report as a JSON array, empty if nothing was found."""
    return to_json(list(_issues(report)), indent=True) + b"\n"


def part(report: Report, name: str) -> bytes:
    """Return the issues of one of several images, with commas between them: what two images have are two issues."""
    issues = list(_issues(report))
    for issue in issues:
        issue["fingerprint"] = sha256(f"{issue['fingerprint']}\n{name}".encode()).hexdigest()
    return b",\n".join(map(to_json, issues))


def _issues(report: Report) -> Iterator[dict[str, Any]]:
    if report.error is not None:
        uri = uri_of("", report)
        yield _issue(_NOT_ANALYSED, failure_text(report), f"{_NOT_ANALYSED}:{uri}", "blocker", uri, 1)
    for place in placed(counted(report), report):
        for finding in place.findings:
            description = f"{title(finding)}: {text_of(finding).replace(chr(10), '. ')}"
            check, severity = f"{finding.rule} {finding.name}", _SEVERITIES[finding.severity]
            yield _issue(check, description, finding.fingerprint, severity, place.uri, place.line)


def _issue(check: str, description: str, fingerprint: str, severity: str, path: str, line: int) -> dict[str, Any]:
    return {
        "description": description,
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": line}},
    }
