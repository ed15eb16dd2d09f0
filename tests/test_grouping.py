"""Options in groups: a command has each of them, and gets them together."""

import inspect
from typing import Annotated, NamedTuple

import typer
from typer.testing import CliRunner

from ocianalyze.cli.grouping import grouped


class Place(NamedTuple):
    """Where something is."""

    host: Annotated[str, typer.Option(help="Its host.")] = "localhost"
    port: Annotated[int | None, typer.Option("--port", "-p")] = None


@grouped
def fetch(
    *, name: Annotated[str, typer.Argument()], place: Place, loud: Annotated[bool, typer.Option()] = False
) -> None:
    """Fetch something."""
    typer.echo(f"{name} {place} {loud}")


def run(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(fetch)
    return CliRunner().invoke(app, list(arguments)).output


def test_options_stand_where_the_group_stood() -> None:
    assert list(inspect.signature(fetch).parameters) == ["name", "host", "port", "loud"]
    assert fetch.__doc__ == "Fetch something."


def test_what_is_given_and_what_is_not() -> None:
    assert run("x") == "x Place(host='localhost', port=None) False\n"
    assert run("x", "--host", "h", "-p", "7", "--loud") == "x Place(host='h', port=7) True\n"
    assert "Its host." in run("--help")
