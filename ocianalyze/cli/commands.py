"""The commands: each parses its options, calls, and prints."""

from __future__ import annotations

import logging
import sys
from pathlib import Path  # noqa: TC003 - typer evaluates annotations
from typing import Annotated, Final

import typer

from ocianalyze import __version__
from ocianalyze.cli import EXIT_NOT_ANALYSED
from ocianalyze.cli.input import open_source, read_app_image_config
from ocianalyze.cli.options import (
    AppImageConfigFile,
    Color,
    ColorChoice,
    DriverVersion,
    FailOn,
    Format,
    Image,
    ImageName,
    Jobs,
    Output,
    Platform,
    SizeLimit,
    Verify,
    with_limits,
)
from ocianalyze.cli.output import STDOUT, console, print_json, print_json_line, write_reports
from ocianalyze.errors import UsageError
from ocianalyze.layers.limits import Limits  # noqa: TC001 - typer evaluates annotations
from ocianalyze.reports.text import printable

_EXIT_CODES: Final = {"pass": 0, "fail": 1, "error": EXIT_NOT_ANALYSED}
_EPILOG = """Exit codes: 0 the image conforms, 1 findings at or above --fail-on, 2 wrong usage, 3 the image could not
be analysed, 4 a registry could not be reached or refused."""

app = typer.Typer(
    name="ocianalyze",
    help="Tells whether a container image will work in SageMaker Studio, before it is pushed.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command(epilog=_EPILOG)
@with_limits
def scan(
    *,
    image: Image,
    profile: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Which profile decides (repeatable).", envvar="OCIANALYZE_PROFILE"),
    ] = None,
    platform: Platform = None,
    image_name: ImageName = None,
    select: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Only these rules; ids or prefixes.")] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Not these rules; ids or prefixes.")] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="The least severity that gives exit code 1.", envvar="OCIANALYZE_FAIL_ON")
    ] = FailOn.ERROR,
    format_: Annotated[
        list[Format] | None, typer.Option("--format", "-f", help="How to report (repeatable).", show_default="table")
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output", "-o", help="Where to write the report of the --format at the same place ('-': stdout)."
        ),
    ] = None,
    app_image_config: AppImageConfigFile = None,
    size_limit: SizeLimit = None,
    driver_version: DriverVersion = None,
    verify: Verify = False,
    jobs: Jobs = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no report; the exit code tells.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say on standard error what is done.")] = False,
    color: ColorChoice = Color.AUTO,
    limits: Limits,
) -> None:
    """Tell whether IMAGE will work in SageMaker Studio; if not: what, where, which build step, and how to fix it."""
    from ocianalyze.analysis import DEFAULT_PROFILE, analyze
    from ocianalyze.rules.rule import SIZE_LIMIT

    if verbose:
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, format="%(name)s: %(message)s")
    formats = format_ or [Format.TABLE]
    outputs = [*(output or []), *[STDOUT] * (len(formats) - len(output or []))]
    if len(outputs) > len(formats):
        raise UsageError(
            f"{len(outputs)} --output for {len(formats)} --format", hint="give one --format for each --output"
        )
    source = open_source(image, platform, image_name, limits, verify=verify, jobs=jobs)
    report = analyze(
        source,
        profiles=profile or [DEFAULT_PROFILE],
        select=select or (),
        ignore=ignore or (),
        fail_on=fail_on,
        app_image_config=read_app_image_config(app_image_config, image=image) if app_image_config else None,
        size_limit=SIZE_LIMIT if size_limit is None else size_limit,
        driver_version=driver_version,
    )
    write_reports(report, zip(formats, outputs, strict=True), color, quiet=quiet)
    raise typer.Exit(_EXIT_CODES[report.verdict])


@app.command("inspect", epilog=_EPILOG)
@with_limits
def inspect_(
    *,
    image: Image,
    platform: Platform = None,
    image_name: ImageName = None,
    format_: Output = Format.TABLE,
    color: ColorChoice = Color.AUTO,
    limits: Limits,
) -> None:
    """Show what IMAGE is: platform, configuration, layers with their sizes and build steps. No layer is read."""
    from ocianalyze.reports import inspection

    with open_source(image, platform, image_name, limits).open(read_layers=False) as opened:
        if format_ is Format.JSON:
            print_json(inspection.record(opened))
        else:
            inspection.print_image(opened, console(color))


@app.command(epilog=_EPILOG)
@with_limits
def files(
    *,
    image: Image,
    glob: Annotated[
        str | None,
        typer.Argument(
            metavar="[GLOB]", help="Absolute paths to show: '*' stands for no '/', a leading '**/' for any directory."
        ),
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Show which layers wrote, changed or deleted each path.")
    ] = False,
    platform: Platform = None,
    image_name: ImageName = None,
    format_: Output = Format.TABLE,
    jobs: Jobs = None,
    limits: Limits,
) -> None:
    """List the files that a container of IMAGE would see: mode, owner, size, layer, path."""
    from ocianalyze.reports import listing

    source = open_source(image, platform, image_name, limits, jobs=jobs)
    with source.open() as opened:
        layers, _ = source.read(opened)
        filesystem = source.merge(layers)
    if history:
        steps = [layer.created_by for layer in opened.layers]
        records = listing.histories(filesystem, steps, glob)
        lines = listing.history_lines(filesystem, steps, glob)
    else:
        records = listing.records(filesystem, glob)
        lines = listing.lines(filesystem, glob)
    found = False
    for item in records if format_ is Format.JSON else lines:
        found = True
        print_json_line(item) if isinstance(item, dict) else typer.echo(item)
    if not found and glob is not None:
        raise UsageError(
            f"nothing in the image matches {glob}",
            hint="a pattern is an absolute path, such as '/opt/**' or '**/kernel.json'",
        )


@app.command("app-image-config", epilog=_EPILOG)
@with_limits
def app_image_config_(
    *,
    image: Image,
    profile: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Which application it is for.", show_default="studio-classic"),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What it is called.", show_default="after the image")
    ] = None,
    platform: Platform = None,
    image_name: ImageName = None,
    jobs: Jobs = None,
    limits: Limits,
) -> None:
    """Write the AppImageConfig that fits IMAGE, for 'aws sagemaker create-app-image-config --cli-input-json'."""
    from ocianalyze.analysis import DEFAULT_PROFILE, fit_app_image_config

    fitting = fit_app_image_config(
        open_source(image, platform, image_name, limits, jobs=jobs), profile=profile or DEFAULT_PROFILE, name=name
    )
    for remark in fitting.remarks:
        typer.echo(f"ocianalyze: {printable(remark)}", err=True)
    print_json(fitting.config)


@app.command()
def rules(*, format_: Output = Format.TABLE, color: ColorChoice = Color.AUTO) -> None:
    """List all rules, a line each."""
    from ocianalyze.reports import catalogue

    if format_ is Format.JSON:
        print_json(catalogue.records())
    else:
        catalogue.print_rules(console(color))


@app.command()
def explain(
    *,
    rule: Annotated[str, typer.Argument(metavar="RULE", help="An id, such as KRN006.")],
    color: ColorChoice = Color.AUTO,
) -> None:
    """Print the page of a rule: what it checks, why it matters, how to fix what it finds."""
    from ocianalyze.reports import catalogue

    catalogue.print_page(rule, console(color))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the report."""
    from ocianalyze.reports.report import json_schema

    print_json(json_schema())


def _version(value: bool) -> None:  # noqa: FBT001 - typer's callback
    if value:
        typer.echo(f"ocianalyze {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass
