"""``ocianalyze explain``: print the page of a rule or a profile."""

from __future__ import annotations

from typing import Annotated

import typer

from ocianalyze.cli.options import Color, ColorChoice
from ocianalyze.cli.output import screen


def explain(
    *,
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="An id or a name of a rule, such as KRN006, or a profile.")
    ],
    color: ColorChoice = None,
) -> None:
    """Print the page of a rule: what it checks, why it matters, how to fix it. Or that of a profile: its clauses."""
    from ocianalyze.reports import catalogue

    catalogue.print_page(rule, screen(color or Color.AUTO))
