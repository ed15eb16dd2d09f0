"""``ocianalyze fleet report``: show what came of a fleet."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from ocianalyze.cli.growing import write_file
from ocianalyze.cli.options import OUTPUT, Color, ColorChoice, FleetFormat, one_of
from ocianalyze.cli.output import STDOUT, screen
from ocianalyze.errors import UsageError

ResultsFile = Annotated[
    Path,
    typer.Argument(metavar="RESULTS", help="Results file that 'ocianalyze fleet' wrote.", show_default=False),
]
Form = Annotated[
    FleetFormat | None,
    typer.Option(
        "--format",
        "-f",
        help="Format of the report; csv and parquet have a row for each image.",
        show_default="by the suffix of --output, else table",
        rich_help_panel=OUTPUT,
        **one_of(FleetFormat),
    ),
]
Output = Annotated[
    Path,
    typer.Option(
        "--output", "-o", metavar="FILE", help="File for the report ('-': standard output).", rich_help_panel=OUTPUT
    ),
]
RunNumber = Annotated[
    int | None,
    typer.Option(
        "--run", metavar="N", help="Run to report on, as in the results file.", show_default="the newest", min=1
    ),
]
ImageReport = Annotated[
    str | None,
    typer.Option(
        "--image", metavar="REFERENCE", help="Print the JSON report of this image instead.", rich_help_panel=OUTPUT
    ),
]
_SUFFIXES = {f".{form.value}": form for form in FleetFormat if form is not FleetFormat.TABLE}


def fleet_report(
    *,
    results: ResultsFile,
    format_: Form = None,
    output: Output = STDOUT,
    run: RunNumber = None,
    image: ImageReport = None,
    color: ColorChoice = None,
) -> None:
    """Show what came of a fleet: verdicts, causes, drivers, sizes, and what changed since the run before."""
    from contextlib import closing

    from ocianalyze.fleet.report import ask, print_table, render
    from ocianalyze.fleet.results.database import open_to_read
    from ocianalyze.fleet.results.stored import stored_report

    form: FleetFormat = format_ or _SUFFIXES.get(output.suffix.lower()) or FleetFormat.TABLE
    with closing(open_to_read(results)) as database:
        if image is not None:
            if form not in (FleetFormat.TABLE, FleetFormat.JSON):
                raise UsageError(
                    f"--image prints JSON, not {form.value}",
                    hint="Convert it: ocianalyze fleet report RESULTS --image IMAGE | ocianalyze convert - -f html",
                )
            _write(stored_report(database, image, run), output)
            return
        report = ask(database, run)
    if form is FleetFormat.TABLE and output == STDOUT:
        print_table(report, screen(color or Color.AUTO))
        return
    if form is FleetFormat.TABLE:
        with io.StringIO() as text:
            print_table(report, screen(Color.NEVER, text))
            _write(text.getvalue().encode(), output)
        return
    if form is FleetFormat.PARQUET and output == STDOUT and sys.stdout.isatty():
        raise UsageError("parquet is not for a terminal", hint="Write it to a file with --output")
    _write(render(report, form.value), output)


def _write(content: bytes, output: Path) -> None:
    if output == STDOUT:
        sys.stdout.buffer.write(content)
    else:
        write_file(output, content)
