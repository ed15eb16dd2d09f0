"""What the image puts into directories that are reserved or mounted over.

Source: AWS, "Custom SageMaker image specifications", File system, User data and Metadata.
"""

from __future__ import annotations

from posixpath import relpath
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

METADATA: Final = ("/opt/ml/metadata/resource-metadata.json", "/opt/.sagemakerinternal/internal-metadata.json")
"""Files that SageMaker writes itself."""

SHOWN: Final = 20
"""How many paths stand for all in what is reported."""


class Share(NamedTuple):
    """What one layer contributes to a directory: how many paths that are no directories, their bytes, some paths."""

    layer: int
    files: int
    bytes: int
    paths: tuple[str, ...]


class Directory(NamedTuple):
    """What lies in a directory that is hidden at run time.

    Attributes:
        path: the directory, as specified.
        node: what lies there, symlinks not followed; None if there is nothing.
        files: how many paths in it are no directories.
        bytes: the sizes of the regular files.
        directories: how many directories are in it.
        names: what lies directly in it.
        shares: the contributions of the layers, for layers that have any.
    """

    path: str
    node: Node | None
    files: int = 0
    bytes: int = 0
    directories: int = 0
    names: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()


def look_into(filesystem: Filesystem, path: str, *, without: Iterable[str] = ()) -> Directory:
    """Return what lies in the directory `path` and all below it; `without` are paths to leave out."""
    top = filesystem.lookup(path, follow=False)
    if top is None or not top.is_directory:
        return Directory(path, top)
    left_out = frozenset(without)
    files: dict[int, list[Node]] = {}
    directories = 0
    for node in filesystem.walk(path):
        if node.is_directory:
            directories += node.id != top.id
        elif node.path not in left_out:
            files.setdefault(node.layer, []).append(node)
    shares = tuple(
        Share(layer, len(nodes), sum(node.size for node in nodes), tuple(node.path for node in nodes[:SHOWN]))
        for layer, nodes in sorted(files.items())
    )
    return Directory(
        path,
        top,
        files=sum(share.files for share in shares),
        bytes=sum(share.bytes for share in shares),
        directories=directories,
        names=tuple(relpath(child.path, top.path) for child in filesystem.children_of(top)),
        shares=shares,
    )
