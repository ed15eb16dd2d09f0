"""One path of one layer, and where a path leads: what is looked at of a file system."""

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
"""What is read is looked through as well, which takes about a microsecond for so many bytes."""

_DECODED: Final = 16
"""How many bytes of memory each byte of a content may come to, as lines, names and values."""


class Tree(Protocol):
    """The file system, as its nodes and its paths see it; `ocianalyze.filesystem.tree.Filesystem` is one."""

    @property
    def ids(self) -> Ids:
        """Which layer and row each id stands for."""

    @property
    def contents(self) -> Sequence[Contents]:
        """The contents that were kept of each layer."""

    @property
    def children(self) -> Directories:
        """What lies in each directory."""

    @property
    def inodes(self) -> Mapping[int, int]:
        """The id of what each hardlink is another name of."""

    @property
    def restated(self) -> Mapping[int, int]:
        """The hardlink whose attributes hold, for each id that is another name of it and had others."""

    @property
    def shadowed(self) -> Mapping[int, int]:
        """The position of the layer that took each id out of the tree."""

    @property
    def budget(self) -> Budget:
        """What may still be spent on looking things up."""

    @property
    def root(self) -> Node:
        """The root directory."""

    def node(self, id_: int) -> Node:
        """Return a node by its id."""

    def lookup(self, path: str, *, follow: bool = True) -> Node | None:
        """Return what lies at a path."""

    def child(self, node: Node, name: str) -> Node | None:
        """Return what lies in a directory under a name."""

    def children_of(self, node: Node) -> list[Node]:
        """Return what lies in a directory."""

    def spend(self, steps: int) -> None:
        """Take steps from the budget."""


class Resolution(NamedTuple):
    """Where a path leads.

    Attributes:
        path: the path that the last step arrived at, with no symlink left in it as far as it could be followed.
        node: what lies there, or None.
        hops: the symlinks that were followed, in order.
        problem: why there is no node: ``missing``, ``loop`` or ``not-a-directory``; else None.
    """

    path: str
    node: Node | None
    hops: tuple[Node, ...]
    problem: str | None


@dataclass(slots=True)
class Node:
    """One path of one layer, looked at: a view that costs nothing until it is made."""

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
        """What a hardlink is another name of; of anything else, itself."""
        target = self.filesystem.inodes.get(self.id)
        return self if target is None else self.filesystem.node(target)

    @property
    def path(self) -> str:
        """The absolute path."""
        return self.changeset.path(self.row)

    @property
    def name(self) -> str:
        """The last component of the path; of the root, the empty string."""
        return self.changeset.names[self.row]

    @property
    def kind(self) -> Kind:
        """What it is; a hardlink is what it links to, an implied directory is a directory."""
        inode = self.inode
        kind = inode.changeset.kinds[inode.row]
        return Kind.DIRECTORY if kind == Kind.IMPLICIT_DIRECTORY else Kind(kind)

    @property
    def attributes(self) -> Attributes:
        """Mode, user id and group id."""
        inode = self.inode
        restated = self.filesystem.restated.get(inode.id)
        stated = inode if restated is None else self.filesystem.node(restated)
        changeset = stated.changeset
        return changeset.attributes[changeset.identities[stated.row]]

    @property
    def mode(self) -> int:
        """The permission bits, with setuid, setgid and sticky."""
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
        """The apparent size in bytes; 0 for what is no regular file."""
        inode = self.inode
        return inode.changeset.sizes[inode.row]

    @property
    def mtime(self) -> int:
        """Seconds since 1970."""
        inode = self.inode
        return inode.changeset.mtimes[inode.row]

    @property
    def target(self) -> str:
        """Where a symlink points, as written; else the empty string."""
        inode = self.inode
        return inode.changeset.links.get(inode.row, "") if self.is_symlink else ""

    @property
    def xattrs(self) -> dict[str, bytes]:
        """The extended attributes."""
        inode = self.inode
        return inode.changeset.xattrs.get(inode.row, {})

    @property
    def is_hardlink(self) -> bool:
        """True for an entry that names another entry's file."""
        return self.changeset.kinds[self.row] == Kind.HARDLINK

    @property
    def is_file(self) -> bool:
        """True for a regular file, hardlinked ones included; symlinks are not followed."""
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
        """True for a regular file with any x bit."""
        return self.is_file and bool(self.mode & 0o111)

    @property
    def is_implicit(self) -> bool:
        """True for a directory that no entry of its layer states."""
        return self.changeset.kinds[self.row] == Kind.IMPLICIT_DIRECTORY

    @property
    def shadowed_by(self) -> int | None:
        """The position of the layer that replaced or deleted it, or None while it is visible."""
        return self.filesystem.shadowed.get(self.id)

    def read(self, most: int | None = None) -> bytes:
        """Return the whole content of a regular file.

        Raises:
            ContentUnavailableError: it was not kept, or is larger than `most` bytes; never is a part returned.
        """
        inode = self.inode
        self.filesystem.spend(1 + inode.size // _BYTES_PER_STEP)
        if most is None or inode.size <= most:
            self.filesystem.budget.take(_DECODED * inode.size, self.path)
        try:
            return self.filesystem.contents[inode.layer].read(inode.row, most=most)
        except ContentUnavailableError as error:
            error.layer = inode.layer
            raise

    def head(self) -> bytes:
        """Return what tells what a regular file is: its ELF header, or the first bytes of a script.

        Raises:
            ContentUnavailableError: it was not kept.
        """
        inode = self.inode
        try:
            return self.filesystem.contents[inode.layer].head(inode.row)
        except ContentUnavailableError as error:
            error.layer = inode.layer
            raise
