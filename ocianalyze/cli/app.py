"""The application that the commands belong to."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from ocianalyze.version import __version__

EPILOG: Final = """Exit codes: 0 the image works, 1 findings at or above --fail-on, 2 wrong usage, 3 the image could not
be analysed, or a check could not be completed, 4 a registry could not be reached or refused."""

app = typer.Typer(
    name="ocianalyze",
    help="Tells whether a container image will work in SageMaker Studio, before it is pushed.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
