"""The application: which commands there are. Only that which is asked for is loaded."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from ocianalyze.cli.command import ClickCommand, ClickError, Context, Formatter, ReadingCommand, usage_error
from ocianalyze.cli.exits import EXIT_USAGE
from ocianalyze.errors import UsageError, suggest
from ocianalyze.version import __version__

EPILOG: Final = """Exit codes: 0 the image passes, 1 findings at or above --fail-on, 2 wrong usage, 3 the image could
not be analysed or a check could not be decided, 4 a registry could not be reached or refused access."""
_FAILURES: Final = """2 wrong usage, 3 the image could not be analysed, 4 a registry could not be reached or refused
access."""
_EPILOGS: Final = {
    "scan": f"{EPILOG} With several images, the highest counts.",
    "inspect": f"Exit codes: 0 whatever is found, {_FAILURES}",
    "files": f"Exit codes: 0 done, {_FAILURES}",
    "size": f"Exit codes: 0 done, {_FAILURES}",
    "diff": f"""Exit codes: 0 nothing new at or above --fail-on, 1 new findings or too much growth, {_FAILURES} 3 also
if a new check could not be decided.""",
    "fleet": f"{EPILOG} The highest of all images counts. 'ocianalyze fleet report FILE' shows the results.",
    "fleet report": "Exit codes: 0 done, 2 wrong usage.",
    "convert": EPILOG,
    "attach": """Exit codes: 0 pushed, or there already, 2 wrong usage, or a report on another image, 3 the image is not
valid, 4 the registry could not be reached or refused the push.""",
    "app-image-config": f"Exit codes: 0 written, 1 no AppImageConfig fits the image, {_FAILURES}",
    "check-config": "Exit codes: 0 nothing is wrong, or there are only warnings, 1 there are errors, 2 wrong usage.",
}
"""What commands say of their exit codes at the end of their help."""

_SUMMARIES: Final = {
    "scan": "Check whether images work in SageMaker Studio.",
    "inspect": "Show platform, configuration and layers of an image.",
    "files": "List the files that a container would see.",
    "size": "Show where the bytes of an image are, and what can be saved.",
    "diff": "Show what changed from one image to another.",
    "app-image-config": "Write the AppImageConfig that fits an image.",
    "check-config": "Check AppImageConfigs and settings files.",
    "fleet": "Check many images, and read the layers that they share once.",
    "fleet report": "Show what came of a fleet.",
    "convert": "Write a stored report in other formats.",
    "attach": "Push reports to the registry of their image.",
    "rules": "List all rules.",
    "explain": "Show the page of a rule or a profile.",
    "schema": "Print the JSON Schema of a report.",
    "cache": "Show or clear the layer cache.",
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

    def main(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401 - as click has it
        """Run the command; what is wrong with its arguments is said in one line, as every error is."""
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except ClickError as error:
            if type(error).__name__ == "NoArgsIsHelpError":
                typer.echo(error.format_message(), err=True)
                sys.exit(EXIT_USAGE)
            raise usage_error(error) from error
        sys.exit(code if isinstance(code, int) else 0)

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002 - as click has it
        """Return their names, in the order in which they are shown."""
        return list(_SUMMARIES)

    def format_commands(self, ctx: Context, formatter: Formatter) -> None:  # noqa: ARG002 - as click has it
        """Write their names and summaries."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_SUMMARIES.items()))

    def resolve_command(self, ctx: Context, args: list[str]) -> Any:  # noqa: ANN401 - as click has it
        """Return the command that the first words name; some commands have two of them."""
        pair = " ".join(args[:2])
        if len(args) > 1 and pair in _SUMMARIES:
            return pair, _load(pair), args[2:]
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: Context, cmd_name: str) -> ClickCommand:
        """Return one of them, which is loaded for it."""
        if cmd_name not in _SUMMARIES and not ctx.resilient_parsing:
            raise UsageError(f"no such command {cmd_name[:100]!r}", hint=suggest(cmd_name, list(_SUMMARIES)))
        return _load(cmd_name) if cmd_name in _SUMMARIES else None


def _load(name: str) -> ClickCommand:
    function = name.replace("-", "_").replace(" ", "_")
    module = import_module(f"ocianalyze.cli.commands.{function}")
    single = typer.Typer(**{**_SETTINGS, "no_args_is_help": name in _GROUPS})
    if name in _GROUPS:
        for part in _GROUPS[name]:
            single.command(part)(getattr(module, part))
        group = get_group(single)
        group.name, group.help = name, module.SUMMARY
        return group
    kind = ReadingCommand if name in _EPILOGS else None
    single.command(name, cls=kind, epilog=_EPILOGS.get(name))(getattr(module, function))
    return get_command(single)


app = typer.Typer(
    name="ocianalyze",
    cls=_Commands,
    help="Check whether container images work in Amazon SageMaker Studio, before you push them.",
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
