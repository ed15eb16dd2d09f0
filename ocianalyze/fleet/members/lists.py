"""Members that a list names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UsageError
from ocianalyze.sources.lists import read_list

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ocianalyze.sources.lists import Listed

MOST_MEMBERS: Final = 200_000
"""How many images a fleet may have."""
LARGEST: Final = 64 << 20
"""The maximum size of a list, in bytes."""
_BEGINNING: Final = 4096
_TEXT: Final = frozenset(range(0x20, 0x100)) - {0x7F} | {0x09, 0x0A, 0x0D}


def is_list(path: Path) -> bool:
    """Tell whether a file is text, and so no archive; raises UsageError if it cannot be read."""
    beginning = _read(path, _BEGINNING)
    return bool(beginning) and _TEXT.issuperset(beginning) and not beginning.lstrip().startswith(b"{")


def listed(path: Path) -> Iterator[Listed]:
    """Yield the references in a list; raises as `read_list`, and UsageError if it is too large or cannot be read."""
    raw = _read(path, LARGEST + 1)
    if len(raw) > LARGEST:
        raise UsageError(f"{path} is larger than {LARGEST:,} bytes, so it is not a list of images")
    return read_list(raw, what=str(path), most=MOST_MEMBERS)


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
