"""The commands: each parses its options, calls, and prints. Those that judge an image are in `scanning`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from ocianalyze.cli import (
    scanning,  # noqa: F401 - its commands go first
)
from ocianalyze.cli.app import EPILOG, app
from ocianalyze.cli.caching import cache_commands
from ocianalyze.cli.input import several
from ocianalyze.cli.options import (
    Color,
    ColorChoice,
    Format,
    Output,
)
from ocianalyze.cli.output import (
    console,
    print_json,
    print_json_line,
)
from ocianalyze.cli.registries import VARIABLES
from ocianalyze.cli.source import with_source
from ocianalyze.errors import UsageError
from ocianalyze.reports.text import printable

if TYPE_CHECKING:
    from ocianalyze.analysis import Source
    from ocianalyze.settings.model import Settings

__all__ = ["app", "variables"]

app.add_typer(cache_commands, name="cache")


@app.command(epilog=EPILOG)
@with_source
def files(
    *,
    glob: Annotated[
        str | None,
        typer.Argument(metavar="GLOB", help="Absolute paths to show: '*' stands for no '/', '**' for any directories."),
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Show which layers wrote, changed or deleted each path.")
    ] = False,
    format_: Output = Format.TABLE,
    settings: Settings,  # noqa: ARG001 - comes with the source
    source: Source,
) -> None:
    """List the files that a container of IMAGE would see: mode, owner, size, layer, path."""
    from ocianalyze.cli.progress import showing_progress
    from ocianalyze.reports import listing

    with showing_progress() as progress:
        source = replace(source, progress=progress)
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


@app.command("app-image-config", epilog=EPILOG)
@with_source
def app_image_config_(
    *,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Which application it is for; the first of several.",
            envvar="OCIANALYZE_PROFILE",
            show_default="studio-classic",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What it is called.", show_default="after the image")
    ] = None,
    settings: Settings,
    source: Source,
) -> None:
    """Write the AppImageConfig that fits IMAGE, for 'aws sagemaker create-app-image-config --cli-input-json'."""
    from ocianalyze.analysis import DEFAULT_PROFILE, fit_app_image_config
    from ocianalyze.cli.progress import showing_progress

    with showing_progress() as progress:
        fitting = fit_app_image_config(
            replace(source, progress=progress),
            profile=next(iter(several((profile or "").split()) or settings.profile), DEFAULT_PROFILE),
            name=name,
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
        catalogue.print_rules(console(color or Color.AUTO))


@app.command()
def explain(
    *,
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="An id or a name of a rule, such as KRN006, or a profile.")
    ],
    color: ColorChoice = None,
) -> None:
    """Print the page of a rule: what it checks, why it matters, how to fix it. Or that of a profile: its clauses."""
    from ocianalyze.reports import catalogue

    catalogue.print_page(rule, console(color or Color.AUTO))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the report."""
    from ocianalyze.reports.report import json_schema

    print_json(json_schema())


def variables() -> set[str]:
    """Return the names of the environment's variables that are read."""
    from typer.main import get_command

    group = get_command(app)
    commands = [group, *getattr(group, "commands", {}).values()]
    return {
        "OCIANALYZE_DEBUG",
        *VARIABLES,
        *(str(option.envvar) for item in commands for option in item.params if option.envvar),
    }
