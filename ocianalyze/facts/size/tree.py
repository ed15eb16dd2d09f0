"""The size of the image by directory: a tree for each layer, of what is large enough to be seen.

Files are counted in the layer that stores them, whether or not a later layer hides them.
"""

from __future__ import annotations

from array import array
from heapq import nsmallest
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.size.waste import hidden_files
from ocianalyze.filesystem.usage import find_last_names
from ocianalyze.layers.changeset.changeset import ROOT
from ocianalyze.layers.changeset.columns import sum_subtrees

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.layers.changeset.changeset import Changeset

_SHARE: Final = 10_000
"""What takes less than a ten-thousandth of the image is left out."""

_MOST: Final = 20_000
"""The maximum number of nodes; the smallest are left out."""


class Branch(NamedTuple):
    """A directory or file of one layer.

    Attributes:
        parent: the position of its directory in the list, which comes before it; None for the root of a layer.
        name: its name; empty for the root.
        layer: the position of the layer.
        bytes: the total size of the files in it that this layer stores.
        hidden: the part of that which later layers replaced or deleted.
    """

    parent: int | None
    name: str
    layer: int
    bytes: int
    hidden: int


def find_tree(filesystem: Filesystem) -> tuple[Branch, ...]:
    """Return the root of each layer, and its directories and files that take a visible part of the image."""
    last_names = find_last_names(filesystem.inodes, filesystem.shadowed)
    sums = [_sums(filesystem, layer, last_names) for layer in range(len(filesystem.changesets))]
    least = max(1, sum(sizes[ROOT] for sizes, _ in sums) // _SHARE)
    large = (
        (-size, layer, row)
        for layer, (sizes, _) in enumerate(sums)
        for row, size in enumerate(sizes)
        if size >= least and row != ROOT
    )
    kept = [[ROOT] for _ in sums]
    for _, layer, row in nsmallest(_MOST, large):
        kept[layer].append(row)
    tree: list[Branch] = []
    for layer, rows in enumerate(kept):
        tree += _branches(filesystem.changesets[layer], layer, sorted(rows), *sums[layer], start=len(tree))
    return tuple(tree)


def _branches(
    changeset: Changeset, layer: int, rows: Sequence[int], sizes: Sequence[int], hidden: Sequence[int], *, start: int
) -> Iterator[Branch]:
    """Yield the chosen rows of a layer; the directory of each is among them, because it is as large and comes first."""
    places = {row: place for place, row in enumerate(rows, start)}
    for row in rows:
        parent = None if row == ROOT else places[changeset.parents[row]]
        yield Branch(parent, changeset.names[row], layer, sizes[row], hidden[row])


def _sums(
    filesystem: Filesystem, layer: int, last_names: Mapping[int, int | None]
) -> tuple[Sequence[int], Sequence[int]]:
    """Return the bytes of each row of a layer with all that is in it, and how many of them are hidden."""
    changeset = filesystem.changesets[layer]
    sizes, hidden = array("q", changeset.sizes), array("q", bytes(8 * len(changeset)))
    for row, size, last in hidden_files(filesystem, layer, last_names):
        if filesystem.shadowed[last] == layer:  # the layer stores two files of this path, of which this one never was
            sizes[row] = 0
        else:
            hidden[row] = size
    return sum_subtrees(changeset, sizes), sum_subtrees(changeset, hidden)
