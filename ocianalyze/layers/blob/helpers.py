"""Who helps the thread that reads a layer: processors that have nothing to do, and threads that all layers share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Semaphore
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

_Result = TypeVar("_Result")

_MOST_THREADS: Final = 8
"""More threads than this would only wait for the one that hashes."""
_THREADS_OF_A_LAYER: Final = 4
"""With fewer threads for each, fewer layers are cut into parts at a time."""


class Slots:
    """Threads that decompress parts of layers, so many for all layers of an image.

    What a thread has begun holds a slot until somebody has taken the result, and only a few layers are cut into parts
    at a time, so that no more is held in memory.
    """

    def __init__(self, threads: int) -> None:
        self._layers = Semaphore(max(1, threads // _THREADS_OF_A_LAYER))
        self._free = Semaphore(threads)
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="part")

    def enter(self) -> bool:
        """Let a layer be cut into parts until it leaves; return False if enough others are."""
        return self._layers.acquire(blocking=False)

    def leave(self) -> None:
        """Let another layer enter."""
        self._layers.release()

    def begin(self, work: Callable[[], _Result]) -> Future[_Result] | None:
        """Begin with some work; None if no slot is free, or if there can be no more threads."""
        if not self._free.acquire(blocking=False):
            return None
        try:
            return self._pool.submit(work)
        except RuntimeError:
            self.release()
            return None

    def release(self) -> None:
        """Let a slot be free again."""
        self._free.release()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)


@contextmanager
def slots_for(jobs: int) -> Iterator[Slots | None]:
    """Return the threads for one image if `jobs` processors may be used; None for a single one."""
    slots = Slots(min(jobs, _MOST_THREADS)) if jobs > 1 else None
    try:
        yield slots
    finally:
        if slots is not None:
            slots.close()


class Helpers(NamedTuple):
    """Who helps to read and decompress a layer.

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
