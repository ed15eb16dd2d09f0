"""The layer cache, as processes of a fleet use it: to make room after each layer would mean to list it each time."""

from __future__ import annotations

from typing import Final

from ocianalyze.layers.reading.cache import LayerCache

_SELDOM: Final = 256
"""After how many layers that a process stored it makes room."""


class FleetCache(LayerCache):
    """A `LayerCache` that makes room now and then; at the end, whoever began the run does."""

    _stored = 0

    def store(self, key: str, content: bytes) -> None:
        """Store `content` under `key`; replaces an existing entry."""
        super().store(key, content)
        self._stored += 1
        if self._stored % _SELDOM == 0:
            super().trim()

    def trim(self) -> None:
        """Do nothing: see above."""

    def end(self) -> None:
        """Make room after a run."""
        super().trim()
