"""``ocianalyze convert``: write a stored report in other formats, without the image."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads it
from typing import Annotated

import typer

from ocianalyze.cli.extras import BaselineFile, Dockerfile, DocsUrl, read_extras
from ocianalyze.cli.files import STDIN, read_report
from ocianalyze.cli.options import Color, ColorChoice, FailOnChoice, Formats, Outputs, Quiet
from ocianalyze.cli.output import pair_outputs, usual_formats, write_reports
from ocianalyze.reports.exit_codes import exit_code


def convert(
    ctx: typer.Context,
    *,
    report: Annotated[
        Path,
        typer.Argument(metavar="REPORT", help="Report that 'scan --format json' wrote; '-' for standard input."),
    ],
    format_: Formats = None,
    output: Outputs = None,
    dockerfile: Dockerfile = None,
    baseline: BaselineFile = None,
    docs_url: DocsUrl = None,
    fail_on: FailOnChoice = None,
    quiet: Quiet = False,
    color: ColorChoice = None,
) -> None:
    """Write a stored REPORT in other formats; no image is needed. The exit code is that of the scan."""
    usual = usual_formats(ctx, format_)
    outputs = pair_outputs([] if usual else format_ or [], output or [], usual=usual, inputs=[dockerfile])
    extras = read_extras(dockerfile, baseline, docs_url, stdin_is="the report" if report == STDIN else None)
    stored = read_report(report)
    if fail_on is not None:
        stored = stored.model_copy(update={"request": stored.request.model_copy(update={"fail_on": fail_on.value})})
    stored = extras.add_to(stored)
    write_reports(stored, outputs, color or Color.AUTO, quiet=quiet)
    raise typer.Exit(exit_code(stored))
