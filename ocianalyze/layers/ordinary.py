"""The short way for entries about which nothing is odd: compiled code that does what Python would do with them.

`_ordinary.c` says what is ordinary. It is there where a C compiler was when this package was built; everything is read
with the same result without it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.layers.progress import SILENT
from ocianalyze.layers.tarstream import BLOCK

if TYPE_CHECKING:
    from ocianalyze.layers.progress import LayerProgress
    from ocianalyze.layers.windows import Window

compiled: Any = None
"""The compiled module, or None."""
with contextlib.suppress(ImportError):
    from ocianalyze.layers import _ordinary as compiled

_AT_ONCE: Final = 1 << 12
"""How many entries are taken before it is told how far the reading is."""
_SELDOM: Final = 256
"""After how many odd entries in a row it is told."""
_WIDEST: Final = 1 << 16
"""How many bytes of headers are read at once at most: where bodies are small, a read serves many of them."""


class Taker:
    """Takes ordinary entries of the tar in a window: a `Take` of the tar parser.

    `tables` is where their rows go, see `building`; `most` is how many are taken at most. `taken` counts them.
    """

    def __init__(self, window: Window, tables: tuple[Any, ...], most: int, progress: LayerProgress) -> None:
        self.taken = 0
        self._odd = 0
        self._window = window
        self._file = window.file()
        self._tables = tables
        self._most = most
        self._progress = progress

    def __call__(self, position: int, end: int, path_limit: int, extended_limit: int) -> tuple[int, int, int, int]:
        """Take some entries; see `ocianalyze.layers.tarstream.Take`."""
        bounds = position, end, min(_AT_ONCE, self._most - self.taken), path_limit, extended_limit
        if self._file is not None:
            taken, after, content_end, extended, size = compiled.walk(self._tables, *self._file, *bounds, _WIDEST)
            self._window.count(size)
        else:
            data, start = self._window.view(position, BLOCK)
            taken, after, content_end, extended, _ = compiled.take(self._tables, data, start, *bounds)
        self.taken += taken
        self._odd += not taken  # who asks takes one by itself then
        if self._progress is not SILENT and (taken or not self._odd % _SELDOM):
            self._progress.count(self.taken + self._odd)
            if self._file is not None:
                self._progress.reach(after)
        return taken, after, content_end, extended
