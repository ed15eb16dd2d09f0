"""Files in TOML, ours and those of other programs: how large they may be, and what is wrong with them."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST: Final = 1 << 20


class NoFileError(UsageError):
    """There is no such file."""


def read(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        NoFileError: there is none.
        UsageError: it cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        kind = NoFileError if isinstance(error, FileNotFoundError | NotADirectoryError) else UsageError
        raise kind(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > _LARGEST:
        raise UsageError(f"{path} is larger than {_LARGEST >> 20} MiB")
    return raw


def parse(raw: bytes, path: Path) -> dict[str, Any]:
    """Return what the content of a file says; raises UsageError if it is not TOML."""
    try:
        return tomllib.loads(raw.decode())
    except (ValueError, RecursionError) as error:  # a ValueError for numbers without end, too
        raise UsageError(f"{path} is not valid TOML: {error}") from error
