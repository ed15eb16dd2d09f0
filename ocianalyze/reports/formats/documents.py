"""The whole report as JSON, schema ``ocianalyze.report/1``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocianalyze.reports.report import Report


def write(report: Report) -> bytes:
    """Return the report as indented JSON with a newline at its end."""
    return report.to_json()
