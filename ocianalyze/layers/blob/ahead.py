"""Bytes read ahead, in a thread of their own, while those before them are decompressed.

Whatever an iterator does for its bytes, such as waiting for a disk or a network and hashing, then goes on beside the
decompression, because all of these let other threads run.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from threading import Condition, Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOST: Final = 4 << 20
"""How many bytes may wait to be taken: enough for both sides to go on, few enough not to matter."""
_ENOUGH: Final = _MOST // 2
"""Down to how many bytes it pays to go on, after there were too many: a thread is not woken for each chunk."""
_PATIENCE: Final = 0.2
"""How long, in seconds, is waited for the thread to end: a network that it waits for may have fallen silent."""


@contextmanager
def read_ahead(chunks: Iterator[bytes], *, idle: Callable[[], bool]) -> Iterator[Iterator[bytes]]:
    """Return the same chunks, and what the iterator raises behind them; they are read ahead once `idle` returns true.

    `idle` tells whether a processor has nothing to do. It is asked after each chunk until it says so; till then a chunk
    is read when it is asked for. The reading ends with the block, wherever it is.
    """
    reader = _Reader(chunks)
    try:
        yield reader.take(idle)
    finally:
        reader.stop()


class _Reader:
    """Reads in one thread what another one takes."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._thread: Thread | None = None
        self._changed = Condition()  # guards what follows
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._failure: BaseException | None = None
        self._is_done = self._is_over = False

    def take(self, idle: Callable[[], bool]) -> Iterator[bytes]:
        """Yield the chunks."""
        for chunk in self._chunks:
            yield chunk
            if idle():
                break
        else:
            return
        thread = Thread(target=self._read, name="read", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # there can be no more threads
            yield from self._chunks
            return
        self._thread = thread
        while (taken := self._next()) is not None:
            yield taken
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End the thread."""
        with self._changed:
            self._is_over = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def _next(self) -> bytes | None:
        """Return the next chunk once it is there, None at the end."""
        with self._changed:
            while not (self._waiting or self._is_done):
                self._changed.wait()
            if not self._waiting:
                return None
            chunk = self._waiting.popleft()
            was_enough, self._size = self._size > _ENOUGH, self._size - len(chunk)
            if was_enough and self._size <= _ENOUGH:
                self._changed.notify()
            return chunk

    def _read(self) -> None:
        failure: BaseException | None = None
        try:
            for chunk in self._chunks:
                if not self._put(chunk):
                    break
        except BaseException as error:  # noqa: BLE001 - it is raised where the chunks are taken
            failure = error
        with self._changed:
            self._failure, self._is_done = failure, True
            self._changed.notify()

    def _put(self, chunk: bytes) -> bool:
        """Let a chunk wait to be taken; return False if nobody will."""
        with self._changed:
            while self._size >= _MOST and not self._is_over:
                self._changed.wait()
            self._waiting.append(chunk)
            self._size += len(chunk)
            if len(self._waiting) == 1:
                self._changed.notify()
            return not self._is_over
