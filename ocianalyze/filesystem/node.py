"""Nodes, which are paths of a layer, and the resolution of paths: the view of a file system for rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from ocianalyze.errors import ContentUnavailableError
from ocianalyze.layers.tar.entry import Attributes, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.filesystem.directories import Directories
    from ocianalyze.filesystem.ids import Ids
    from ocianalyze.layers.changeset.changeset import Changeset
    from ocianalyze.layers.contents.contents import Contents
    from ocianalyze.layers.metering.budget import Budget

_BYTES_PER_STEP: Final = 64
"""The number of bytes that are read and searched in about a microsecond."""

_DECODED: Final = 16
"""The maximum memory for each byte of content, in bytes, for its lines, names and values."""


class Tree(Protocol):
    """The interface of a file system for its nodes; `ocianalyze.filesystem.tree.Filesystem` implements it."""

    @property
    def ids(self) -> Ids:
        """The layer and the row of each id."""

    @property
    def contents(self) -> Sequence[Contents]:
        """The contents of each layer that can be read."""

    @property
    def children(self) -> Directories:
        """The children of each directory."""

    @property
    def inodes(self) -> Mapping[int, int]:
        """The id of the file of each hard link, by the id of the link."""

    @property
    def restated(self) -> Mapping[int, int]:
        """The hard link whose attributes apply, for each file whose own attributes it overrides."""

    @property
    def shadowed(self) -> Mapping[int, int]:
        """The position of the layer that removed each id from the tree."""

    @property
    def budget(self) -> Budget:
        """The remaining budget for lookups."""

    @property
    def root(self) -> Node:
        """The root directory."""

    def node(self, id_: int) -> Node:
        """Return the node with an id."""

    def lookup(self, path: str, *, follow: bool = True) -> Node | None:
        """Return the node at a path, or None."""

    def child(self, node: Node, name: str) -> Node | None:
        """Return the child with a name in a directory, or None."""

    def children_of(self, node: Node) -> list[Node]:
        """Return the children of a directory."""

    def states(self, path: str) -> list[Node]:
        """Return the entries of a path in the order of the layers, also those that were replaced or deleted."""

    def spend(self, steps: int) -> None:
        """Take steps from the budget."""


class Resolution(NamedTuple):
    """The result of resolving a path.

    Attributes:
        path: the resolved path, without symlinks as far as they could be followed.
        node: the node at that path, or None.
        hops: the symlinks that were followed, in order.
        problem: why there is no node: ``missing``, ``loop`` or ``not-a-directory``; otherwise None.
    """

    path: str
    node: Node | None
    hops: tuple[Node, ...]
    problem: str | None


@dataclass(slots=True)
class Node:
    """One path of one layer; a view that is created on demand."""

    filesystem: Tree = field(repr=False)
    id: int
    layer: int
    """The position of the layer that wrote it."""
    row: int = field(repr=False)

    def __eq__(self, other: object) -> bool:
        """Compare by identity of the entry."""
        return isinstance(other, Node) and other.id == self.id and other.filesystem is self.filesystem

    def __hash__(self) -> int:
        """Hash by the id."""
        return hash(self.id)

    @property
    def changeset(self) -> Changeset:
        """The changeset of its layer."""
        return self.filesystem.ids.changesets[self.layer]

    @property
    def inode(self) -> Node:
        """The file of a hard link; for anything else, the node itself."""
        target = self.filesystem.inodes.get(self.id)
        return self if target is None else self.filesystem.node(target)

    @property
    def path(self) -> str:
        """The absolute path."""
        return self.changeset.path(self.row)

    @property
    def name(self) -> str:
        """The last component of the path; the empty string for the root."""
        return self.changeset.names[self.row]

    @property
    def kind(self) -> Kind:
        """The kind; a hard link has the kind of its file, and an implied directory is a directory."""
        inode = self.inode
        kind = inode.changeset.kinds[inode.row]
        return Kind.DIRECTORY if kind == Kind.IMPLICIT_DIRECTORY else Kind(kind)

    @property
    def attributes(self) -> Attributes:
        """The mode, the user id and the group id."""
        inode = self.inode
        restated = self.filesystem.restated.get(inode.id)
        stated = inode if restated is None else self.filesystem.node(restated)
        changeset = stated.changeset
        return changeset.attributes[changeset.identities[stated.row]]

    @property
    def mode(self) -> int:
        """The permission bits, including setuid, setgid and sticky."""
        return self.attributes.mode

    @property
    def uid(self) -> int:
        """The user id of the owner."""
        return self.attributes.uid

    @property
    def gid(self) -> int:
        """The group id of the owner."""
        return self.attributes.gid

    @property
    def size(self) -> int:
        """The apparent size in bytes; 0 unless it is a regular file."""
        inode = self.inode
        return inode.changeset.sizes[inode.row]

    @property
    def mtime(self) -> int:
        """The modification time, in seconds since 1970."""
        inode = self.inode
        return inode.changeset.mtimes[inode.row]

    @property
    def target(self) -> str:
        """The target of a symlink, as written; otherwise the empty string."""
        inode = self.inode
        return inode.changeset.links.get(inode.row, "") if self.is_symlink else ""

    @property
    def xattrs(self) -> dict[str, bytes]:
        """The extended attributes."""
        inode = self.inode
        return inode.changeset.xattrs.get(inode.row, {})

    @property
    def is_hardlink(self) -> bool:
        """True for a hard link to the file of another entry."""
        return self.changeset.kinds[self.row] == Kind.HARDLINK

    @property
    def is_file(self) -> bool:
        """True for a regular file or a hard link to one; symlinks are not followed."""
        return self.kind is Kind.FILE

    @property
    def is_directory(self) -> bool:
        """True for a directory."""
        return self.kind is Kind.DIRECTORY

    @property
    def is_symlink(self) -> bool:
        """True for a symlink."""
        return self.kind is Kind.SYMLINK

    @property
    def is_executable(self) -> bool:
        """True for a regular file with any execute permission bit."""
        return self.is_file and bool(self.mode & 0o111)

    @property
    def is_implicit(self) -> bool:
        """True for a directory without its own entry in the layer."""
        return self.changeset.kinds[self.row] == Kind.IMPLICIT_DIRECTORY

    @property
    def shadowed_by(self) -> int | None:
        """The position of the layer that replaced or deleted it, or None if it is visible."""
        return self.filesystem.shadowed.get(self.id)

    def read(self, most: int | None = None) -> bytes:
        """Return the whole content of a regular file.

        Raises:
            ContentUnavailableError: it was not kept, or is larger than `most` bytes; a part is never returned.
        """
        inode = self.inode
        if most is None or inode.size <= most:
            self.filesystem.spend(1 + inode.size // _BYTES_PER_STEP)
            self.filesystem.budget.take(_DECODED * inode.size, self.path)
        try:
            return self.filesystem.contents[inode.layer].read(inode.row, most=most)
        except ContentUnavailableError as error:
            error.layer = inode.layer
            raise

    def head(self) -> bytes:
        """Return the ELF header of a regular file, or the first bytes of a script.

        Raises:
            ContentUnavailableError: it was not kept.
        """
        inode = self.inode
        try:
            return self.filesystem.contents[inode.layer].head(inode.row)
        except ContentUnavailableError as error:
            error.layer = inode.layer
            raise
