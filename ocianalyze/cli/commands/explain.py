"""``ocianalyze explain``: print the page of a rule or a profile."""

from __future__ import annotations

from typing import Annotated

import typer

from ocianalyze.cli.completion import complete_pages
from ocianalyze.cli.options import Color, ColorChoice
from ocianalyze.cli.output import screen


def explain(
    *,
    rule: Annotated[
        str,
        typer.Argument(
            metavar="RULE",
            help="Id or name of a rule, such as KRN006, or a profile.",
            autocompletion=complete_pages,
        ),
    ],
    color: ColorChoice = None,
) -> None:
    """Show the page of a rule (what it checks, why it matters, how to fix it) or of a profile (clause by clause)."""
    from ocianalyze.reports import catalogue

    catalogue.print_page(rule, screen(color or Color.AUTO))
