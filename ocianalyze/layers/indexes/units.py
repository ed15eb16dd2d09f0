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
from ocianalyze.layers.indexes.index import IndexUnusableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocianalyze.oci.image import Ranges

LARGEST_UNIT: Final = 64 << 20
"""How many bytes a unit may have, stored or inflated; those of real indexes have 4 MiB."""
_AT_ONCE: Final = 32 << 20
"""How many bytes of units are in memory at a time, or of one if that is larger, but for what is kept of them."""
_KEPT: Final = 32 << 20
"""How many bytes of units are kept that were asked for last: the same file is asked for several times."""


def covering(begins: Sequence[int], offset: int, size: int) -> range:
    """Return the units that plain bytes lie in; `begins` are where those of each begin, and where the last one ends."""
    first = bisect_right(begins, offset) - 1
    last = bisect_right(begins, offset + size - 1) - 1 if size else first - 1
    return range(first, min(last, len(begins) - 2) + 1)


class Units(Protocol):
    """The units of a layer."""

    def know(self, pieces: Iterable[tuple[int, int]]) -> None:
        """Find out which units plain bytes lie in, as pairs of the arguments of `covering`, before these are asked for.

        Raises:
            IndexUnusableError: the index contradicts itself.
            OcianalyzeError: that cannot be found out.
        """

    def covering(self, offset: int, size: int) -> range:
        """Return the units that plain bytes lie in, which are known; so they are for what follows."""

    def plain(self, number: int) -> tuple[int, int]:
        """Return from where to before where the plain bytes of a unit are."""

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
            try:
                self._units.know([(offset, size)])
                numbers = self._units.covering(offset, size)
                return self._cut(offset, size, self._fetched(numbers)[0] if len(numbers) else {})
            except IndexUnusableError as error:  # it is too late to do without it
                raise CorruptLayerError(str(error)) from error

    def fetch(self, pieces: Iterable[tuple[int, int]], others: Sequence[tuple[int, int]] = ()) -> list[bytes]:
        """Fetch what `read_at` will be asked for, as pairs of its arguments; raises its errors, and IndexUnusableError.

        Return `others`, which are pieces of the layer as it is stored, and are fetched with it.
        """
        found: list[bytes] = []
        pieces = sorted(pieces)
        with self._lock:
            self._units.know(pieces)
            for batch in self._batches(pieces) or ([],):
                numbers = sorted({number for piece in batch for number in self._units.covering(*piece)})
                units, more = self._fetched(numbers, () if found else others)
                found += more
                self._prepared.update((piece[0], self._cut(*piece, units)) for piece in batch)
        return found

    def _batches(self, pieces: Iterable[tuple[int, int]]) -> list[list[tuple[int, int]]]:
        """Return pieces by which of them can be in memory together with the units that they lie in."""
        batches: list[list[tuple[int, int]]] = []
        batch: list[tuple[int, int]] = []
        size, last = 0, -1
        for piece in pieces:
            numbers = self._units.covering(*piece)
            more = sum(map(self._weight, range(max(numbers.start, last + 1), numbers.stop)))
            if batch and size + more > _AT_ONCE:
                batches.append(batch)
                batch, size = [], 0
                more = sum(map(self._weight, numbers))
            batch.append(piece)
            size += more
            last = max(last, numbers.stop - 1)
        if batch:
            batches.append(batch)
        return batches

    def _weight(self, number: int) -> int:
        """Return how many bytes of memory a unit takes, stored or inflated."""
        start, end = self._units.place(number)
        begin, behind = self._units.plain(number)
        return max(end - start, behind - begin)

    def _fetched(
        self, numbers: Sequence[int], others: Sequence[tuple[int, int]] = ()
    ) -> tuple[dict[int, bytes], list[bytes]]:
        """Return units with their plain bytes, and other pieces of the layer, all of which are fetched together."""
        units: dict[int, bytes] = {}
        for number in numbers:
            if number in self._recent:
                self._recent.move_to_end(number)
                units[number] = self._recent[number]
        missing = [number for number in numbers if number not in units]
        stored = self._ranges.read([*others, *map(self._units.place, missing)]) if missing or others else []
        for number, raw in zip(missing, stored[len(others) :], strict=True):
            units[number] = plain = self._units.expand(number, raw)
            begin, behind = self._units.plain(number)
            expected = behind - begin
            if len(plain) != expected:
                raise CorruptLayerError(
                    f"a piece of {len(raw):,} bytes inflates to {len(plain):,}, but its index states {expected:,}",
                    offset=self._units.place(number)[0],
                )
            self._recent[number] = plain
            self._kept += expected
            while self._kept > _KEPT and len(self._recent) > 1:
                self._kept -= len(self._recent.popitem(last=False)[1])
        return units, stored[: len(others)]

    def _cut(self, offset: int, size: int, units: dict[int, bytes]) -> bytes:
        """Return plain bytes out of the units that they lie in."""
        found = []
        for number in self._units.covering(offset, size):
            begin, _ = self._units.plain(number)
            found.append(units[number][max(0, offset - begin) : offset + size - begin])
        return b"".join(found)
