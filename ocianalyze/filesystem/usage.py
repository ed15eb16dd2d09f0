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
    hidden, hides = [0] * len(sizes), [0] * len(sizes)
    last_names = find_last_names(inodes, shadowed)
    for id_, first in shadowed.items():
        layer, by = ids.layer(id_), first
        if id_ in last_names:
            last = last_names[id_]
            if last is None:
                continue
            by = shadowed[last]
        size = _size(ids, id_)
        if by == layer:
            sizes[layer] -= size
        else:
            hidden[layer] += size
            hides[by] += size
    return list(map(LayerUsage, sizes, hidden, hides))


def find_last_names(inodes: Mapping[int, int], shadowed: Mapping[int, int]) -> dict[int, int | None]:
    """Return the name that was removed last, for files with several names whose first one is not in the tree.

    It is None if another name still is. Parameters as of `usage_of_layers`.
    """
    last: dict[int, int | None] = {}
    for id_, target in inodes.items():
        if target in shadowed:
            latest = last.get(target, target)
            if latest is not None:
                last[target] = None if id_ not in shadowed else max(latest, id_, key=shadowed.__getitem__)
    return last


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
