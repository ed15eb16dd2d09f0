"""The contents of a layer by the chunks of its table of contents; each chunk is checked against its digest."""

from __future__ import annotations

from array import array
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.blob.pieces import inflate
from ocianalyze.layers.indexes.index import Stretch, Stretches
from ocianalyze.layers.indexes.units import UnitReader, covering
from ocianalyze.oci.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocianalyze.layers.blob.pieces import Codec
    from ocianalyze.layers.indexes.chunk_list import ChunkList
    from ocianalyze.layers.indexes.tables import Table
    from ocianalyze.oci.image import Ranges

_MOST_HEADERS: Final = 1 << 20
"""How many bytes of headers between two contents are looked at."""


class HeaderPlace(NamedTuple):
    """Where headers are stored: from byte `start` to `end` of the layer, behind `skip` plain bytes, before `stop`."""

    start: int
    end: int
    skip: int
    stop: int | None


class ChunkedContents(UnitReader):
    """The contents that a table leads to; see `IndexedContents`."""

    def __init__(self, table: Table, ranges: Ranges, codec: Codec) -> None:
        super().__init__(_ChunkUnits(table.chunks, codec), ranges)
        self.odd_stretches: Sequence[Stretch] = ()
        self._chunks, self._headers = table.chunks, table.headers
        self._ranges = ranges
        self._codec = codec

    @property
    def stretches(self) -> Sequence[Stretch]:
        """Where headers lie, in the order of the tar."""
        return Stretches(range(len(self._headers)), self._stretch)

    def beside(self, pieces: Sequence[tuple[int, int]]) -> Sequence[Stretch]:  # noqa: ARG002 - as the protocol has it
        """Return nothing: the headers of a file are stored with the file before it."""
        return ()

    def near(self, stretch: Stretch, most: int) -> Sequence[Stretch]:
        """Return a stretch with those behind it, however little lies between them."""
        start, last = self.header_place(stretch.number).start, stretch.number
        while last + 1 < len(self._headers) and self.header_place(last + 1).end - start <= most:
            last += 1
        return self.stretches[stretch.number : last + 1]

    def prepare(self, pieces: Sequence[tuple[int, int]], stretches: Sequence[Stretch] = ()) -> list[bytes]:
        """Fetch contents, and return the headers of stretches."""
        places = [self.header_place(stretch.number) for stretch in stretches]
        found = []
        for place, raw in zip(places, self.fetch(pieces, [place[:2] for place in places]), strict=True):
            stop = place.skip + _MOST_HEADERS if place.stop is None else place.stop
            found.append(inflate(raw, self._codec, most=stop, at=place.start)[place.skip :])
        return found

    def header_place(self, number: int) -> HeaderPlace:
        """Return where a stretch is stored."""
        start, skip, _, _, chunk = self._headers[number]
        chunks = self._chunks
        if chunk < 0:
            return HeaderPlace(start, chunks.end, skip, None)
        begin, end = chunks.place(chunk)
        return (
            HeaderPlace(start, end, skip, chunks.inners[chunk])
            if begin == start
            else HeaderPlace(start, begin, skip, None)
        )

    def _stretch(self, number: int) -> Stretch:
        _, _, first, last, _ = self._headers[number]
        place = self.header_place(number)
        return Stretch(place.end - place.start, number, first, last)


class _ChunkUnits:
    """The chunks of a layer as `Units`."""

    def __init__(self, chunks: ChunkList, codec: Codec) -> None:
        self._begins: Sequence[int] = array("q", accumulate(chunks.sizes, initial=0))
        self._chunks = chunks
        self._codec = codec
        self._last = -1, b""

    def know(self, pieces: Iterable[tuple[int, int]]) -> None:
        """Do nothing: the table has them all."""

    def covering(self, offset: int, size: int) -> range:
        """Return the chunks that plain bytes lie in."""
        return covering(self._begins, offset, size)

    def plain(self, number: int) -> tuple[int, int]:
        """Return from where to before where the plain bytes of a chunk are."""
        return self._begins[number], self._begins[number + 1]

    def place(self, number: int) -> tuple[int, int]:
        """Return where a chunk is stored."""
        return self._chunks.place(number)

    def expand(self, number: int, stored: bytes) -> bytes:
        """Return the plain bytes of a chunk."""
        chunks = self._chunks
        inner, size = chunks.inners[number], chunks.sizes[number]
        if chunks.is_hole(number):
            return bytes(size)
        plain = self._member(number, stored)[inner : inner + size]
        if not Digest(chunks.digests[number]).matches(plain):
            start = chunks.starts[number]
            raise CorruptLayerError(f"the chunk at byte {start:,} does not match the digest in its index", offset=start)
        return plain

    def _member(self, number: int, stored: bytes) -> bytes:
        """Return what a chunk is stored in: what holds several small files is inflated once for them."""
        start = self._chunks.starts[number]
        known, plain = self._last
        if known != start:
            plain = inflate(stored, self._codec, most=self._chunks.reach(number), at=start)
            self._last = start, plain
        return plain
