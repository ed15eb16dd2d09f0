"""Ids: one number for every entry of every layer, the rows of the changesets one layer after the other."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.layers.changeset.changeset import Changeset


class Ids:
    """Says which row of which layer an id stands for.

    Attributes:
        changesets: those of the layers, from the bottom up.
        bases: the id of each layer's first row.
    """

    __slots__ = ("bases", "changesets")

    def __init__(self, changesets: Sequence[Changeset]) -> None:
        self.changesets = changesets
        self.bases = [0]
        for changeset in changesets[:-1]:
            self.bases.append(self.bases[-1] + len(changeset))

    def layer(self, id_: int) -> int:
        """Return the position of the layer that an id belongs to."""
        return bisect_right(self.bases, id_) - 1

    def locate(self, id_: int) -> tuple[Changeset, int]:
        """Return the changeset of the layer that an id belongs to, and the row of it."""
        layer = self.layer(id_)
        return self.changesets[layer], id_ - self.bases[layer]

    def kind(self, id_: int) -> int:
        """Return the kind of the entry itself, which of a hardlink is that."""
        changeset, row = self.locate(id_)
        return changeset.kinds[row]
