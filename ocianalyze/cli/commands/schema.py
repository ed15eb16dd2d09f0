"""``ocianalyze schema``: print the JSON Schema of a document."""

from __future__ import annotations

from typing import Annotated

import typer

from ocianalyze.cli.output import print_json


def schema(
    document: Annotated[
        str,
        typer.Argument(metavar="DOCUMENT", help="What the schema is for: report (of 'scan'), size or diff."),
    ] = "report",
) -> None:
    """Print the JSON Schema of a document that commands write."""
    from ocianalyze.reports.schema import DOCUMENTS, json_schema
    from ocianalyze.settings.values import choose

    print_json(json_schema(choose(document, DOCUMENTS)))
