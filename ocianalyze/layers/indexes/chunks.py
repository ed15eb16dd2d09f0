"""The contents of a layer by the chunks of its table of contents; each chunk is checked against its digest."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.blob.pieces import inflate
from ocianalyze.layers.indexes.tables import reach
from ocianalyze.layers.indexes.units import UnitReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.layers.blob.pieces import Codec
    from ocianalyze.layers.indexes.index import Stretch
    from ocianalyze.layers.indexes.tables import Chunk, Table
    from ocianalyze.oci.image import Ranges

_MOST_HEADERS: Final = 1 << 20
"""How many bytes of headers between two contents are looked at."""


class ChunkedContents(UnitReader):
    """The contents that a table leads to; see `IndexedContents`."""

    def __init__(self, table: Table, ranges: Ranges, codec: Codec) -> None:
        super().__init__(_ChunkUnits(table.chunks, codec), ranges)
        self.stretches = table.stretches
        self.odd_stretches: Sequence[Stretch] = ()
        self._places = table.places
        self._ranges = ranges
        self._codec = codec

    def beside(self, pieces: Sequence[tuple[int, int]]) -> Sequence[Stretch]:  # noqa: ARG002 - as the protocol has it
        """Return nothing: the headers of a file are stored with the file before it."""
        return ()

    def prepare(self, pieces: Sequence[tuple[int, int]], stretches: Sequence[Stretch] = ()) -> list[bytes]:
        """Fetch contents, and return the headers of stretches."""
        self.fetch(pieces)
        places = [self._places[stretch.number] for stretch in stretches]
        stored = self._ranges.read([(place.start, place.end) for place in places])
        found = []
        for place, raw in zip(places, stored, strict=True):
            stop = place.skip + _MOST_HEADERS if place.stop is None else place.stop
            found.append(inflate(raw, self._codec, most=stop, at=place.start)[place.skip :])
        return found


class _ChunkUnits:
    """The chunks of a layer as `Units`."""

    def __init__(self, chunks: Sequence[Chunk], codec: Codec) -> None:
        self.begins: Sequence[int] = [0, *accumulate(chunk.size for chunk in chunks)]
        self._chunks = chunks
        self._codec = codec
        self._reach = reach(chunks)
        self._last = -1, b""

    def place(self, number: int) -> tuple[int, int]:
        """Return where a chunk is stored."""
        return self._chunks[number][:2]

    def expand(self, number: int, stored: bytes) -> bytes:
        """Return the plain bytes of a chunk."""
        start, _, inner, size, digest = self._chunks[number]
        if digest is None:
            return bytes(size)
        plain = self._member(start, stored)[inner : inner + size]
        if not digest.matches(plain):
            raise CorruptLayerError(f"the chunk at byte {start:,} does not match the digest in its index", offset=start)
        return plain

    def _member(self, start: int, stored: bytes) -> bytes:
        """Return what is stored at a byte, which may be that of several small files: it is inflated once for them."""
        known, plain = self._last
        if known != start:
            plain = inflate(stored, self._codec, most=self._reach[start], at=start)
            self._last = start, plain
        return plain
