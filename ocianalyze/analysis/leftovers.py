"""What an analysis leaves behind: objects that refer to each other, which only a search for garbage takes away."""

from __future__ import annotations

import gc


class Leftovers:
    """Takes leftovers away after each of several analyses, without looking at all that lasts each time."""

    def __init__(self) -> None:
        gc.freeze()
        self._is_first = True

    def remove(self) -> None:
        """Take away what the last analysis has left; what the first one has loaded lasts."""
        gc.collect()
        if self._is_first:
            gc.freeze()
            self._is_first = False
