"""The JSON Schema of the report on a fleet."""

from __future__ import annotations

from typing import Any

from ocianalyze.fleet.report import document
from ocianalyze.reports.schema import schema_of


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a `FleetReport`."""
    return schema_of(document, "FleetReport")
