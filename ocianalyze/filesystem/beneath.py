"""Directories that no entry states, and what stands in their way in the layers beneath.

containerd gives a directory that it has to make the attributes that it has in the topmost layer beneath. It looks for
it in one layer after the other, and stops with an error where what should be a directory above it is none there.
Docker's drivers that apply layers to the merged tree do not make a directory where something else is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.filesystem.finder import Finder
from ocianalyze.layers.changeset.changeset import ROOT
from ocianalyze.layers.changeset.columns import rows_of
from ocianalyze.layers.changeset.places import without_detours
from ocianalyze.layers.tar.entry import Kind
from ocianalyze.layers.tar.obstacles import CONTAINERD, MERGED_DOCKER, Cause, Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from ocianalyze.filesystem.directories import Directories
    from ocianalyze.filesystem.ids import Ids
    from ocianalyze.layers.changeset.changeset import Changeset
    from ocianalyze.layers.metering.limits import Limits
    from ocianalyze.layers.tar.obstacles import Obstacles

_IMPLICIT, _SYMLINK = int(Kind.IMPLICIT_DIRECTORY), int(Kind.SYMLINK)
_ABSENT, _OPAQUE = int(Kind.ABSENT), int(Kind.OPAQUE)


class Beneath:
    """What has to be known of the layers beneath the one that is being laid upon them.

    Tables of directories are told apart by their identity: they live as long as the tree does.
    """

    def __init__(self, ids: Ids, children: Directories, inodes: Mapping[int, int], limits: Limits) -> None:
        self._ids = ids
        self._children = children
        self._inodes = inodes
        self._limits = limits
        self._last = max(
            (layer for layer, changeset in enumerate(ids.changesets) if any(_implied(changeset))), default=0
        )
        self._over_others: set[int] = set()  # tables of directories that took the place of something else
        self._deleted: dict[int, dict[str, bool]] = {}  # what is hidden in a table, and whether by a device
        self._emptied: dict[int, set[str]] = {}  # what an opaque marker hid in it
        self._met: set[int] = set()  # the rows of the layer at hand whose own path is no matter
        self._made: dict[int, int] = {}  # the rows of directories that are made, and of those that state them later
        self._refused: list[tuple[str, int]] = []

    def begin_layer(self, layer: int, again: Mapping[int, int]) -> None:
        """Begin with a layer; `again` are its directories that it has more than once, by those before."""
        if layer > self._last:
            return
        self._met.clear()
        self._refused.clear()
        self._made = {}
        for row in _implied(self._ids.changesets[layer]):
            last = row
            while last in again:
                last = again[last]
            self._made[last] = row

    def meet_nothing(self, layer: int, row: int, siblings: dict[str, int]) -> None:
        """Take note that a directory meets nothing in `siblings`."""
        if layer > self._last:
            return
        name = self._ids.changesets[layer].names[row]
        by_device = self._deleted.get(id(siblings), {}).get(name)
        if by_device is not None:
            if by_device and self._is_needed(layer, row):
                self._refuse(MERGED_DOCKER, row)
            self._take_place(layer, row)
        elif name in self._emptied.get(id(siblings), ()):
            self._met.add(row)

    def meet_other(self, layer: int, row: int, existing: int) -> None:
        """Take note that a directory meets something that is none."""
        if layer > self._last:
            return
        problem = "file"
        lower, link = self._ids.locate(self._inodes.get(existing, existing))
        if lower.kinds[link] == _SYMLINK:
            finder = Finder(self._ids, self._children.get, self._limits, self._inodes)
            target = without_detours(lower.links[link])
            of, at = self._ids.locate(existing)
            is_absolute = lower.links[link].startswith("/")
            problem = finder.enter(target if is_absolute else f"{of.path(of.parents[at])}/{target}").problem
        if problem not in ("file", "loop"):
            self._met.add(row)
            return
        if problem == "loop":
            self._refuse(CONTAINERD, row)
            self._refuse(MERGED_DOCKER, row)
        elif self._is_needed(layer, row):
            self._refuse(MERGED_DOCKER, row)
        self._take_place(layer, row)

    def empty(self, siblings: dict[str, int]) -> None:
        """Take note that an opaque marker is about to hide what is in `siblings`."""
        self._emptied.setdefault(id(siblings), set()).update(siblings)

    def end_layer(
        self, layer: int, met: Iterable[int], hiding: Iterable[int], gone: Collection[int], obstacles: Obstacles
    ) -> None:
        """Take note of what a layer hides, once it is laid, and of who cannot unpack its directories.

        `met` are its directories that are there beneath, too; `gone` are rows that are not there at the end.
        """
        if layer > self._last:
            return
        changeset, base = self._ids.changesets[layer], self._ids.bases[layer]
        if self._over_others:
            self._met.update(met)
            for row in self._made:
                if row not in self._met and row not in gone and self._is_over_others(layer, changeset.parents[row]):
                    self._refused.append((CONTAINERD, row))
        for by, row in self._refused:
            obstacles.add(Refusal(Cause.BELOW_LOWER, by), changeset.path(row))
        for row in hiding:
            table = self._children.get(base + changeset.parents[row])
            if table is not None:
                hidden = self._deleted.setdefault(id(table), {})
                hidden[changeset.names[row]] = changeset.kinds[row] == _ABSENT

    def _refuse(self, by: str, row: int) -> None:
        """Take note of who does not make a directory, if it has to be made."""
        if row in self._made:
            self._refused.append((by, row))

    def _is_needed(self, layer: int, row: int) -> bool:
        """Tell whether a directory has to be made where layers are merged, too: not for an opaque marker alone."""
        kinds, parents = self._ids.changesets[layer].kinds, self._ids.changesets[layer].parents
        first = self._made.get(row, row) + 1  # what the directory was made for
        is_needed = first < len(kinds) and parents[first] == first - 1 and kinds[first] != _OPAQUE
        return is_needed or bool(self._children.rows(layer, row))

    def _take_place(self, layer: int, row: int) -> None:
        self._met.add(row)
        self._over_others.add(id(self._children[self._ids.bases[layer] + row]))

    def _is_over_others(self, layer: int, row: int) -> bool:
        """Tell whether a directory, or one above it, took the place of something else."""
        changeset, base = self._ids.changesets[layer], self._ids.bases[layer]
        while row != ROOT:
            if id(self._children.get(base + row)) in self._over_others:
                return True
            row = changeset.parents[row]
        return False


def _implied(changeset: Changeset) -> Iterator[int]:
    """Yield the rows of the directories that no entry states, but for the root."""
    return (row for row in rows_of(changeset, _IMPLICIT) if row != ROOT)
