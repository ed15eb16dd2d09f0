"""Streams that are made of parts, each of which can be decompressed by itself, decompressed by several threads.

Such are the frames of zstd:chunked and pzstd, and the members of eStargz. What one thread would make of the stream
decides: where a part is not what it seemed to be, everything from there on is decompressed once more, as one stream.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from threading import Semaphore
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ocianalyze.errors import AnalysisError, OcianalyzeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

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
_MOST_THREADS: Final = 8
"""More threads than this would only wait for the one that hashes."""


class Part(NamedTuple):
    """A part of a stream, in pieces; or, if it is `endless`, all the rest, which is read as it is taken."""

    pieces: Iterable[Counted]
    endless: bool = False


class Slots:
    """Threads that decompress parts, so many for all layers of an image; each part takes a slot until it is taken."""

    def __init__(self, jobs: int) -> None:
        threads = min(jobs, _MOST_THREADS)
        self._free = Semaphore(threads)
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="part")

    def begin(self, pieces: Iterator[Counted]) -> Future[Begun] | None:
        """Begin to take the pieces of a part; None if no slot is free, or if there can be no more threads."""
        if not self._free.acquire(blocking=False):
            return None
        try:
            return self._pool.submit(_begin, pieces)
        except RuntimeError:
            self.release()
            return None

    def release(self) -> None:
        """Let a slot be free again."""
        self._free.release()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)


class Helpers(NamedTuple):
    """Who helps to read and decompress a stream.

    Attributes:
        idle: tells whether a processor has nothing to do.
        slots: the threads that decompress parts; None for none.
        boundaries: the bytes at which a gzip member is said to begin, rising.
        reads_ahead: whether bytes may be read before somebody asks for them: not if others read the same stream.
    """

    idle: Callable[[], bool]
    slots: Slots | None = None
    boundaries: Sequence[int] = ()
    reads_ahead: bool = True


ALONE: Final = Helpers(lambda: False)
"""Nobody helps."""


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
    """The parts that are in work, the first of them first, and the one that comes next."""

    def __init__(self, parts: Iterator[Part], decompress: Decompress, idle: Callable[[], bool], slots: Slots) -> None:
        self._parts = parts
        self._decompress = decompress
        self._idle = idle
        self._slots = slots
        self._waiting: deque[tuple[Part, Future[Begun] | None]] = deque()
        self._coming: Part | None = None

    def run(self) -> Iterator[Counted]:
        for part in self._parts:
            self._coming = part
            while not self._line_up():
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

    def _line_up(self) -> bool:
        """Let the part that comes be in work; return False if those before it must be taken first."""
        part, begun = self._coming, None
        if part is None:
            return True
        if not part.endless and self._idle():
            begun = self._slots.begin(self._decompress(iter(part.pieces)))
        if begun is None and self._waiting:
            return False
        self._waiting.append((part, begun))
        self._coming = None
        return True

    def _first(self) -> Iterator[Counted]:
        """Yield what becomes of the first part in work, or of everything from there on."""
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
            if self._coming is not None:
                left.append(self._coming)
                self._coming = None
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
