"""The application: which commands there are. Only that which is asked for is loaded."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from ocianalyze.cli.command import ClickCommand, Context, Formatter, ReadingCommand
from ocianalyze.version import __version__

EPILOG: Final = """Exit codes: 0 the image works, 1 findings at or above --fail-on, 2 wrong usage, 3 the image could not
be analysed, or a check could not be completed, 4 a registry could not be reached or refused."""

_READING: Final = ("scan", "inspect", "files", "app-image-config")
"""The commands that read an image."""
_SUMMARIES: Final = {
    "scan": "Tell whether an image will work, and how to fix it.",
    "inspect": "Show what an image is, without reading its layers.",
    "files": "List the files that a container would see.",
    "app-image-config": "Write the AppImageConfig that fits an image.",
    "rules": "List all rules.",
    "explain": "Print the page of a rule or a profile.",
    "schema": "Print the JSON Schema of the report.",
    "cache": "Show or empty the cache.",
}
"""What the list of commands says of each; no command is loaded for that."""
_GROUPS: Final[dict[str, tuple[str, ...]]] = {"cache": ("info", "clear")}
_SETTINGS: Final[dict[str, Any]] = {
    "no_args_is_help": True,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "add_completion": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


class _Commands(TyperGroup):
    """The commands of ``ocianalyze``."""

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002 - as click has it
        """Return their names, in the order in which they are shown."""
        return list(_SUMMARIES)

    def format_commands(self, ctx: Context, formatter: Formatter) -> None:  # noqa: ARG002 - as click has it
        """Write their names and summaries."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_SUMMARIES.items()))

    def get_command(self, ctx: Context, cmd_name: str) -> ClickCommand:
        """Return one of them, which is loaded for it."""
        return _load(cmd_name) if cmd_name in self.list_commands(ctx) else None


def _load(name: str) -> ClickCommand:
    module = import_module(f"ocianalyze.cli.commands.{name.replace('-', '_')}")
    single = typer.Typer(**{**_SETTINGS, "no_args_is_help": name in _GROUPS})
    if name in _GROUPS:
        for part in _GROUPS[name]:
            single.command(part)(getattr(module, part))
        group = get_group(single)
        group.name, group.help = name, module.SUMMARY
        return group
    kind = ReadingCommand if name in _READING else None
    single.command(name, cls=kind, epilog=EPILOG if name in _READING else None)(getattr(module, name.replace("-", "_")))
    return get_command(single)


app = typer.Typer(
    name="ocianalyze",
    cls=_Commands,
    help="Tells whether a container image will work in SageMaker Studio, before it is pushed.",
    epilog=EPILOG,
    **{**_SETTINGS, "add_completion": True},
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
