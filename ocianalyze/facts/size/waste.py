"""What later layers hide of earlier ones: which layer hid it, what it did to it, and where most of it is.

One pass over the entries that were replaced says what became of each; another over the hidden files sums them by
directory. Objects are created only for what is reported.
"""

from __future__ import annotations

from bisect import bisect_left
from enum import IntEnum
from heapq import nlargest
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.filesystem.usage import find_last_names
from ocianalyze.layers.changeset.changeset import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.filesystem.ids import Ids
    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.layers.changeset.changeset import Changeset
    from ocianalyze.layers.tar.entry import Attributes

MOST: Final = 10
"""The maximum number of places to report for each layer."""

LARGE: Final = 1_000_000
"""Less waste is not reported; in bytes."""

_MOST_OF_IT: Final = 0.9
"""A directory is named instead of the one above it if it has this share of the bytes."""


class Change(IntEnum):
    """What a layer did to a file of an earlier one."""

    DELETED = 0
    """It is gone, or the directory that it was in."""
    REPLACED = 1
    """Another file has its path."""
    OWNER = 2
    """It is stored again, with the same size and time and another owner."""
    MODE = 3
    """It is stored again, with the same size and time and another mode."""
    AGAIN = 4
    """It is stored again with the same size, time, owner and mode."""


class Hidden(NamedTuple):
    """Files of one layer that a later one hides, in one directory, or a single one.

    Attributes:
        path: the directory, or the file.
        layer: the position of the layer that stores them.
        bytes: the size of those that are hidden by one layer and in one way.
        hidden_by: the position of the layer that hides them.
        change: what that layer did to them.
        value: the owner (``1000:100``) or mode (``755``) that it gave them; None if it gave them several, or neither.
    """

    path: str
    layer: int
    bytes: int
    hidden_by: int
    change: Change
    value: str | None = None


class _Sums:
    """The bytes of hidden files of one layer, by directory."""

    __slots__ = ("direct", "largest")

    def __init__(self) -> None:
        self.direct: dict[int, int] = {}
        self.largest: dict[int, tuple[int, int]] = {}

    def add(self, directory: int, size: int, row: int) -> None:
        """Count a file."""
        self.direct[directory] = self.direct.get(directory, 0) + size
        if directory not in self.largest or size > self.largest[directory][0]:
            self.largest[directory] = size, row


def find_waste(filesystem: Filesystem) -> tuple[Hidden, ...]:
    """Return the places in which most of what layers hide of earlier ones is, largest first.

    There is none if little is hidden, and no more than `MOST` for each layer that hides.
    """
    if sum(usage.shadowed for usage in filesystem.usage) < LARGE:
        return ()
    changes, values = _changes(filesystem)
    last_names = find_last_names(filesystem.inodes, filesystem.shadowed)
    found: dict[int, list[Hidden]] = {}
    for layer, changeset in enumerate(filesystem.changesets):
        for (by, change), sums in _sums(filesystem, layer, last_names, changes).items():
            value = values.get((by, change))
            places = [Hidden(path, layer, size, by, Change(change), value) for size, path in _places(changeset, sums)]
            found[by] = nlargest(MOST, [*found.get(by, ()), *places], key=lambda place: place.bytes)
    return tuple(sorted((place for places in found.values() for place in places), key=lambda place: -place.bytes))


def hidden_files(
    filesystem: Filesystem, layer: int, last_names: Mapping[int, int | None]
) -> Iterator[tuple[int, int, int]]:
    """Yield the files of a layer that are not in the tree: the row, the size, and the id of the last name it had.

    Empty ones are left out. `last_names` are those of `find_last_names`.
    """
    changeset, base = filesystem.changesets[layer], filesystem.bases[layer]
    sizes, ids = changeset.sizes, filesystem.shadowed_ids
    for id_ in ids[bisect_left(ids, base) : bisect_left(ids, base + len(changeset))]:
        size = sizes[id_ - base]
        last = last_names.get(id_, id_) if size else None
        if last is not None:
            yield id_ - base, size, last


