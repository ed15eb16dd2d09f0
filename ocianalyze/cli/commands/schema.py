"""``ocianalyze schema``: print the JSON Schema of a document."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from ocianalyze.cli.output import print_json

_FLEET: Final = "fleet"
"""The report on a fleet, which stands above the reports on single images."""


def schema(
    document: Annotated[
        str,
        typer.Argument(metavar="DOCUMENT", help="What the schema is for: report (of 'scan'), size, diff or fleet."),
    ] = "report",
) -> None:
    """Print the JSON Schema of a document that commands write."""
    from ocianalyze.reports.schema import DOCUMENTS, json_schema
    from ocianalyze.settings.values import choose

    chosen = choose(document, [*DOCUMENTS, _FLEET])
    if chosen != _FLEET:
        print_json(json_schema(chosen))
        return
    from ocianalyze.fleet.report.schema import json_schema as schema_of_fleet

    print_json(schema_of_fleet())
