"""``ocianalyze schema``: print the JSON Schema of the report."""

from __future__ import annotations

from ocianalyze.cli.output import print_json


def schema() -> None:
    """Print the JSON Schema of the report."""
    from ocianalyze.reports.schema import json_schema

    print_json(json_schema())
