"""The whole report as JSON, schema ``ocianalyze.fleet/1``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocianalyze.fleet.report.document import FleetReport


def write(report: FleetReport) -> bytes:
    """Return the report as indented JSON with a newline at its end."""
    return report.to_json()
