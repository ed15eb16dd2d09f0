"""Reads TOML files that other programs have settings in: what they know and we do not is passed over."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST: Final = 1 << 20


class Foreign(BaseModel):
    """A table of another program's file."""

    model_config = ConfigDict(frozen=True, defer_build=True, extra="ignore", strict=True)


_Table = TypeVar("_Table", bound=Foreign)


def read_toml(path: Path) -> dict[str, Any] | None:
    """Return what a file says, None if there is no such file.

    Raises:
        UsageError: it cannot be read, or is not TOML.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > _LARGEST:
        raise UsageError(f"{path} is larger than {_LARGEST >> 20} MiB")
    try:
        return tomllib.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error


def checked(kind: type[_Table], value: object, path: Path) -> _Table:
    """Return a table of a file as what it must be; raises UsageError with the file and the key."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"])
        raise UsageError(
            f"{path}: {key or 'the file'}: {first['msg'].lower().replace('input should be', 'must be')}"
        ) from error
