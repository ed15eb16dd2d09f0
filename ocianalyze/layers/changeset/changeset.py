"""What one layer says of the file system: its changeset (image-spec layer.md), as columns.

An image has up to millions of entries, so there is no object for each: a changeset is a set of columns in which an
entry is a *row*. Rows are in the order of the tar; a row's parent is a row of the same changeset, so that every path
can be told without storing it.
"""

from __future__ import annotations

from array import array
from typing import Final, NamedTuple

from ocianalyze.layers.metering.budget import memory_of_extras, memory_of_rows
from ocianalyze.layers.tar.entry import Attributes, Entry, Kind
from ocianalyze.layers.tar.obstacles import Obstacles

ROOT: Final = 0
"""The row of the root directory, which every changeset has."""

IMPLIED: Final = Attributes(0o755, 0, 0)
"""What a directory that no entry states is taken for."""


_AT_ONCE: Final = 1 << 12
"""How many names are joined at a time: each character of a text takes as much as its widest one, unlike in bytes."""


class Diagnostic(NamedTuple):
    """Something unusual in a layer that the analysis could handle."""

    code: str
    message: str
    layer: int | None = None
    path: str | None = None


class Changeset:
    """The rows of one layer.

    Attributes:
        names: the last component of each path; of a whiteout, the name that it hides.
        parents: the row of the directory that each row lies in.
        kinds: a `Kind` for each row.
        attributes: the distinct attributes; `identities` says which of them a row has.
        sizes: apparent sizes in bytes; 0 for what is no regular file.
        mtimes: seconds since 1970.
        offsets: where the content of each row begins in the uncompressed tar; -1 where it is not in one piece.
        links: the target of each symlink and hardlink row, as written.
        xattrs: the extended attributes of the rows that have any.
        entries: how many entries the tar holds, those included that stand more than once.
        obstacles: why runtimes do not unpack the layer, as far as one entry after the other tells.
        repeats: the rows whose path an earlier row has, each with the first such row; None if nobody asked yet.
        linked: the rows of the files that hardlinks are other names of, see `answers`; None if nobody asked yet.
        searches: the rows whose names begin like a regular expression, by that, for those that were searched for.
    """

    __slots__ = (
        "_asked",
        "_joined_names",
        "attributes",
        "diagnostics",
        "entries",
        "identities",
        "kinds",
        "linked",
        "links",
        "mtimes",
        "names",
        "obstacles",
        "offsets",
        "parents",
        "repeats",
        "searches",
        "sizes",
        "xattrs",
    )

    def __init__(self) -> None:
        self.names: list[str] = [""]
        self.parents = array("i", [ROOT])
        self.kinds = bytearray([int(Kind.IMPLICIT_DIRECTORY)])
        self.attributes: list[Attributes] = [IMPLIED]
        self.identities = array("I", [0])
        self.sizes = array("q", [0])
        self.mtimes = array("q", [0])
        self.offsets = array("q", [-1])
        self.links: dict[int, str] = {}
        self.xattrs: dict[int, dict[str, bytes]] = {}
        self.diagnostics: list[Diagnostic] = []
        self.entries = 0
        self.obstacles = Obstacles()
        self.repeats: list[tuple[int, int]] | None = None
        self.linked: array[int] | None = None
        self.searches: dict[str, array[int]] = {}
        self._asked = ROOT, ""
        self._joined_names: bytes | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.names)

    def joined_names(self) -> bytes:
        """Return the names of all rows, from the root's empty one on, with a zero byte behind each."""
        if self._joined_names is not None:
            return self._joined_names
        names = self.names
        parts = ("\0".join(names[start : start + _AT_ONCE]) for start in range(0, len(names), _AT_ONCE))
        return b"\0".join([*(part.encode("utf-8", "surrogateescape") for part in parts), b""])

    def set_names(self, joined: bytes) -> None:
        """Set the names to those that `joined_names` returned, which are also kept like that."""
        self.names = str(memoryview(joined)[:-1], "utf-8", "surrogateescape").split("\0")
        self._joined_names = joined

    def path(self, row: int) -> str:
        """Return the absolute path of `row`."""
        if row == ROOT:
            return "/"
        directory, path = self._asked  # most often it is the one that was asked for before
        if directory != self.parents[row]:
            directory = above = self.parents[row]
            parts = []
            while above != ROOT:
                parts.append(self.names[above])
                above = self.parents[above]
            path = "/".join(("", *reversed(parts)))
            self._asked = directory, path
        return f"{path}/{self.names[row]}"

    def entry(self, row: int) -> Entry:
        """Return `row` with names to its fields; its path is absolute."""
        return Entry(
            self.path(row),
            self.kinds[row],
            self.attributes[self.identities[row]],
            self.sizes[row],
            self.mtimes[row],
            self.links.get(row, ""),
            self.offsets[row],
            self.sizes[row],
            self.xattrs.get(row),
        )


def memory_of(changeset: Changeset) -> int:
    """Return how many bytes of memory the entries of a layer are charged, contents not included."""
    return memory_of_rows(changeset.names) + memory_of_extras(changeset.links.values(), changeset.xattrs.values())
