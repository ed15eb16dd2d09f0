"""The image's files in directories that are reserved or mounted over.

Source: AWS, "Custom SageMaker image specifications", File system, User data and Metadata.
"""

from __future__ import annotations

from posixpath import relpath
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.layers.tar.entry import DIRECTORIES, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

METADATA: Final = ("/opt/ml/metadata/resource-metadata.json", "/opt/.sagemakerinternal/internal-metadata.json")
"""Files that SageMaker writes itself."""

SHOWN: Final = 20
"""The maximum number of paths in a report."""


class Share(NamedTuple):
    """The contents that one layer adds to a directory: number of non-directories, their bytes, some of their paths."""

    layer: int
    files: int
    bytes: int
    paths: tuple[str, ...]


class Directory(NamedTuple):
    """The contents of a directory that is hidden at run time.

    Attributes:
        path: the directory, as specified.
        node: the node at this path, symlinks not followed; None if there is none.
        files: the number of paths in it that are not directories.
        bytes: the total size of the regular files.
        directories: the number of directories in it.
        names: the names of its direct children.
        shares: the contributions of the layers that have any.
    """

    path: str
    node: Node | None
    files: int = 0
    bytes: int = 0
    directories: int = 0
    names: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()


def look_into(filesystem: Filesystem, path: str, *, without: Iterable[str] = ()) -> Directory:
    """Return the contents of the directory `path` and everything below it, except the paths in `without`."""
    top = filesystem.lookup(path, follow=False)
    if top is None or not top.is_directory:
        return Directory(path, top)
    left_out = frozenset(without)
    ids, inodes = filesystem.ids, filesystem.inodes
    piles: dict[int, _Pile] = {}
    directories = 0
    for id_ in filesystem.ids_below(top):  # there may be hundreds of thousands
        layer = ids.layer(id_)
        changeset, row = ids.changesets[layer], id_ - ids.bases[layer]
        if changeset.kinds[row] in DIRECTORIES:
            directories += 1
            continue
        if left_out and changeset.path(row) in left_out:
            continue
        pile = piles.get(layer)
        if pile is None:
            pile = piles[layer] = _Pile()
        if pile.files < SHOWN:
            pile.paths.append(changeset.path(row))
        pile.files += 1
        if changeset.kinds[row] == Kind.HARDLINK:
            changeset, row = ids.locate(inodes.get(id_, id_))
        pile.bytes += changeset.sizes[row]
    shares = tuple(Share(layer, pile.files, pile.bytes, tuple(pile.paths)) for layer, pile in sorted(piles.items()))
    return Directory(
        path,
        top,
        files=sum(share.files for share in shares),
        bytes=sum(share.bytes for share in shares),
        directories=directories,
        names=tuple(relpath(child.path, top.path) for child in filesystem.children_of(top)),
        shares=shares,
    )


class _Pile:
    """A `Share` in the making."""

    __slots__ = ("bytes", "files", "paths")

    def __init__(self) -> None:
        self.files = self.bytes = 0
        self.paths: list[str] = []
