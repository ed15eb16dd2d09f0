"""Contents out of units: pieces of a layer that are stored, and can be inflated, by themselves.

Units are the chunks of eStargz and zstd:chunked, and the spans of SOCI. Together they are the plain bytes that contents
lie in, which are those of the tar for SOCI, and those of all files in a row for the others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol

from ocianalyze.errors import CorruptLayerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ocianalyze.oci.image import Ranges

LARGEST_UNIT: Final = 64 << 20
"""How many bytes a unit may have, stored or inflated; those of real indexes have 4 MiB."""
_AT_ONCE: Final = 64 << 20
"""How many bytes of units are in memory at a time, but for what is kept of them."""
_KEPT: Final = 32 << 20
"""How many bytes of units are kept that were asked for last: the same file is asked for several times."""


class Units(Protocol):
    """The units of a layer."""

    @property
    def begins(self) -> Sequence[int]:
        """Where the plain bytes of each begin, rising from 0, and where those of the last one end."""

    def place(self, number: int) -> tuple[int, int]:
        """Return from where to before where a unit is stored in the layer; nothing for one of zeros."""

    def expand(self, number: int, stored: bytes) -> bytes:
        """Return the plain bytes of a unit.

        Raises:
            CorruptLayerError: these are not the bytes that the index describes.
        """


class UnitReader:
    """Reads plain bytes, fetching the units that they lie in; may be used from several threads."""

    def __init__(self, units: Units, ranges: Ranges) -> None:
        self._units = units
        self._ranges = ranges
        self._prepared: dict[int, bytes] = {}
        self._recent: OrderedDict[int, bytes] = OrderedDict()
        self._kept = 0
        self._lock = Lock()

    def read_at(self, offset: int, size: int) -> bytes:
        """Return `size` plain bytes from `offset`, fewer where they end.

        Raises:
            CorruptLayerError: the bytes are not those that the index describes.
            OcianalyzeError: the bytes cannot be had.
        """
        with self._lock:
            known = self._prepared.get(offset, b"")
            if len(known) > size:
                return known[:size]
            if len(known) == size:  # which is all that was asked for, and is kept by who asks
                return self._prepared.pop(offset, b"")
            numbers = self.covering(offset, size)
            return self._cut(offset, size, dict(self._fetched(numbers)) if len(numbers) else {})

    def fetch(self, pieces: Iterable[tuple[int, int]]) -> None:
        """Fetch what `read_at` will be asked for, as pairs of its arguments; raises its errors."""
        with self._lock:
            for batch in self._batches(sorted(pieces)):
                units = dict(self._fetched(sorted({number for piece in batch for number in self.covering(*piece)})))
                self._prepared.update((piece[0], self._cut(*piece, units)) for piece in batch)

    def cost(self, offset: int, size: int) -> int:
        """Return how many stored bytes have to be fetched for plain bytes."""
        places = map(self._units.place, self.covering(offset, size))
        return sum(end - start for start, end in places)

    def _batches(self, pieces: Iterable[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
        """Yield pieces that can be in memory together with the units that they lie in."""
        batch: list[tuple[int, int]] = []
        size, last = 0, -1
        for piece in pieces:
            numbers = self.covering(*piece)
            more = sum(map(self._weight, range(max(numbers.start, last + 1), numbers.stop)))
            if batch and size + more > _AT_ONCE:
                yield batch
                batch, size = [], 0
                more = sum(map(self._weight, numbers))
            batch.append(piece)
            size += more
            last = max(last, numbers.stop - 1)
        if batch:
            yield batch

    def _weight(self, number: int) -> int:
        """Return how many bytes of memory a unit takes, stored or inflated."""
        start, end = self._units.place(number)
        return max(end - start, self._units.begins[number + 1] - self._units.begins[number])

    def covering(self, offset: int, size: int) -> range:
        """Return the units that plain bytes lie in."""
        begins = self._units.begins
        first = bisect_right(begins, offset) - 1
        last = bisect_right(begins, offset + size - 1) - 1 if size else first - 1
        return range(first, min(last, len(begins) - 2) + 1)

    def _fetched(self, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Yield units with their plain bytes, all of which are fetched together."""
        for number in numbers:
            if number in self._recent:
                self._recent.move_to_end(number)
                yield number, self._recent[number]
        missing = [number for number in numbers if number not in self._recent]
        stored = self._ranges.read([self._units.place(number) for number in missing]) if missing else []
        for number, raw in zip(missing, stored, strict=True):
            plain = self._units.expand(number, raw)
            expected = self._units.begins[number + 1] - self._units.begins[number]
            if len(plain) != expected:
                raise CorruptLayerError(
                    f"a piece of {len(raw):,} bytes inflates to {len(plain):,}, but its index states {expected:,}",
                    offset=self._units.place(number)[0],
                )
            yield number, plain
            self._recent[number] = plain
            self._kept += expected
            while self._kept > _KEPT and len(self._recent) > 1:
                self._kept -= len(self._recent.popitem(last=False)[1])

    def _cut(self, offset: int, size: int, units: dict[int, bytes]) -> bytes:
        """Return plain bytes out of the units that they lie in."""
        found = []
        for number in self.covering(offset, size):
            begin = self._units.begins[number]
            found.append(units[number][max(0, offset - begin) : offset + size - begin])
        return b"".join(found)
