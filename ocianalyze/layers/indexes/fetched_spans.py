"""The spans of a layer whose checkpoints are fetched as they are needed.

A checkpoint has 32 KiB of window, so those of a large layer are most of its ztoc, and few of them are ever needed.
Spans have about the same number of plain bytes, so it can be told about which of them a place in the tar lies in; the
checkpoints there tell in which it does.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import count
from typing import TYPE_CHECKING, Final

from ocianalyze.layers.indexes.checkpoints import (
    FIRST,
    PREFIX,
    WIDTH,
    behind,
    last_span,
    read_point,
    span_between,
)
from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.layers.indexes.values import INT64

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ocianalyze.layers.indexes.checkpoints import Point, Span
    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.image import Ranges

_GUESSES: Final = 4
"""How often it is told from the plain bytes between two known spans which of those between them a place lies in.

If that was no good, half of them are ruled out each time.
"""
_AROUND: Final = range(-1, 3)
"""Which checkpoints are fetched around the one that a place is thought to lie behind."""


class FetchedSpans:
    """`Spans` of which only those are known that were asked for."""

    def __init__(
        self,
        ranges: Ranges,
        at: int,
        digests: Sequence[Digest],
        *,
        lacking: int,
        most: int,
        layer_size: int,
        size: int,
        end: int,
    ) -> None:
        """The vector of checkpoints is stored from byte `at` on; `lacking` of the first ones are left out.

        The layer is stored as `layer_size` bytes, its tar has `size` bytes, and its last entry ends at byte `end`.
        Checkpoints may take `most` bytes of memory.
        """
        self._ranges = ranges
        self._at = at
        self._digests = digests
        self._lacking = lacking
        self._most = most
        self._layer_size = layer_size
        self._size = size
        self._end = end
        self._points: dict[int, Point] = {len(digests): behind(layer_size)}
        self._spans: dict[int, Span] = {}
        self._numbers = [0, len(digests)]  # of spans of which it is known where they begin, and behind them
        self._begins = [0, INT64]

    def know(self, pieces: Iterable[tuple[int, int]]) -> None:
        """Fetch the checkpoints that are needed for pieces of the tar."""
        wanted = [piece for piece in pieces if piece[1]]
        for attempt in count():
            missing = {number for piece in wanted for number in self._missing(*piece, is_guess=attempt < _GUESSES)}
            if not missing:
                break
            self._fetch(sorted(missing))
        for piece in wanted:
            for number in self.covering(*piece):
                self.span(number)

    def covering(self, offset: int, size: int) -> range:
        """Return the spans that a piece of the tar lies in."""
        first, _ = self._around(offset)
        last, _ = self._around(offset + size - 1) if size else (first - 1, 0)
        return range(first, last + 1)

    def plain(self, number: int) -> tuple[int, int]:
        """Return from where to before where in the tar the plain bytes of a span lie."""
        following = number + 1
        end = self._size if following == len(self._digests) else min(self._points[following].begin, self._size)
        return self._points[number].begin, end

    def span(self, number: int) -> Span:
        """Return a span."""
        found = self._spans.get(number)
        if found is None:
            last = len(self._digests) - 1
            points = self._points[number], self._points[number + 1]
            found = span_between(*points, self._digests[number], number, last)
            if number == last:
                found = last_span(found, self._size, self._end)
            self._spans[number] = found
        return found

    def window_behind(self, number: int) -> memoryview:
        """Return the window of the next span; nothing is compared that is no part of the tar."""
        point = self._points[number + 1]
        return point.window if point.begin < self._size else point.window[:0]

    def cost(self, offset: int, size: int) -> int:
        """Return about how many bytes are stored of the spans that a piece of the tar lies in."""
        del offset
        mean = self._layer_size // len(self._digests)
        return mean * (1 + size * len(self._digests) // self._size)

    def _around(self, offset: int) -> tuple[int, int]:
        """Return the known spans that begin last before a place of the tar, and first behind it."""
        at = bisect_right(self._begins, offset)
        return self._numbers[at - 1], self._numbers[at]

    def _missing(self, offset: int, size: int, *, is_guess: bool) -> Iterator[int]:
        """Yield the checkpoints to fetch next in order to know the spans that a piece lies in."""
        ends = offset, offset + size - 1
        (first, _), (_, behind) = around = [self._around(end) for end in ends]
        if all(following == known + 1 for known, following in around):
            yield from (number for number in range(first, behind + 1) if number not in self._points)
            return
        for end, (known, following) in zip(ends, around, strict=True):
            if following > known + 1:
                about = self._guess(end) if is_guess else (known + following) // 2
                yield from (min(max(about + more, known + 1), following - 1) for more in _AROUND)

    def _guess(self, offset: int) -> int:
        """Return about which span a place of the tar lies in, as if those between two known ones had the same size."""
        at = bisect_right(self._begins, offset)
        begin, end = self._begins[at - 1], min(self._begins[at], self._size)
        known, following = self._numbers[at - 1], self._numbers[at]
        return known + (offset - begin) * (following - known) // (end - begin)

    def _fetch(self, numbers: Sequence[int]) -> None:
        if (len(self._points) + len(numbers)) * WIDTH > self._most:
            raise IndexUnusableError("the checkpoints that are needed of its ztoc take too much memory")
        stored = [number for number in numbers if number >= self._lacking]
        places = (self._at + PREFIX.size + (number - self._lacking) * WIDTH for number in stored)
        records = self._ranges.read([(place, place + WIDTH) for place in places])
        found = dict(zip(stored, map(read_point, records), strict=True))
        for number in numbers:
            self._add(number, found.get(number, FIRST))

    def _add(self, number: int, point: Point) -> None:
        """Take note of a checkpoint, which must be in order with those that are known."""
        self._points[number] = point
        at = bisect_right(self._numbers, number)
        if point.start >= self._layer_size:
            raise IndexUnusableError("the spans in the ztoc are not in order, or lie outside of the layer")
        if number == 0 and point.begin:
            raise IndexUnusableError("the spans in the ztoc do not begin where the tar does")
        if self._numbers[at - 1] == number:
            return
        if not self._begins[at - 1] <= point.begin <= self._begins[at]:
            raise IndexUnusableError("the spans in the ztoc are not in order, or are too large")
        self._numbers.insert(at, number)
        self._begins.insert(at, point.begin)