def _changes(filesystem: Filesystem) -> tuple[bytearray, dict[tuple[int, int], str | None]]:
    """Return the change of each id, and the new owner or mode for each layer and change where there is only one."""
    ids, inodes = filesystem.ids, filesystem.inodes
    changes = bytearray(filesystem.bases[-1] + len(filesystem.changesets[-1]))
    comparisons: dict[tuple[int, int], _Comparison] = {}
    pair = _Comparison(ids, 0, 0)
    for old, new in zip(*filesystem.replacements, strict=True):
        before, after = inodes.get(old, old), inodes.get(new, new)
        if not (pair.first <= before < pair.end and pair.new_first <= after < pair.new_end):
            layers = ids.layer(before), ids.layer(after)
            pair = comparisons.get(layers) or comparisons.setdefault(layers, _Comparison(ids, *layers))
        changes[old] = pair.change(before, after)
    values: dict[tuple[int, int], set[str]] = {}
    for (_, by), comparison in comparisons.items():
        for change, value in comparison.changes.values():
            values.setdefault((by, change), set()).add(value)
    return changes, {key: next(iter(found)) or None for key, found in values.items() if len(found) == 1}


class _Comparison:
    """Compares the files of two layers.

    Attributes:
        first, end: the ids of the lower layer, and `new_first`, `new_end` those of the upper one.
        changes: the change from one attribute to another, by their numbers in the two layers, and its new value.
    """

    __slots__ = ("_new", "_old", "changes", "end", "first", "new_end", "new_first")

    def __init__(self, ids: Ids, old: int, new: int) -> None:
        self._old, self._new = ids.changesets[old], ids.changesets[new]
        self.first, self.new_first = ids.bases[old], ids.bases[new]
        self.end, self.new_end = self.first + len(self._old), self.new_first + len(self._new)
        self.changes: dict[tuple[int, int], tuple[int, str]] = {}

    def change(self, before: int, after: int) -> int:
        """Return what became of the file `before`, whose path `after` has."""
        old, new, row, at = self._old, self._new, before - self.first, after - self.new_first
        if not old.sizes[row] or old.sizes[row] != new.sizes[at] or old.mtimes[row] != new.mtimes[at]:
            return Change.REPLACED
        key = old.identities[row], new.identities[at]
        known = self.changes.get(key)
        if known is None:
            known = self.changes[key] = _change_of(old.attributes[key[0]], new.attributes[key[1]])
        return known[0]


def _change_of(old: Attributes, new: Attributes) -> tuple[int, str]:
    if old[1:] != new[1:]:
        return Change.OWNER, f"{new.uid}:{new.gid}"
    return (Change.MODE, f"{new.mode:o}") if old != new else (Change.AGAIN, "")


def _sums(
    filesystem: Filesystem, layer: int, last_names: Mapping[int, int | None], changes: bytearray
) -> dict[tuple[int, int], _Sums]:
    """Return the bytes of a layer that each later layer hides in each way."""
    parents, shadowed = filesystem.changesets[layer].parents, filesystem.shadowed
    found: dict[tuple[int, int], _Sums] = {}
    for row, size, last in hidden_files(filesystem, layer, last_names):
        if shadowed[last] == layer:
            continue
        key = shadowed[last], changes[last]
        sums = found.get(key)
        if sums is None:
            sums = found[key] = _Sums()
        sums.add(parents[row], size, row)
    return found


def _places(changeset: Changeset, sums: _Sums) -> Iterator[tuple[int, str]]:
    """Yield where the bytes are: the directory or file that has most of them, else one for each path of the root."""
    parents, totals, largest = changeset.parents, dict(sums.direct), dict(sums.largest)
    rows = set(totals)
    for row in sums.direct:
        above = row
        while above != ROOT and parents[above] not in rows:
            above = parents[above]
            rows.add(above)
    for row in sorted(rows - {ROOT}, reverse=True):
        total, parent = totals[row], parents[row]
        totals[parent] = totals.get(parent, 0) + total
        if total > largest.get(parent, (0, ROOT))[0]:
            largest[parent] = total, row
    size, top = _narrowed(totals[ROOT], ROOT, largest)
    if top != ROOT:
        yield size, changeset.path(top)
        return
    for row in nlargest(MOST, (row for row in rows if row != ROOT and parents[row] == ROOT), key=totals.__getitem__):
        size, inner = _narrowed(totals[row], row, largest)
        yield size, changeset.path(inner)
    if ROOT in sums.direct:
        size, row = sums.largest[ROOT]
        yield size, changeset.path(row)


def _narrowed(total: int, row: int, largest: Mapping[int, tuple[int, int]]) -> tuple[int, int]:
    """Return the innermost directory or file below `row` that has most of its `total` bytes, after its own bytes."""
    size = total
    while row in largest and largest[row][0] >= total * _MOST_OF_IT:
        size, row = largest[row]
    return size, row
