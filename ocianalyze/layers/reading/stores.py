"""Where results of layers are kept: what every such place can do, and one that lasts as long as this process."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol

from ocianalyze.layers.blob.compression import compress_frame, expand_frame

if TYPE_CHECKING:
    from collections.abc import Hashable

DEFAULT_MEMORY: Final = 256 << 20
"""The maximum size of what is kept in memory, in bytes; some dozen large layers."""


class LayerStore(Protocol):
    """Keeps results of layers under keys that prove what they are results of; see `LayerMemory`.

    Attributes:
        is_shared: whether what a fork of this process stores is found here, too.
    """

    is_shared: bool

    def load(self, key: str) -> bytes | memoryview | None:
        """Return the content stored under `key`, or None."""

    def holds(self, key: str) -> bool:
        """Return whether there seems to be an entry for `key`, without reading it."""

    def store(self, key: str, content: bytes) -> None:
        """Store `content` under `key`; replaces an existing entry."""

    def digest_of(self, identity: str) -> str | None:
        """Return the digest of the bytes with this identity, if they were ever hashed."""

    def remember_digest(self, identity: str, digest: str) -> None:
        """Store the digest of the bytes with this identity."""

    def trim(self) -> None:
        """Make room after entries were stored."""


class RecentLayers:
    """Results of the layers that this process has read, compressed; the least recently used ones go first.

    With it, layers that several images share are read once without anything being written. It can be used from several
    threads.
    """

    is_shared = False

    def __init__(self, max_size: int = DEFAULT_MEMORY) -> None:
        self._max_size = max_size
        self._size = 0
        self._entries: OrderedDict[Hashable, tuple[bytes, int]] = OrderedDict()
        self._lock = Lock()

    def load(self, key: str) -> bytes | memoryview | None:
        """Return the content stored under `key`, or None; entries that are used stay longer."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            frame, size = self._entries[key]
        return expand_frame(frame, most=size)

    def holds(self, key: str) -> bool:
        """Return whether there is an entry for `key`."""
        with self._lock:
            return key in self._entries

    def store(self, key: str, content: bytes) -> None:
        """Store `content` under `key`; replaces an existing entry."""
        frame = compress_frame(content)
        with self._lock:
            self._put(key, frame, len(content))

    def digest_of(self, identity: str) -> str | None:
        """Return the digest of the bytes with this identity, if they were hashed."""
        with self._lock:
            found = self._entries.get((identity,))
        return None if found is None else found[0].decode()

    def remember_digest(self, identity: str, digest: str) -> None:
        """Store the digest of the bytes with this identity."""
        with self._lock:
            self._put((identity,), digest.encode(), 0)

    def trim(self) -> None:
        """Do nothing: there is always room."""

    def _put(self, key: Hashable, data: bytes, size: int) -> None:
        if key in self._entries:
            self._size -= len(self._entries.pop(key)[0])
        if len(data) > self._max_size:
            return
        self._entries[key] = data, size
        self._size += len(data)
        while self._size > self._max_size:
            self._size -= len(self._entries.popitem(last=False)[1][0])
