"""One path of one layer's changeset (image-spec layer.md).

There are millions of these, so what flows through the program are plain tuples in the order of `Entry`'s fields;
`Entry` gives them names where a single one is looked at.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple, TypeAlias


class Kind(IntEnum):
    """What an entry is."""

    FILE = 0
    DIRECTORY = 1
    SYMLINK = 2
    HARDLINK = 3
    CHARACTER_DEVICE = 4
    BLOCK_DEVICE = 5
    FIFO = 6
    WHITEOUT = 7
    OPAQUE = 8
    IMPLICIT_DIRECTORY = 9
    """A directory that no entry of the layer states, but that some entry lies in."""


DIRECTORIES: Final = frozenset((int(Kind.DIRECTORY), int(Kind.IMPLICIT_DIRECTORY)))
MARKERS: Final = frozenset((int(Kind.WHITEOUT), int(Kind.OPAQUE)))
"""What is no path of its own, but says what becomes of those beneath."""


class Attributes(NamedTuple):
    """The permission bits (with setuid, setgid and sticky), the user id and the group id of an entry."""

    mode: int
    uid: int
    gid: int


class Entry(NamedTuple):
    """One entry as a tar header states it.

    `path` is as written, with bytes that are not UTF-8 as lone surrogates (PEP 383). `size` is the apparent size in
    bytes, of a sparse file too. `offset` is where the content begins in the uncompressed tar, or -1 where the content
    does not lie there in one piece. `stored` is how many bytes of content the tar holds.
    """

    path: str
    kind: int
    attributes: Attributes
    size: int
    mtime: int
    link: str
    offset: int
    stored: int
    xattrs: dict[str, bytes] | None


RawEntry: TypeAlias = tuple[str, int, Attributes, int, int, str, int, int, dict[str, bytes] | None]

WHITEOUT_PREFIX = ".wh."
OPAQUE_MARKER = ".wh..wh..opq"
RESERVED_PREFIX = ".wh..wh."
"""Names that AUFS keeps for itself; all but the opaque marker are to be ignored (layer.md, "Whiteouts")."""
