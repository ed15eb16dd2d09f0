"""The chunks of a layer, as columns, since there may be millions: where each is stored, and what it is a piece of."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ocianalyze.layers.indexes import listed
from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.layers.indexes.units import LARGEST_UNIT
from ocianalyze.layers.metering.limits import RATIO

if TYPE_CHECKING:
    from ocianalyze.oci.digest import Digest

_HOLE: Final = 0
"""Instead of a limit: nothing is stored of such a chunk, which is zeros."""


class ChunkList:
    """The chunks of all files, in their order, which is that of the layer.

    Attributes:
        starts: where the gzip member or the zstd frames that a chunk is in begin in the layer; several may share one.
        limits: where the file ends in the layer that it belongs to, as far as that is known.
        inners: how many plain bytes there are before it in its member or frames.
        sizes: how many bytes it has.
        digests: its digest, as it is stated.
        end: where the last one ends in the layer.
    """

    def __init__(self, end: int) -> None:
        self.starts, self.limits, self.inners, self.sizes = array("q"), array("q"), array("q"), array("q")
        self.digests: list[str] = []
        self.end = end

    def __len__(self) -> int:
        return len(self.sizes)

    def add(self, start: int, limit: int, inner: int, size: int, digest: Digest) -> None:
        """Add a chunk behind the others."""
        self.starts.append(start)
        self.limits.append(limit)
        self.inners.append(inner)
        self.sizes.append(size)
        self.digests.append(digest)

    def add_hole(self, size: int) -> None:
        """Add a chunk of zeros behind the others."""
        self.starts.append(self.starts[-1] if self.starts else 0)
        self.limits.append(_HOLE)
        self.inners.append(0)
        self.sizes.append(size)
        self.digests.append("")

    def is_hole(self, number: int) -> bool:
        """Tell whether a chunk is of zeros, and not stored."""
        return self.limits[number] == _HOLE

    def place(self, number: int) -> tuple[int, int]:
        """Return from where to before where a chunk is stored in the layer; nothing for one of zeros."""
        if self.is_hole(number):
            return 0, 0
        start = self.starts[number]
        behind = bisect_right(self.starts, start, number)
        following = self.starts[behind] if behind < len(self.starts) else self.end
        return start, min(following, self.limits[number])

    def reach(self, number: int) -> int:
        """Return how many plain bytes of the member or the frames that a chunk is in belong to chunks."""
        last = bisect_right(self.starts, self.starts[number], number) - 1
        while self.is_hole(last):
            last -= 1
        return self.inners[last] + self.sizes[last]

    def check(self, most: int) -> None:
        """Check that all lie within the layer, and inflate to at most `most` bytes more than is to be expected.

        Raises:
            IndexUnusableError: they do not.
        """
        columns = self.starts, self.limits, self.inners, self.sizes
        if listed.compiled_table is not None and listed.compiled_table.are_sound(
            *columns, self.end, LARGEST_UNIT, RATIO, most
        ):
            return
        if max(self.sizes, default=0) > LARGEST_UNIT:
            raise IndexUnusableError(f"a chunk has {max(self.sizes):,} bytes")
        stored = [number for number in range(len(self)) if not self.is_hole(number)]
        following = dict(pairwise(stored))
        excess = 0
        for number in stored:
            start, end = self.place(number)
            if start >= end:
                raise IndexUnusableError("chunks overlap, or lie outside of the layer")
            reach = self.inners[number] + self.sizes[number]
            if max(end - start, reach) > LARGEST_UNIT:
                raise IndexUnusableError(f"a chunk takes {max(end - start, reach):,} bytes")
            if number not in following or self.starts[following[number]] != start:  # the last in its member
                excess += max(0, reach - RATIO * (end - start))
        if excess > most:
            raise IndexUnusableError("the chunks inflate to far more than expected from their compressed size")
