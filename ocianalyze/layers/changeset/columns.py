"""Questions to all rows of a changeset at once, answered by compiled code where there is some, else by Python."""

from __future__ import annotations

import contextlib
from array import array
from itertools import accumulate
from operator import lt
from typing import TYPE_CHECKING, Any, NamedTuple

from ocianalyze.layers.changeset.changeset import ROOT
from ocianalyze.layers.tar.entry import DIRECTORIES, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.layers.changeset.changeset import Changeset

compiled: Any = None
"""The compiled module, or None."""
with contextlib.suppress(ImportError):
    from ocianalyze.layers.changeset import _columns as compiled

_OPAQUE, _DIRECTORIES = int(Kind.OPAQUE), bytes(DIRECTORIES)


def rows_of(changeset: Changeset, kind: int) -> Iterator[int]:
    """Yield the rows of one kind, in the order of the tar."""
    row = changeset.kinds.find(kind)
    while row >= 0:
        yield row
        row = changeset.kinds.find(kind, row + 1)


class RowsByDirectory(NamedTuple):
    """The rows but the root, those of one directory beside each other.

    Attributes:
        ordered: the rows, directories in the order of their rows, and within a directory in that of the tar.
        ends: for each row, where in them those end that lie in it.
    """

    ordered: array[int]
    ends: array[int]

    def inside(self, directory: int) -> array[int]:
        """Return the rows that lie in the directory `directory`."""
        return self.ordered[self.ends[directory - 1] if directory else 0 : self.ends[directory]]


def rows_by_directory(changeset: Changeset) -> RowsByDirectory:
    """Return the rows of a layer, sorted by their directories."""
    parents = changeset.parents
    if compiled is not None:
        ordered, ends = compiled.by_directory(parents, len(parents))
        return RowsByDirectory(array("i", ordered), array("i", ends))
    counts = array("i", bytes(4 * len(parents)))
    for parent in parents[1:]:
        counts[parent] += 1
    ordered = array("i", sorted(range(1, len(parents)), key=parents.__getitem__))
    return RowsByDirectory(ordered, array("i", accumulate(counts)))


def find_repeats(changeset: Changeset) -> list[tuple[int, int]]:
    """Return the rows whose path an earlier row of their layer has, each with the first such row.

    Opaque markers are left out, and a whiteout has the path that it hides. Directories of one path are one directory,
    in which there is what any of them has in it.
    """
    names, parents, kinds = changeset.names, changeset.parents, changeset.kinds
    if compiled is not None:
        found = array("i", compiled.find_repeats(names, parents, kinds, _OPAQUE, _DIRECTORIES))
        return list(zip(found[::2], found[1::2], strict=True))
    repeats = []
    known: dict[tuple[int, str], int] = {}
    same: dict[int, int] = {}
    for row in range(1, len(names)):
        if kinds[row] == _OPAQUE:
            continue
        first = known.setdefault((same.get(parents[row], parents[row]), names[row]), row)
        if first != row:
            repeats.append((row, first))
            if kinds[row] in _DIRECTORIES and kinds[first] in _DIRECTORIES:
                same[row] = first
    return repeats


def are_sound(changeset: Changeset) -> bool:
    """Tell whether every path leads to the root, through directories; and that sizes and identities can be right.

    The columns must be of one length.
    """
    parents, kinds = changeset.parents, changeset.kinds
    identities, sizes, attributes = changeset.identities, changeset.sizes, len(changeset.attributes)
    if compiled is not None:
        return bool(compiled.are_sound(parents, kinds, identities, sizes, attributes, _DIRECTORIES))
    return (
        parents[ROOT] == ROOT
        and min(parents) >= ROOT
        and all(map(lt, parents[1:], range(1, len(parents))))
        and not bytes(map(kinds.__getitem__, set(parents))).translate(None, _DIRECTORIES)
        and max(identities) < attributes
        and min(sizes) >= 0
    )


def count_blocks(changeset: Changeset, block: int) -> int:
    """Return how many blocks of `block` bytes the files of a layer take, each some of its own."""
    sizes = changeset.sizes
    if compiled is not None:
        with contextlib.suppress(OverflowError):
            return int(compiled.count_blocks(sizes, block, len(sizes)))
    return sum([-(-size // block) for size in sizes if size])


def count_bytes(changeset: Changeset) -> int:
    """Return how many bytes the files of a layer have, by their apparent sizes."""
    return count_blocks(changeset, 1)


def sum_subtrees(changeset: Changeset, sizes: array[int] | None = None) -> Sequence[int]:
    """Return for each row of a layer the size of the file, or of all files that the layer has below the directory.

    `sizes` are others than those of the changeset, one for each row.
    """
    parents, sizes = changeset.parents, changeset.sizes if sizes is None else sizes
    if compiled is not None:
        with contextlib.suppress(OverflowError):
            return array("q", compiled.sum_subtrees(parents, sizes, len(sizes)))
    sums = list(sizes)
    for row in range(len(sums) - 1, ROOT, -1):
        if sums[row]:
            sums[parents[row]] += sums[row]
    return sums


def rows_from(changeset: Changeset, least: int) -> Sequence[int]:
    """Return the rows of the files of a layer that have `least` bytes or more."""
    sizes = changeset.sizes
    if compiled is not None:
        return array("i", compiled.rows_from(sizes, least, len(sizes)))
    return [row for row, size in enumerate(sizes) if size >= least]
