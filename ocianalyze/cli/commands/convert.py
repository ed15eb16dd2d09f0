"""``ocianalyze convert``: write a stored report in other formats, without the image."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads it
from typing import Annotated

import typer

from ocianalyze.cli.exits import exit_code
from ocianalyze.cli.input import read_dockerfile, read_report
from ocianalyze.cli.options import OUTPUT, BaselineFile, Color, ColorChoice, Dockerfile, FailOnChoice, Formats, Outputs
from ocianalyze.cli.output import pair_outputs, with_lines, write_reports


def convert(
    *,
    report: Annotated[
        Path,
        typer.Argument(metavar="REPORT", help="Report that 'scan --format json' wrote; '-' for standard input."),
    ],
    format_: Formats = None,
    output: Outputs = None,
    dockerfile: Dockerfile = None,
    baseline: BaselineFile = None,
    fail_on: FailOnChoice = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print no report; only set the exit code.", rich_help_panel=OUTPUT)
    ] = False,
    color: ColorChoice = None,
) -> None:
    """Write a stored REPORT in other formats; no image is needed. The exit code is that of the scan."""
    outputs = pair_outputs(format_ or [], output or [])
    text = read_dockerfile(dockerfile)
    stored = read_report(report)
    if fail_on is not None:
        stored = stored.model_copy(update={"request": stored.request.model_copy(update={"fail_on": fail_on.value})})
    stored = with_lines(stored, text, dockerfile)
    if baseline is not None:
        from ocianalyze.reports.baseline import compare

        stored = compare(stored, read_report(baseline), what=str(baseline))
    write_reports(stored, outputs, color or Color.AUTO, quiet=quiet)
    raise typer.Exit(exit_code(stored))
