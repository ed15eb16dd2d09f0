"""The layer cache, as processes of a fleet use it, and a directory that they share in its place.

To make room after each layer would mean to list all of them each time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ocianalyze.layers.reading.cache import LayerCache

UNBOUNDED: Final = 1 << 62
"""The size of a cache that somebody else makes room in, or that lasts no longer than a run."""
_FILE: Final = "file://"
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


def shared_directory(url: str) -> FleetCache | None:
    """Return the directory that a URL or a path names, None if it names something else."""
    if "://" in url and not url.startswith(_FILE):
        return None
    return FleetCache(Path(url.removeprefix(_FILE)).absolute(), max_size=UNBOUNDED)
