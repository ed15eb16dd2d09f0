"""What lies in each directory of the merged tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.layers.changeset.changeset import ROOT
from ocianalyze.layers.changeset.columns import rows_by_directory
from ocianalyze.layers.tar.entry import DIRECTORIES, MARKERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocianalyze.filesystem.ids import Ids
    from ocianalyze.layers.changeset.columns import RowsByDirectory


class Directories:
    """The ids of what lies in each directory, by name: a table for the id of each directory.

    Of most directories only one layer speaks, and nobody ever asks what lies in them. Their tables are made when they
    are asked for, from the rows of that layer; those of directories in which layers meet are made by who merges them.
    Until they are, they are those of the layer by itself.
    """

    __slots__ = ("_ids", "_left_out", "_orders", "_tables")

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._orders: list[RowsByDirectory | None] = [None] * len(ids.changesets)
        self._tables: dict[int, dict[str, int]] = {}
        self._left_out: list[set[int]] = [set() for _ in ids.changesets]

    def __setitem__(self, id_: int, table: dict[str, int]) -> None:
        """Let `table` be what lies in the directory `id_`."""
        self._tables[id_] = table

    def __getitem__(self, id_: int) -> dict[str, int]:
        """Return what lies in the directory `id_`; raises KeyError if it is none."""
        table = self.get(id_)
        if table is None:
            raise KeyError(id_)
        return table

    def get(self, id_: int) -> dict[str, int] | None:
        """Return what lies in the directory `id_`, or None if it is no directory."""
        table = self._tables.get(id_)
        if table is not None:
            return table
        layer = self._ids.layer(id_)
        changeset, base = self._ids.changesets[layer], self._ids.bases[layer]
        if changeset.kinds[id_ - base] not in DIRECTORIES:
            return None
        names = changeset.names
        table = self._tables[id_] = {names[row]: base + row for row in self.rows(layer, id_ - base)}
        return table

    def descend(self, names: Iterable[str]) -> dict[str, int] | None:
        """Return what lies in the directory to which `names` lead from the root, None if that is none.

        Symlinks are not followed.
        """
        here: dict[str, int] | None = self[ROOT]
        for name in names:
            id_ = None if here is None else here.get(name)
            here = None if id_ is None else self.get(id_)
        return here

    def leave_out(self, layer: int, rows: set[int]) -> None:
        """Let some rows of a layer be as if they were not there."""
        self._left_out[layer] = rows

    def rows(self, layer: int, directory: int) -> Sequence[int]:
        """Return the rows of what one layer has in a directory, which is a row of it, too; no markers."""
        order, changeset = self._orders[layer], self._ids.changesets[layer]
        if order is None:
            order = self._orders[layer] = rows_by_directory(changeset)
        kinds, left_out = changeset.kinds, self._left_out[layer]
        rows = [row for row in order.inside(directory) if kinds[row] not in MARKERS]
        return [row for row in rows if row not in left_out] if left_out else rows
