"""The whole report as JSON, schema ``ocianalyze.report/1``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.reports.report import as_json
from ocianalyze.reports.text import to_json

if TYPE_CHECKING:
    from ocianalyze.reports.report import Report


def write(report: Report) -> bytes:
    """Return the report as indented JSON with a newline at its end."""
    return report.to_json()


def part(report: Report, name: str) -> bytes:  # noqa: ARG001 - as every part has it
    """Return the report as JSON on a line of its own."""
    return to_json(as_json(report)) + b"\n"
