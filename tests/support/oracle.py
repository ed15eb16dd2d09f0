"""The merge of layers, slow and obvious: a dictionary of paths, the standard library's tar reader, no cleverness.

It follows overlayfs: each layer is first a tree of its own, then laid over what is below.

* Whiteouts and opaque markers act only on the layers below, wherever they stand in their layer's tar.
* The last of several entries with one name wins. A directory given twice keeps its children.
* Within a layer, an entry below something that is no directory makes it one, but an entry below a symbolic link lies
  where the link points, as in moby, containerd and umoci. Links of the layers below are not followed: there a real
  directory takes the link's place.
* Directories merge, and the upper one's attributes hold. A directory that is only implied (by an entry below it) leaves
  the attributes of the one it meets alone, and is `root`'s with mode 0755 where it meets none.
* A hard link is the file that its target was when the link was read: of its own layer, else of the layers below. What
  it replaces is removed first, as runtimes do, so that it cannot be a link to itself.
* Names that start with `.wh..wh.` are notes of the old AUFS driver; the opaque marker is the only one that means
  something. A directory of the top level with such a name is left out with all that it holds.
"""

import hashlib
import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TypeAlias

from tests.support.tarballs import OPAQUE_MARKER, WHITEOUT_PREFIX

_NOTE_PREFIX = ".wh..wh."
_MAX_HOPS = 40
_inodes = count(1)
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
    """What stands at a path. `data` is a file's sha256, a link's target, a device's `major:minor`, else empty.

    Nodes of one file, made by hard links, share their `inode`.
    """

    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    data: str
    layer: int
    implied: bool = field(default=False, compare=False)
    inode: int = field(default=0, compare=False)

    @property
    def weight(self) -> int:
        """The bytes that a graph driver counts for it: a file's size, the length of a link's target."""
        return len(self.data.encode("utf-8", "surrogateescape")) if self.kind == "symlink" else self.size


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
    return merge_with_layers(layers)[0]


def merge_with_layers(layers: Iterable[bytes]) -> tuple[Tree, list[Tree]]:
    """Return the root file system of layers, and the nodes of each layer by itself; errors as for `merge`."""
    merged: Tree = {}
    trees: list[Tree] = []
    for position, tar in enumerate(layers):
        tree = read_layer(tar, position, merged)
        trees.append(dict(tree.nodes))
        _lay_over(merged, tree)
    return merged, trees


def read_layer(tar: bytes, position: int, below: Tree) -> LayerTree:
    """Read one layer into a tree; `below` is only for hard links to files of lower layers."""
    tree = LayerTree()
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        for member in archive:
            parts = _parts(member.name)
            name = parts[-1] if parts else ""
            if not parts or (name.startswith(_NOTE_PREFIX) and name != OPAQUE_MARKER):
                continue
            if len(parts) > 1 and parts[0].startswith(_NOTE_PREFIX):
                continue
            parents = _follow(tree.nodes, parts[:-1])
            parent = "".join(f"/{part}" for part in parents)
            path = f"{parent}/{name}"
            _imply(tree.nodes, parents, position)
            if name == OPAQUE_MARKER:
                tree.opaque.add(parent)
            elif name.startswith(WHITEOUT_PREFIX):
                tree.whiteouts.add(_deleted(parent, name))
            else:
                _put(tree, path, _node(archive, member, path, position, {**below, **tree.nodes}))
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


def _node(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str, position: int, known: Tree) -> Node:
    if member.type == tarfile.LNKTYPE:
        *parents, name = _parts(member.linkname)
        target = "".join(f"/{part}" for part in (*_follow(known, parents, position), name))
        found = known.get(target)
        if found is None or found.kind == "directory" or f"{target}/".startswith(f"{path}/"):
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
    inode = next(_inodes)
    return Node(kind, member.mode & 0o7777, member.uid, member.gid, len(content), data, position, inode=inode)


def _follow(nodes: Tree, parts: list[str], position: int | None = None) -> list[str]:
    """Return where a directory lies past the symbolic links of one layer: of all `nodes`, or of those at `position`."""
    done: list[str] = []
    todo = list(reversed(parts))
    hops = 0
    while todo:
        part = todo.pop()
        if part == "..":
            del done[-1:]
        elif part not in ("", "."):
            node = nodes.get("".join(f"/{step}" for step in (*done, part)))
            if node is None or node.kind != "symlink" or position not in (None, node.layer):
                done.append(part)
                continue
            hops += 1
            if hops > _MAX_HOPS:
                raise InvalidLayerError(f"symbolic links in {'/'.join(parts)!r} go round in a circle")
            if node.data.startswith("/"):
                done.clear()
            todo += reversed(node.data.split("/"))
    return done


def _put(tree: LayerTree, path: str, node: Node) -> None:
    if node.kind != "directory" or tree.nodes.get(path, node).kind != "directory":
        _remove(tree.nodes, path)
        for markers in (tree.whiteouts, tree.opaque):
            markers -= {marker for marker in markers if f"{marker}/".startswith(f"{path}/") and marker != path}
        tree.opaque.discard(path)
    tree.nodes[path] = node


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
