"""Results of layers that one process hands to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.layers.blob.compression import compress_frame, expand_frame

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST: Final = 4 << 30
"""The maximum size of a result, in bytes, before it is compressed."""


class HandedLayers:
    """A `LayerStore` that has what it was given, and collects what is stored: `new` is handed on.

    Digests of files are not handed on, because another host has other files.
    """

    is_shared = False

    def __init__(self, given: Mapping[str, bytes] | None = None) -> None:
        self._frames = dict(given or {})
        self.new: dict[str, bytes] = {}

    def load(self, key: str) -> bytes | None:
        """Return the content stored under `key`, or None."""
        frame = self._frames.get(key)
        return None if frame is None else expand_frame(frame, most=MOST)

    def holds(self, key: str) -> bool:
        """Tell whether there is an entry for `key`."""
        return key in self._frames

    def store(self, key: str, content: bytes) -> None:
        """Store `content` under `key`."""
        self._frames[key] = self.new[key] = compress_frame(content)

    def digest_of(self, identity: str) -> None:
        """Return None."""

    def remember_digest(self, identity: str, digest: str) -> None:
        """Do nothing."""

    def trim(self) -> None:
        """Do nothing: who hands things on keeps them as long as they are needed."""
