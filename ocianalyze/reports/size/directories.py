"""The directories of an image with what all its layers store in them: one tree, of the trees of the layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.reports.report import SizeNode


@dataclass(slots=True)
class Directory:
    """A directory or file.

    Attributes:
        path: its path below the root, empty for the root.
        bytes: the size of all files in it that any layer stores.
        hidden: the part of that which later layers replaced or deleted.
        children: what is in it and large enough to be seen, by name.
    """

    path: str
    bytes: int = 0
    hidden: int = 0
    children: dict[str, Directory] = field(default_factory=dict)

    def largest(self) -> list[Directory]:
        """Return what is in it, largest first."""
        return sorted(self.children.values(), key=lambda child: (-child.bytes, child.path))


def merge_trees(nodes: Sequence[SizeNode]) -> Directory:
    """Return the root directory of an image; `nodes` are those of its layers, each after its directory."""
    root = Directory("")
    merged: list[Directory] = []
    for node in nodes:
        if node.parent is None:
            here = root
        else:
            above = merged[node.parent]
            here = above.children.get(node.name) or above.children.setdefault(
                node.name, Directory(f"{above.path}/{node.name}")
            )
        here.bytes += node.bytes
        here.hidden += node.hidden
        merged.append(here)
    return root


def unfold(top: Directory, least: int) -> Iterator[tuple[int, str, Directory]]:
    """Yield a directory and what is in it of at least so many bytes, each with how deep it lies and its relative path.

    One that has almost nothing but one other is left out for that.
    """
    todo = [(0, "", top)]
    while todo:
        depth, above, here = todo.pop()
        inside = _worth(here, least)
        while depth and len(inside) == 1 and here.bytes - inside[0].bytes < least:
            here, inside = inside[0], _worth(inside[0], least)
        yield depth, here.path[len(above) + 1 :] or "/", here
        todo += ((depth + 1, here.path, child) for child in reversed(inside))


def _worth(directory: Directory, least: int) -> list[Directory]:
    return [child for child in directory.largest() if child.bytes >= least]
