"""What the layers of a merged tree take, and what of that can be seen; in bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.filesystem.tree import LayerUsage
from ocianalyze.layers.changeset.columns import count_bytes
from ocianalyze.layers.tar.entry import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.filesystem.ids import Ids
    from ocianalyze.layers.changeset.changeset import Changeset

_FILE, _SYMLINK = int(Kind.FILE), int(Kind.SYMLINK)


def usage_of_layers(ids: Ids, inodes: Mapping[int, int], shadowed: Mapping[int, int]) -> list[LayerUsage]:
    """Return what each layer takes and how much of that later layers hide.

    `inodes` says what each hardlink is another name of, `shadowed` which layer took an id out of the tree.
    """
    sizes = [count_bytes(changeset) + _symlinks(changeset) for changeset in ids.changesets]
    hidden = [0] * len(sizes)
    links: dict[int, list[int]] = {}
    for id_, target in inodes.items():
        if target in shadowed:
            links.setdefault(target, []).append(id_)
    for id_, first in shadowed.items():
        layer, by = ids.layer(id_), first
        if id_ in links:
            others = [shadowed.get(link) for link in links[id_]]
            if None in others:  # it is still there under another name
                continue
            by = next((other for other in others if other not in (None, layer)), first)
        if by == layer:
            sizes[layer] -= _size(ids, id_)
        else:
            hidden[layer] += _size(ids, id_)
    return [LayerUsage(size, unseen) for size, unseen in zip(sizes, hidden, strict=True)]


def visible_files(ids: Ids, inodes: Mapping[int, int], shadowed: Mapping[int, int]) -> int:
    """Return how many names of regular files are in the tree; parameters as of `usage_of_layers`."""
    links = sum(ids.kind(target) == _FILE for target in inodes.values())
    hidden = sum(ids.kind(inodes.get(id_, id_)) == _FILE for id_ in shadowed)
    return sum(changeset.kinds.count(_FILE) for changeset in ids.changesets) + links - hidden


def visible_bytes(ids: Ids, inodes: Mapping[int, int], shadowed: Mapping[int, int]) -> int:
    """Return the sizes of the regular files that are in the tree under any name; parameters as of `usage_of_layers`."""
    held = {target for id_, target in inodes.items() if target in shadowed and id_ not in shadowed}
    gone = (ids.locate(id_) for id_ in shadowed if id_ not in held)
    return sum(map(count_bytes, ids.changesets)) - sum(changeset.sizes[row] for changeset, row in gone)


def _size(ids: Ids, id_: int) -> int:
    """Return the size of a file or the length of a symlink's target."""
    changeset, row = ids.locate(id_)
    return changeset.sizes[row] if changeset.kinds[row] != _SYMLINK else _length(changeset.links[row])


def _symlinks(changeset: Changeset) -> int:
    return sum(_length(target) for row, target in changeset.links.items() if changeset.kinds[row] == _SYMLINK)


def _length(target: str) -> int:
    return len(target.encode("utf-8", "surrogateescape"))
