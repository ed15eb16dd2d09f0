"""The short way for entries about which nothing is odd: compiled code that does what Python would do with them.

`_ordinary.c` says what is ordinary. It is there where a C compiler was when this package was built; everything is read
with the same result without it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.layers.metering.progress import SILENT
from ocianalyze.layers.tar.tarstream import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocianalyze.layers.blob.windows import Window
    from ocianalyze.layers.metering.progress import LayerProgress
    from ocianalyze.layers.tar.entry import RawEntry

compiled: Any = None
"""The compiled module, or None."""
with contextlib.suppress(ImportError):
    from ocianalyze.layers.tar import _ordinary as compiled

_AT_ONCE: Final = 1 << 12
"""How many entries are taken before it is told how far the reading is."""
_WIDEST: Final = 1 << 16
"""How many bytes of headers are read at once at most: where bodies are small, a read serves many of them."""
_FEW: Final = 8
"""So many entries at a time hardly repay the reading that it takes to find them."""
_PATIENCE: Final = 2
_LONGEST_PAUSE: Final = 32
_TOLD_AFTER: Final = 1 << 9
"""After how many entries that are left to the parser it is told how far the reading is."""
_FARTHEST: Final = 1 << 62
"""How far an entry may be from the beginning of a tar for the compiled code to be asked: its numbers have 64 bits."""


def left_of(entries: list[RawEntry], tables: tuple[Any, ...], settle: Callable[[], None]) -> Iterator[RawEntry]:
    """Yield those of the entries that are not ordinary; the others are added to `tables` before what follows them.

    The arguments are those of `Taker`.
    """
    at = 0
    while at < len(entries):
        begin, at = at, compiled.add(tables, entries, at, _AT_ONCE)
        if at > begin:
            settle()
        if at < len(entries) and at - begin < _AT_ONCE:
            yield entries[at]
            at += 1


class Taker:
    """Takes ordinary entries of the tar in a window: a `Take` of the tar parser.

    Where it finds few in a file time after time, it leaves more and more entries to the parser before it reads again.
    In a stream it need not read to look.

    `tables` is where their rows go, see `building`; `settle` is called whenever some were added. `taken` counts them.
    """

    def __init__(
        self, window: Window, tables: tuple[Any, ...], progress: LayerProgress, settle: Callable[[], None]
    ) -> None:
        self.taken = 0
        self._left = 0
        self._window = window
        self._file = window.file()
        self._tables = tables
        self._progress = progress
        self._settle = settle
        self._vain = self._pause = 0

    def __call__(self, position: int, end: int) -> tuple[int, int, int]:
        """Take some entries; see `ocianalyze.layers.tar.tarstream.Take`."""
        if self._pause or position > _FARTHEST:
            self._pause = max(0, self._pause - 1)
            return self._leave(position)
        bounds = position, end, _AT_ONCE
        if self._file is not None:
            taken, after, content_end, size = compiled.walk(self._tables, *self._file, *bounds, _WIDEST)
            self._window.count(size)
            self._vain = 0 if taken >= _FEW else self._vain + 1
            self._pause = min(max(0, self._vain - _PATIENCE), _LONGEST_PAUSE)
        else:
            data, start = self._window.view(position, BLOCK)
            taken, after, content_end, _ = compiled.take(self._tables, data, start, *bounds)
        if not taken:
            return self._leave(position)
        self.taken += taken
        self._settle()
        self._tell(after)
        return taken, after, content_end

    def _leave(self, position: int) -> tuple[int, int, int]:
        """Leave the entry at `position` to the parser."""
        self._left += 1
        if self._left % _TOLD_AFTER == 0:
            self._tell(position)
        return 0, position, position

    def _tell(self, position: int) -> None:
        """Tell how many entries there were, whoever read them, and where in the tar the reading is."""
        if self._progress is not SILENT:
            self._progress.count(self.taken + self._left)
            if self._file is not None:
                self._progress.reach(position)
