"""``ocianalyze rules``: list the rules."""

from __future__ import annotations

from ocianalyze.cli.options import Color, ColorChoice, Format, Output
from ocianalyze.cli.output import print_json, screen


def rules(*, format_: Output = Format.TABLE, color: ColorChoice = Color.AUTO) -> None:
    """List all rules, a line each."""
    from ocianalyze.reports import catalogue

    if format_ is Format.JSON:
        print_json(catalogue.records())
    else:
        catalogue.print_rules(screen(color or Color.AUTO))
