"""One path of one layer's changeset (image-spec layer.md).

There are millions of these, so what flows through the program are plain tuples in the order of `Entry`'s fields;
`Entry` gives them names where a single one is looked at.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from ocianalyze.layers.tar.obstacles import Refusal


class Kind(IntEnum):
    """The kind of an entry."""

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
    """A directory without its own entry in the layer, but with entries below it."""
    ABSENT = 10
    """Deletes what was at its path, in its own layer and in lower ones, and does not exist itself.

    This is a character device 0/0, which overlayfs treats as a whiteout, or an entry that no runtime unpacks.
    """
    GLOBAL_HEADER = 11
    """Adds nothing, but containerd and Podman remove what its own layer has at its name."""


DIRECTORIES: Final = frozenset((int(Kind.DIRECTORY), int(Kind.IMPLICIT_DIRECTORY)))
HIDING: Final = frozenset((int(Kind.WHITEOUT), int(Kind.ABSENT)))
"""What hides its path beneath."""
MARKERS: Final = HIDING | {int(Kind.OPAQUE), int(Kind.GLOBAL_HEADER)}
"""What is no path of its own."""


class Attributes(NamedTuple):
    """The permission bits (with setuid, setgid and sticky), the user id and the group id of an entry."""

    mode: int
    uid: int
    gid: int


class Entry(NamedTuple):
    """One entry as a tar header states it.

    `path` is as written, with bytes that are not UTF-8 as lone surrogates (PEP 383). `size` is the apparent size in
    bytes, of a sparse file too. `offset` is where the content begins in the uncompressed tar, or -1 where the content
    does not lie there in one piece. `stored` is how many bytes of content the tar holds. `refusals` say why runtimes do
    not unpack it, as far as its header tells.
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
    refusals: tuple[Refusal, ...] = ()


RawEntry: TypeAlias = tuple[
    str, int, Attributes, int, int, str, int, int, dict[str, bytes] | None, "tuple[Refusal, ...]"
]

WHITEOUT_PREFIX = ".wh."
OPAQUE_MARKER = ".wh..wh..opq"
