"""The merge of layers, slow and obvious: a dictionary of paths, the standard library's tar reader, no cleverness.

It follows containerd, Docker and Podman, and overlayfs above them: each layer is unpacked into an empty directory, and
then laid over what is below.

* The last of several entries with one name wins. A directory given twice keeps its children.
* A whiteout is a thing in its own layer: it finds no place where something else is, and is replaced by what comes
  later, be it a directory, which then hides nothing. A character device 0/0 is a whiteout that replaces what is there.
* Opaque markers act only on the layers below, wherever they stand in their layer's tar; one of the root does nothing.
* Within a layer, an entry below a symbolic link lies where the link points. Links of the layers below are not followed:
  there a real directory takes the link's place. An entry below anything else that is no directory is refused.
* Directories merge, and the upper one's attributes hold. A directory that is only implied (by an entry below it) leaves
  the attributes of the one it meets alone, and is `root`'s with mode 0755 where it meets none.
* A hard link is the file that its target is in its own layer when the link is read, and has its attributes from then
  on. What it replaces is removed first, as runtimes do, so that it cannot be a link to itself.
* What is refused is not there, and neither is what was in its place.
"""

import hashlib
import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TypeAlias

from tests.support.tarballs import OPAQUE_MARKER, WHITEOUT_PREFIX

_MAX_HOPS = 255
inodes = count(1)
_KINDS = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.DIRTYPE: "directory",
    tarfile.SYMTYPE: "symlink",
    tarfile.CHRTYPE: "char",
    tarfile.BLKTYPE: "block",
    tarfile.FIFOTYPE: "fifo",
}
_ABSENT = "absent"


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
    """One layer by itself: its nodes, those that hide what is below included, and which directories hide all of it.

    `refused` are the names of the members that containerd does not unpack.
    """

    nodes: Tree = field(default_factory=dict)
    opaque: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)


def merge(layers: Iterable[bytes]) -> Tree:
    """Return the root file system of uncompressed layers, bottom first.

    Raises:
        InvalidLayerError: A name leaves the root.
        tarfile.TarError: A layer is no tar.

    """
    return merge_with_layers(layers)[0]


def merge_with_layers(layers: Iterable[bytes]) -> tuple[Tree, list[LayerTree]]:
    """Return the root file system of layers, and each layer by itself; errors as for `merge`."""
    merged: Tree = {}
    trees: list[LayerTree] = []
    for position, tar in enumerate(layers):
        tree = read_layer(tar, position)
        trees.append(tree)
        _lay_over(merged, tree)
    return merged, trees


def read_layer(tar: bytes, position: int) -> LayerTree:
    """Unpack one layer into a tree."""
    tree = LayerTree()
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        for member in archive:
            parts = _parts(member.name)
            if parts and not _unpack(archive, member, parts, tree, position):
                tree.refused.append(member.name)
    return tree


def _unpack(
    archive: tarfile.TarFile, member: tarfile.TarInfo, parts: list[str], tree: LayerTree, position: int
) -> bool:
    """Put a member into a tree; return whether it is unpacked."""
    *above, name = parts
    parents = _follow(tree.nodes, above)
    if parents is None or not _imply(tree.nodes, parents, position):
        return False
    parent = "".join(f"/{part}" for part in parents)
    if name == OPAQUE_MARKER:
        tree.opaque.add(parent)
        return True
    if name.startswith(WHITEOUT_PREFIX):
        hidden = name.removeprefix(WHITEOUT_PREFIX)
        if hidden in ("", ".", "..") or f"{parent}/{hidden}" in tree.nodes:
            return False
        tree.nodes[f"{parent}/{hidden}"] = Node(_ABSENT, 0, 0, 0, 0, "", position)
        return True
    return _put(archive, member, f"{parent}/{name}", tree, position)


def _put(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str, tree: LayerTree, position: int) -> bool:
    """Put a member at its path, in the place of what is there."""
    nodes, absent = tree.nodes, Node(_ABSENT, 0, 0, 0, 0, "", position)
    if not member.isdir() or nodes.get(path, absent).kind != "directory":
        _remove(nodes, path)
        tree.opaque -= {marker for marker in tree.opaque if f"{marker}/".startswith(f"{path}/")}
    if member.type == tarfile.LNKTYPE:
        found = _target(nodes, member.linkname)
        nodes[path] = absent
        if found is None or found.kind == "directory":
            return False
        if found.kind != _ABSENT:
            nodes[path] = found
            for other, node in nodes.items():
                if node.inode == found.inode:
                    nodes[other] = replace(node, mode=member.mode & 0o7777, uid=member.uid, gid=member.gid)
        return True
    kind = _KINDS.get(member.type)
    is_whiteout = kind == "char" and (member.devmajor, member.devminor) == (0, 0)
    nodes[path] = absent if kind is None or is_whiteout else _node(archive, member, kind, position)
    return kind is not None


def _node(archive: tarfile.TarFile, member: tarfile.TarInfo, kind: str, position: int) -> Node:
    body = archive.extractfile(member) if kind == "file" else None
    content = body.read() if body else b""
    data = {
        "file": hashlib.sha256(content).hexdigest(),
        "symlink": member.linkname,
        "char": f"{member.devmajor}:{member.devminor}",
        "block": f"{member.devmajor}:{member.devminor}",
    }.get(kind, "")
    inode = next(inodes)
    return Node(kind, member.mode & 0o7777, member.uid, member.gid, len(content), data, position, inode=inode)


def _target(nodes: Tree, written: str) -> Node | None:
    """Return what a hard link leads to."""
    *above, name = _parts(written)
    parents = _follow(nodes, above)
    return None if parents is None else nodes.get("".join(f"/{part}" for part in (*parents, name)))


def _lay_over(merged: Tree, tree: LayerTree) -> None:
    nodes = {path: node for path, node in tree.nodes.items() if node.kind != _ABSENT}
    for path in tree.nodes.keys() - nodes.keys():
        _remove(merged, path)
    for path in tree.opaque - {""}:
        for child in _below(merged, path):
            del merged[child]
    for path in sorted(nodes, key=_parts):
        node, old = nodes[path], merged.get(path)
        if old is None or old.kind != "directory" or node.kind != "directory":
            _remove(merged, path)
            merged[path] = node
        elif not node.implied:
            merged[path] = node


def _follow(nodes: Tree, parts: list[str]) -> list[str] | None:
    """Return where a directory lies past the symbolic links of its layer, or None where these are too many."""
    done: list[str] = []
    todo = list(reversed(parts))
    hops = 0
    while todo:
        part = todo.pop()
        if part == "..":
            del done[-1:]
        elif part not in ("", "."):
            node = nodes.get("".join(f"/{step}" for step in (*done, part)))
            if node is None or node.kind != "symlink":
                done.append(part)
                continue
            hops += 1
            if hops > _MAX_HOPS:
                return None
            if node.data.startswith("/"):
                done.clear()
            todo += reversed(node.data.split("/"))
    return done


def _imply(nodes: Tree, parts: list[str], position: int) -> bool:
    """Make the directories of a path; return whether nothing else is in their place."""
    path = ""
    for part in parts:
        path += f"/{part}"
        if nodes.setdefault(path, Node("directory", 0o755, 0, 0, 0, "", position, implied=True)).kind != "directory":
            return False
    return True


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
