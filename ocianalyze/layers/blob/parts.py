"""Streams that are made of parts, each of which can be decompressed by itself, decompressed by several threads.

Such are the frames of zstd:chunked and pzstd, and the members of eStargz. What one thread would make of the stream
decides: where a part is not what it seemed to be, everything from there on is decompressed once more, as one stream.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ocianalyze.errors import AnalysisError, OcianalyzeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from ocianalyze.layers.blob.helpers import Slots

Counted: TypeAlias = tuple[bytes, int]
"""Some bytes, and how many bytes of the compressed stream were taken until then."""
Begun: TypeAlias = "tuple[list[Counted], Iterator[Counted]]"
"""The first pieces of what a part becomes, and what yields the others."""
Decompress: TypeAlias = "Callable[[Iterator[Counted]], Iterator[Counted]]"

_LEAST: Final = 1 << 20
"""How many compressed bytes a part has at least: a thread is not bothered with less."""
_MOST: Final = 8 << 20
"""How many compressed bytes a part has at most: what cannot be cut is left to one thread."""
_AHEAD: Final = 4 << 20
"""How many bytes a part is decompressed to before it is its turn."""


class Part(NamedTuple):
    """A part of a stream, in pieces; or, if it is `endless`, all the rest, which is read as it is taken."""

    pieces: Iterable[Counted]
    endless: bool = False


class Boundaries:
    """Tells where a stream may be cut if that is known beforehand; see `cut`."""

    def __init__(self, boundaries: Sequence[int]) -> None:
        self._boundaries = boundaries
        self._position = 0

    def follow(self, chunk: bytes) -> int:
        """Return up to which byte of the next chunk a part may go, 0 for none."""
        begin, self._position = self._position, self._position + len(chunk)
        last = bisect_right(self._boundaries, self._position) - 1
        return max(0, self._boundaries[last] - begin) if last >= 0 else 0


def cut(chunks: Iterable[Counted], follow: Callable[[bytes], int]) -> Iterator[Part]:
    """Yield the parts of a stream; `follow` returns up to which byte of a chunk one may go, 0 for none.

    What is raised where the chunks come from is raised behind the part that it ends.
    """
    rest = iter(chunks)
    pieces: list[Counted] = []
    size = 0
    while True:
        try:
            chunk, taken = next(rest, (None, 0))
        except OcianalyzeError as error:
            yield Part(chain(pieces, _raise(error)), endless=True)
            return
        if chunk is None:
            break
        end = follow(chunk)
        if end and size + end >= _LEAST:
            pieces.append((chunk[:end], taken))
            yield Part(pieces)
            chunk, pieces, size = chunk[end:], [], 0
        if chunk:
            pieces.append((chunk, taken))
            size += len(chunk)
        if size > _MOST:
            yield Part(chain(pieces, rest), endless=True)
            return
    if pieces:
        yield Part(pieces)


def decompress_parts(
    parts: Iterator[Part], decompress: Decompress, *, idle: Callable[[], bool], slots: Slots
) -> Iterator[Counted]:
    """Yield what `decompress` makes of all parts, in their order; raises what it raises for all of them as one."""
    line = _Line(parts, decompress, idle, slots)
    try:
        yield from line.run()
    finally:
        line.close()


class _Line:
    """The parts that wait for their turn, the first of them first, most of them in work."""

    def __init__(self, parts: Iterator[Part], decompress: Decompress, idle: Callable[[], bool], slots: Slots) -> None:
        self._parts = parts
        self._decompress = decompress
        self._idle = idle
        self._slots = slots
        self._waiting: deque[tuple[Part, Future[Begun] | None]] = deque()

    def run(self) -> Iterator[Counted]:
        for part in self._parts:
            self._waiting.append((part, None))
            while len(self._waiting) > 1 and not self._begin_last():
                yield from self._first()
        while self._waiting:
            yield from self._first()

    def close(self) -> None:
        """Give up what is in work."""
        while self._waiting:
            _, begun = self._waiting.popleft()
            if begun is not None:
                begun.cancel()
                self._slots.release()

    def _begin_last(self) -> bool:
        """Let another thread begin with the last part; return False if none will."""
        part, _ = self._waiting[-1]
        if part.endless or not self._idle():
            return False
        begun = self._slots.begin(partial(_begin, self._decompress(iter(part.pieces))))
        self._waiting[-1] = part, begun
        return begun is not None

    def _first(self) -> Iterator[Counted]:
        """Yield what becomes of the first part, or of everything from there on."""
        part, begun = self._waiting.popleft()
        given = 0
        try:
            pieces, more = ([], self._decompress(iter(part.pieces))) if begun is None else begun.result()
            for piece, taken in chain(pieces, more):
                given += len(piece)
                yield piece, taken
        except AnalysisError:
            if part.endless:
                raise
            left = [part, *(later for later, _ in self._waiting)]
            self.close()
            stream = chain.from_iterable(later.pieces for later in chain(left, self._parts))
            yield from _skip(self._decompress(stream), given)
        finally:
            if begun is not None:
                self._slots.release()


def _raise(error: OcianalyzeError) -> Iterator[Counted]:
    yield from ()
    raise error


def _begin(pieces: Iterator[Counted]) -> Begun:
    """Return the first pieces, and what yields the others: a few bytes may become very many."""
    begun = []
    size = 0
    for piece, taken in pieces:
        begun.append((piece, taken))
        size += len(piece)
        if size >= _AHEAD:
            break
    return begun, pieces


def _skip(pieces: Iterator[Counted], size: int) -> Iterator[Counted]:
    """Yield what comes behind the first `size` bytes."""
    for piece, taken in pieces:
        if size < len(piece):
            yield piece[size:], taken
        size = max(0, size - len(piece))
