"""Bytes counted and hashed while they pass by."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Final

from ocianalyze.oci.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_AHEAD: Final = 8
"""How many chunks may wait to be hashed: enough for both sides to go on, few enough to stay in the cache."""


class Tally:
    """The size and the hash of what passed so far; `algorithm` is that of a digest, such as ``sha256``."""

    def __init__(self, algorithm: str) -> None:
        self._hash = hashlib.new(algorithm, usedforsecurity=True)
        self._update: Callable[[bytes], object] = self._hash.update
        self.size = 0

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Hash in a thread of its own until the block ends, which pays where a processor has nothing else to do.

        What is counted in the block is hashed when it has ended, however it ends.
        """
        waiting: Queue[bytes | None] = Queue(_AHEAD)
        failures: list[Exception] = []

        def work() -> None:
            for chunk in iter(waiting.get, None):
                try:
                    self._hash.update(chunk)
                except Exception as error:  # noqa: BLE001 - it is raised where the block ends
                    failures.append(error)

        thread = Thread(target=work, name="hash", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # there can be no more threads
            yield
            return
        self._update = waiting.put
        try:
            yield
        finally:
            self._update = self._hash.update
            waiting.put(None)
            thread.join()
        if failures:
            raise failures[0]

    def count(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the chunks as they are."""
        update = self._update
        for chunk in chunks:
            self.size += len(chunk)
            update(chunk)
            yield chunk

    def digest(self) -> Digest:
        """Return the digest of what passed."""
        return Digest.parse(f"{self._hash.name}:{self._hash.hexdigest()}")
