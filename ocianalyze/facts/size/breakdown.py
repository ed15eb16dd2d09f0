"""The largest files and directories of an image.

Files are counted in the layer that stores them, whether or not a later layer hides them, because they count in the size
of the image. This takes one pass over the columns of each layer, and creates objects only for what is reported.
"""

from __future__ import annotations

import re
from heapq import nlargest
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.layers.changeset.changeset import ROOT
from ocianalyze.layers.changeset.columns import rows_from, sum_subtrees
from ocianalyze.layers.tar.entry import Kind
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.layers.changeset.changeset import Changeset

MOST: Final = 10
"""The maximum number of files and of directories to report."""

_LARGE: Final = 1_000_000
"""Smaller files are not reported; in bytes."""

_SHARE: Final = 100
"""A directory is reported if it contains at least a hundredth of the image outside its largest subdirectory."""

_DIRECTORIES: Final = regex(b"[%c%c]" % (Kind.DIRECTORY, Kind.IMPLICIT_DIRECTORY), re.DOTALL)


class Piece(NamedTuple):
    """A file, or a directory with all that is in it, as one layer stores it.

    Attributes:
        path: its path.
        layer: the position of the layer.
        bytes: the total size of the files.
        hidden_by: the position of the layer that replaced or deleted it, if any.
    """

    path: str
    layer: int
    bytes: int
    hidden_by: int | None = None


class Largest(NamedTuple):
    """The largest files, and the directories that contain much outside their largest subdirectory; largest first."""

    files: tuple[Piece, ...]
    directories: tuple[Piece, ...]


def find_largest(filesystem: Filesystem) -> Largest:
    """Return the files and directories in which most of an image is."""
    total = sum(usage.size for usage in filesystem.usage)
    files: list[Piece] = []
    directories: list[Piece] = []
    for layer, changeset in enumerate(filesystem.changesets):
        files += _large_files(filesystem, layer, changeset)
        directories += _large_directories(layer, changeset, total)
    return Largest(
        tuple(nlargest(MOST, files, key=lambda piece: piece.bytes)),
        tuple(nlargest(MOST, directories, key=lambda piece: piece.bytes)),
    )


def _large_files(filesystem: Filesystem, layer: int, changeset: Changeset) -> Iterator[Piece]:
    sizes, base = changeset.sizes, filesystem.bases[layer]
    for row in nlargest(MOST, rows_from(changeset, _LARGE), key=lambda row: (sizes[row], row)):
        yield Piece(changeset.path(row), layer, sizes[row], filesystem.shadowed.get(base + row))


def _large_directories(layer: int, changeset: Changeset, total: int) -> Iterator[Piece]:
    """Yield the directories of a layer that are worth naming."""
    least = max(_LARGE, total // _SHARE)
    parents, sums = changeset.parents, sum_subtrees(changeset)
    if sums[ROOT] < least:
        return
    rows = [match.start() for match in _DIRECTORIES.finditer(changeset.kinds)]
    largest = {row: 0 for row in rows if sums[row] >= least}
    for row in rows:
        if row != ROOT and parents[row] in largest:
            largest[parents[row]] = max(largest[parents[row]], sums[row])
    worth = [(sums[row], row) for row, within in largest.items() if sums[row] - within >= least]
    for held, row in nlargest(MOST, worth):
        yield Piece(changeset.path(row), layer, held)
