"""The file system of an image as lines of text, as ``ls -l`` and a version history would show it."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.layers.tar.entry import Kind
from ocianalyze.reports.steps import build_step
from ocianalyze.reports.text import encodable, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

_TYPES: Final = {
    Kind.FILE: stat.S_IFREG,
    Kind.DIRECTORY: stat.S_IFDIR,
    Kind.SYMLINK: stat.S_IFLNK,
    Kind.CHARACTER_DEVICE: stat.S_IFCHR,
    Kind.BLOCK_DEVICE: stat.S_IFBLK,
    Kind.FIFO: stat.S_IFIFO,
}
_ACTIONS: Final = {Kind.WHITEOUT: "deleted", Kind.OPAQUE: "emptied"}
_NAMES: Final = {kind: kind.name.lower().replace("_", "-") for kind in Kind}


def line(node: Node) -> str:
    """Return one path as a line: mode, owner, size in bytes, layer, path and where it leads."""
    mode = stat.filemode(_TYPES.get(node.kind, stat.S_IFREG) | node.mode)
    target = f" -> {printable(node.target)}" if node.is_symlink else ""
    if node.is_hardlink and node.inode != node:
        target = f" link to {printable(node.inode.path)}"
    owner = f"{node.uid}:{node.gid}"
    return f"{mode} {owner:>11} {node.size:>13,} {node.layer:>3}  {printable(node.path)}{target}"


def record(node: Node) -> dict[str, Any]:
    """Return one path as a JSON object."""
    return {
        "path": encodable(node.path),
        "kind": _NAMES[node.kind],
        "mode": node.mode,
        "uid": node.uid,
        "gid": node.gid,
        "size": node.size,
        "mtime": node.mtime,
        "target": encodable(node.target) or None,
        "hardlink": encodable(node.inode.path) if node.inode != node else None,
        "layer": node.layer,
    }


def lines(filesystem: Filesystem, glob: str | None) -> Iterator[str]:
    """Yield a line for each path that matches `glob`, or for every path if it is None."""
    return (line(node) for node in _nodes(filesystem, glob))


def records(filesystem: Filesystem, glob: str | None) -> Iterator[dict[str, Any]]:
    """Yield a JSON object for each path that matches `glob`, or for every path if it is None."""
    return (record(node) for node in _nodes(filesystem, glob))


def history_lines(filesystem: Filesystem, steps: Sequence[str | None], glob: str | None) -> Iterator[str]:
    """Yield each path that any layer says something of, followed by a line for each layer that does."""
    for path, changes in _histories(filesystem, glob):
        yield printable(path)
        for layer, action, node in changes:
            size = f"{node.size:,} bytes" if node.is_file else node.kind.name.lower().replace("_", " ")
            yield f"  layer {layer:>3}  {action:<8} {size:<18} {build_step(steps[layer] or '')}".rstrip()


def histories(filesystem: Filesystem, steps: Sequence[str | None], glob: str | None) -> Iterator[dict[str, Any]]:
    """Yield a JSON object for each path that any layer says something of."""
    for path, changes in _histories(filesystem, glob):
        yield {
            "path": encodable(path),
            "history": [
                {
                    "layer": layer,
                    "action": action,
                    "kind": _NAMES[node.kind],
                    "size": node.size,
                    "created_by": encodable(step) if (step := steps[layer]) else None,
                }
                for layer, action, node in changes
            ],
        }


def _nodes(filesystem: Filesystem, glob: str | None) -> Iterable[Node]:
    return filesystem.walk() if glob is None else filesystem.glob(glob)


def _histories(filesystem: Filesystem, glob: str | None) -> Iterator[tuple[str, list[tuple[int, str, Node]]]]:
    for path in filesystem.all_paths(glob):
        present, changes = False, []
        for layer, kind, node in filesystem.history(path):
            if kind is not Kind.IMPLICIT_DIRECTORY:
                action = _ACTIONS.get(kind) or ("changed" if present else "added")
                present = kind is not Kind.WHITEOUT
                changes.append((layer, action, node))
        if changes:
            yield path, changes
