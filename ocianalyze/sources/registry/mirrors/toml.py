"""Reads TOML files that other programs have settings in: what they know and we do not is passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ocianalyze import toml
from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


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
        return toml.parse(toml.read(path), path)
    except toml.NoFileError:
        return None


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
