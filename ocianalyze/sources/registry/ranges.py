"""Pieces of a blob in a registry: those that are near each other in one request, and several requests at a time."""

from __future__ import annotations

from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_GAP: Final = 1 << 14
"""How many bytes are rather read in vain than asked around."""
_AT_ONCE: Final = 8
"""How many requests are made at a time: most of each is waiting."""


class PlacedRanges:
    """The pieces of a blob as `Ranges`; `fetch` returns the bytes from one to before another."""

    def __init__(self, fetch: Callable[[int, int], bytes], size: int) -> None:
        self._fetch = fetch
        self.size = size

    def read(self, pieces: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return pieces; see `Ranges`."""
        groups = list(_grouped(pieces))
        if len(groups) < 2:  # noqa: PLR2004 - one needs no threads
            fetched = [self._fetch(start, end) for start, end in groups]
        else:
            with ThreadPoolExecutor(min(_AT_ONCE, len(groups)), thread_name_prefix="piece") as pool:
                fetched = list(pool.map(self._fetch, *zip(*groups, strict=True)))
        begins = [begin for begin, _ in groups]

        def cut(start: int, end: int) -> bytes:
            number = bisect_right(begins, start) - 1
            return fetched[number][start - begins[number] : end - begins[number]] if start < end else b""

        return [cut(start, end) for start, end in pieces]


def _grouped(pieces: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield from where to where bytes are asked for, in their order."""
    begin = last = -1
    for start, end in sorted(pieces):
        if start == end:
            continue
        if begin >= 0 and start <= last + _GAP:
            last = max(last, end)
            continue
        if begin >= 0:
            yield begin, last
        begin, last = start, end
    if begin >= 0:
        yield begin, last
