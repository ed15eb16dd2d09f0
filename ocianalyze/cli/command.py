"""A command that reads an image: its help in groups, and options that earlier versions had."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import typer
from typer.core import TyperCommand

from ocianalyze.cli.limits import tell_replaced
from ocianalyze.errors import UsageError
from ocianalyze.layers.metering.limits import REPLACED
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

Context: TypeAlias = Any
ClickCommand: TypeAlias = Any
Formatter: TypeAlias = Any
"""Of click, or of the copy of it that typer may have."""

ClickError: Final[type[Any]] = typer.BadParameter.__mro__[2]
"""The base of all that click raises for wrong arguments."""

_REST: Final = "Options"
_PLAIN: Final = {
    "Input should be a valid boolean": "must be true or false",
    "Input should be a valid number": "must be a number",
    "Input should be a valid integer": "must be a whole number",
}
"""The messages of pydantic, as they begin, in our words."""
_OF_PYDANTIC: Final = "Value error, "
_EXTRA: Final = regex(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)


class ReadingCommand(TyperCommand):
    """A command whose options are shown in groups, by their ``rich_help_panel``.

    Limits that earlier versions had are accepted, with a remark.
    """

    def format_options(self, ctx: Context, formatter: Formatter) -> None:
        """Write the options, a group after the other."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                title = "Arguments" if param.param_type_name == "argument" else getattr(param, "rich_help_panel", None)
                groups.setdefault(title or _REST, []).append(record)
        for title in sorted(groups, key=lambda title: title == _REST):
            with formatter.section(title):
                formatter.write_dl(groups[title])

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Parse the arguments, without the limits of earlier versions and their values."""
        replaced: set[str] = set()
        kept = list(_without_replaced(args, replaced))
        tell_replaced(replaced)
        return super().parse_args(ctx, kept)


def usage_error(error: Any) -> UsageError:  # noqa: ANN401 - a `ClickError`
    """Return what click says of wrong arguments as our own error; a value is named as it was given."""
    param, ctx = getattr(error, "param", None), getattr(error, "ctx", None)
    message = getattr(error, "message", "")
    if isinstance(error, typer.BadParameter) and param is not None and message:
        source = ctx.get_parameter_source(param.name) if ctx is not None else None
        given = param.envvar if getattr(source, "name", "") == "ENVIRONMENT" else param.opts[0]
        name = param.make_metavar(ctx) if param.param_type_name == "argument" else given
        plain = next((ours for theirs, ours in _PLAIN.items() if message.startswith(theirs)), None)
        return UsageError(f"{name}: {plain or message.removeprefix(_OF_PYDANTIC)}")
    text = _unexpected(error) or " ".join(error.format_message().split()).rstrip(".")
    command = ctx.command_path if ctx is not None else "ocianalyze"
    return UsageError(text[:1].lower() + text[1:], hint=f"See '{command} --help'")


def _unexpected(error: Any) -> str | None:  # noqa: ANN401 - a `ClickError`
    """Return an error about arguments too many by the first of them."""
    arguments = _EXTRA.match(error.format_message())
    if arguments is None:
        return None
    first, *more = arguments[1].split()
    return f"unexpected argument {first}" + (f" and {len(more):,} more" if more else "")


def _without_replaced(args: list[str], replaced: set[str]) -> Iterator[str]:
    """Yield the arguments but for limits that there were; note their names in `replaced`."""
    rest = iter(args)
    for word in rest:
        if word == "--":
            yield word
            yield from rest
            return
        option, sign, _ = word.partition("=")
        name = option.removeprefix("--").replace("-", "_")
        if option.startswith("--") and name in REPLACED:
            replaced.add(name)
            if not sign:
                next(rest, None)
        else:
            yield word
