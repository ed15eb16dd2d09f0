"""``ocianalyze convert``: write a stored report in other formats, without the image."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import Annotated, Final

import typer

from ocianalyze.cli.exits import exit_code
from ocianalyze.cli.input import read_dockerfile
from ocianalyze.cli.options import OUTPUT, Color, ColorChoice, Dockerfile, FailOnChoice, Formats, Outputs
from ocianalyze.cli.output import STDOUT, pair_outputs, with_lines, write_reports
from ocianalyze.errors import UsageError

_LARGEST: Final = 256 << 20
"""The maximum size of a stored report, in bytes; that of an image of 35 GB has about 100 kB."""


def convert(
    *,
    report: Annotated[
        Path,
        typer.Argument(metavar="REPORT", help="Report that 'scan --format json' wrote; '-' for standard input."),
    ],
    format_: Formats = None,
    output: Outputs = None,
    dockerfile: Dockerfile = None,
    fail_on: FailOnChoice = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print no report; only set the exit code.", rich_help_panel=OUTPUT)
    ] = False,
    color: ColorChoice = None,
) -> None:
    """Write a stored REPORT in other formats; no image is needed. The exit code is that of the scan."""
    outputs = pair_outputs(format_ or [], output or [])
    text = read_dockerfile(dockerfile)
    from ocianalyze.reports.report import Report

    stored = Report.from_json(_read(report), what=str(report))
    if fail_on is not None:
        stored = stored.model_copy(update={"request": stored.request.model_copy(update={"fail_on": fail_on.value})})
    stored = with_lines(stored, text, dockerfile)
    write_reports(stored, outputs, color or Color.AUTO, quiet=quiet)
    raise typer.Exit(exit_code(stored))


def _read(file: Path) -> bytes:
    try:
        if file == STDOUT:
            content = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with file.open("rb") as stream:
                content = stream.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    if len(content) > _LARGEST:
        raise UsageError(f"{file} is larger than {_LARGEST:,} bytes, so it is no report of ocianalyze")
    return content
