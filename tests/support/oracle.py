"""The merge of layers, slow and obvious: a dictionary of paths, the standard library's tar reader, no cleverness.

It follows overlayfs: each layer is first a tree of its own, then laid over what is below.

* Whiteouts and opaque markers act only on the layers below, wherever they stand in their layer's tar.
* The last of several entries with one name wins. A directory given twice keeps its children.
* Within a layer, an entry below something that is no directory makes it one. Symbolic links are never followed, not in
  the layers below either: there a real directory takes the link's place.
* Directories merge, and the upper one's attributes hold. A directory that is only implied (by an entry below it) leaves
  the attributes of the one it meets alone, and is `root`'s with mode 0755 where it meets none.
* A hard link is the file that its target was when the link was read: of its own layer, else of the layers below.
* Names that start with `.wh..wh.` are notes of the old AUFS driver and hide everything below them; the opaque marker is
  the only one that means something.
"""

import hashlib
import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from tests.support.tarballs import OPAQUE_MARKER, WHITEOUT_PREFIX

_NOTE_PREFIX = ".wh..wh."
_KINDS = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.CONTTYPE: "file",
    tarfile.GNUTYPE_SPARSE: "file",
    tarfile.DIRTYPE: "directory",
    tarfile.SYMTYPE: "symlink",
    tarfile.CHRTYPE: "char",
    tarfile.BLKTYPE: "block",
    tarfile.FIFOTYPE: "fifo",
}


@dataclass(frozen=True, slots=True)
class Node:
    """What stands at a path. `data` is a file's sha256, a link's target, a device's `major:minor`, else empty."""

    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    data: str
    layer: int
    implied: bool = field(default=False, compare=False)


Tree: TypeAlias = dict[str, Node]
"""Nodes by absolute path, without the root."""


class InvalidLayerError(ValueError):
    """A layer that no tool should accept."""


@dataclass(slots=True)
class LayerTree:
    """One layer by itself: its nodes, what it deletes below, and which of its directories hide what is below."""

    nodes: Tree = field(default_factory=dict)
    whiteouts: set[str] = field(default_factory=set)
    opaque: set[str] = field(default_factory=set)


def merge(layers: Iterable[bytes]) -> Tree:
    """Return the root file system of uncompressed layers, bottom first.

    Raises:
        InvalidLayerError: A name leaves the root, or a whiteout names nothing.
        tarfile.TarError: A layer is no tar.

    """
    merged: Tree = {}
    for position, tar in enumerate(layers):
        _lay_over(merged, read_layer(tar, position, merged))
    return merged


def read_layer(tar: bytes, position: int, below: Tree) -> LayerTree:
    """Read one layer into a tree; `below` is only for hard links to files of lower layers."""
    tree = LayerTree()
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        for member in archive:
            parts = _parts(member.name)
            parent = "".join(f"/{part}" for part in parts[:-1])
            path = "".join(f"/{part}" for part in parts)
            name = parts[-1] if parts else ""
            if not parts or any(part.startswith(_NOTE_PREFIX) and part != OPAQUE_MARKER for part in parts):
                continue
            _imply(tree.nodes, parts[:-1], position)
            if name == OPAQUE_MARKER:
                tree.opaque.add(parent)
            elif name.startswith(WHITEOUT_PREFIX):
                tree.whiteouts.add(_deleted(parent, name))
            else:
                _put(tree.nodes, path, _node(archive, member, position, {**below, **tree.nodes}))
    return tree


def _lay_over(merged: Tree, tree: LayerTree) -> None:
    for path in tree.whiteouts:
        _remove(merged, path)
    for path in tree.opaque:
        for child in _below(merged, path):
            del merged[child]
    for path in sorted(tree.nodes, key=_parts):
        node, old = tree.nodes[path], merged.get(path)
        if old is None or old.kind != "directory" or node.kind != "directory":
            _remove(merged, path)
            merged[path] = node
        elif not node.implied:
            merged[path] = node


def _node(archive: tarfile.TarFile, member: tarfile.TarInfo, position: int, known: Tree) -> Node:
    if member.type == tarfile.LNKTYPE:
        target = "".join(f"/{part}" for part in _parts(member.linkname))
        found = known.get(target)
        if found is None or found.kind == "directory":
            raise InvalidLayerError(f"hard link {member.name!r} to {member.linkname!r}, which is no file")
        return replace(found, layer=position)
    kind = _KINDS.get(member.type, "file")
    body = archive.extractfile(member) if kind == "file" else None
    content = body.read() if body else b""
    data = {
        "file": hashlib.sha256(content).hexdigest(),
        "symlink": member.linkname,
        "char": f"{member.devmajor}:{member.devminor}",
        "block": f"{member.devmajor}:{member.devminor}",
    }.get(kind, "")
    return Node(kind, member.mode & 0o7777, member.uid, member.gid, len(content), data, position)


def _put(nodes: Tree, path: str, node: Node) -> None:
    if node.kind != "directory" or nodes.get(path, node).kind != "directory":
        _remove(nodes, path)
    nodes[path] = node


def _imply(nodes: Tree, parts: list[str], position: int) -> None:
    path = ""
    for part in parts:
        path += f"/{part}"
        if path not in nodes or nodes[path].kind != "directory":
            nodes[path] = Node("directory", 0o755, 0, 0, 0, "", position, implied=True)


def _deleted(parent: str, marker: str) -> str:
    name = marker.removeprefix(WHITEOUT_PREFIX)
    if name in ("", ".", ".."):
        raise InvalidLayerError(f"whiteout {parent}/{marker} names nothing")
    return f"{parent}/{name}"


def _remove(nodes: Tree, path: str) -> None:
    for child in _below(nodes, path):
        del nodes[child]
    nodes.pop(path, None)


def _below(nodes: Tree, path: str) -> list[str]:
    return [child for child in nodes if child.startswith(f"{path}/")]


def _parts(name: str) -> list[str]:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise InvalidLayerError(f"entry {name!r} leaves the root")
    return parts
