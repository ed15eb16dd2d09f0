"""Finds settings: ``ocianalyze.toml``, or the table ``tool.ocianalyze`` of ``pyproject.toml``.

The nearest file counts, searched from the working directory upwards; nothing is merged from files further up. An
unknown key is an error that names the file, the line and the key, and suggests the right one: a misspelled key must not
disable a check. Command-line options and environment variables take precedence; the command line applies them.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from ocianalyze import toml
from ocianalyze.errors import UsageError, suggest
from ocianalyze.paths import config_home, is_file
from ocianalyze.settings.lines import find_line
from ocianalyze.settings.model import Settings, Waive
from ocianalyze.settings.registries import RegistryTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ocianalyze.settings.table import Table

FILE: Final = "ocianalyze.toml"
_PROJECT: Final = "pyproject.toml"
_TABLE: Final = ("tool", "ocianalyze")
_REASONS: Final = {
    "extra_forbidden": "unknown key",
    "missing": "is missing",
    "string_type": "must be a string",
    "int_type": "must be an integer",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "date_type": "must be a date, such as 2027-01-31, without quotes",
}
"""The messages for pydantic's types of errors in a TOML file."""


def find_settings(directory: Path) -> Path | None:
    """Return the nearest file with settings, in `directory` or above it.

    Raises:
        UsageError: a ``pyproject.toml`` on the way cannot be read, or seems to misspell its table, so that it may have
            settings; or a directory cannot be searched.
    """
    for place in (directory, *directory.parents):
        project = place / _PROJECT
        try:
            if is_file(own := place / FILE):
                return own
            present = is_file(project)
        except OSError as error:
            raise UsageError(
                f"{place} cannot be searched for settings: {error.strerror}",
                hint="Name the file with --config, or use --isolated",
            ) from error
        if present and _own_table(_read(project)[1], project) is not None:
            return project
    return None


def user_file(environment: Mapping[str, str]) -> Path | None:
    """Return the user's own file with settings, if there is one: ``~/.config/ocianalyze/ocianalyze.toml``."""
    config = config_home(environment)
    if config is None:
        return None
    path = config / "ocianalyze" / FILE
    try:
        return path if is_file(path) else None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="Use --isolated to ignore it") from error


def load_settings(path: Path, *, was_found: bool = False) -> Settings:
    """Return the settings in a file; `was_found` tells that it lay on the way and nobody named it.

    Raises:
        UsageError: it cannot be read, is not valid TOML, has unknown keys, or lowers security though it was only found;
            the message has the line and the key.
    """
    text, table = _read(path)
    prefix: tuple[str, ...] = ()
    if path.name == _PROJECT:
        own = _own_table(table, path)
        if own is None:
            raise UsageError(f"{path} has no table [{'.'.join(_TABLE)}]")
        table, prefix = own, _TABLE
    try:
        settings = Settings.from_table(table, path)
    except ValidationError as error:
        raise _explain(error, path, text, prefix) from error
    if was_found:
        for host, registry in settings.registry.items():
            for key in registry.lowers_security(path.parent):
                line = find_line([*prefix, "registry", host, key], text)
                raise UsageError(
                    f"{path}{f':{line}' if line else ''}: registry.{host}.{key} lowers security, which is not "
                    "allowed in a file that is found in the working directory or above it",
                    hint=f"Move it to ~/.config/ocianalyze/{FILE}, or name this file with --config",
                )
    return settings


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    """Return the text of a file, and what it says."""
    raw = toml.read(path)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8") from error
    return text, toml.parse(raw, path)


def _own_table(project: Mapping[str, Any], path: Path) -> dict[str, Any] | None:
    """Return the table ``tool.ocianalyze`` or None; raises UsageError if it seems to be misspelled."""
    tools = project.get(_TABLE[0])
    if not isinstance(tools, dict):
        return None
    own = tools.get(_TABLE[1])
    if own is None and (close := get_close_matches(_TABLE[1], tools, n=1, cutoff=0.8)):
        raise UsageError(f"{path}: unknown table [tool.{close[0]}]", hint=f"Did you mean [{'.'.join(_TABLE)}]?")
    if own is not None and not isinstance(own, dict):
        raise UsageError(f"{path}: {'.'.join(_TABLE)}: must be a table")
    return own


def _explain(error: ValidationError, path: Path, text: str, prefix: Sequence[str]) -> UsageError:
    """Return the first error, with the file, the line and the key.

    An unknown key comes before a missing one, because it may be the missing one, misspelled.
    """
    errors = error.errors(include_url=False, include_input=True)
    first = min(errors, key=lambda item: item["type"] != "extra_forbidden")
    place = [part for part in first["loc"] if part != "[key]"]
    key = ".".join(str(part + 1 if isinstance(part, int) else part) for part in place)
    line = find_line([*prefix, *place], text)
    where = f"{path}:{line}" if line else f"{path}"
    cause = first.get("ctx", {}).get("error")
    problem, hint = _REASONS.get(first["type"], first["msg"].replace("Input should be", "must be")), None
    if first["type"] == "extra_forbidden":
        hint = suggest(str(place[-1]), _keys(place))
    elif first["type"] in ("literal_error", "enum"):
        choices = re.findall(r"'([^']*)'", str(first["ctx"]["expected"]))
        problem, hint = f"unknown value {str(first['input'])[:100]!r}", suggest(str(first["input"]), choices)
    elif isinstance(cause, ValueError):
        problem, hint = str(cause), getattr(cause, "hint", None)
    return UsageError(f"{where}: {key}: {problem}", hint=hint)


def _keys(place: Sequence[str | int]) -> list[str]:
    """Return the known keys of the table with the key at `place`."""
    tables: Mapping[object, type[Table]] = {"waive": Waive, "registry": RegistryTable}
    table = tables.get(place[0], Settings) if len(place) > 1 else Settings
    return [field.alias or name for name, field in table.model_fields.items()]
