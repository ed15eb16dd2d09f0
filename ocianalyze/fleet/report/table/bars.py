"""Bars of characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.reports.layout import Span

if TYPE_CHECKING:
    from ocianalyze.reports.layout import Line

WIDTH: Final = 12
"""Of a bar, in characters."""


class Bars:
    """Draws shares as bars; what there is at all has at least one character."""

    def __init__(self, *, unicode: bool) -> None:
        """Draw with blocks, or with ASCII."""
        self._full, self._empty = ("█", "░") if unicode else ("#", "-")

    def share(self, part: float, whole: float, width: int = WIDTH, style: str = "cyan") -> Line:
        """Return how much of a whole something is."""
        length = _length(part, whole, width)
        return Span(self._full * length, style), Span(self._empty * (width - length), "dim")

    def size(self, size: float, largest: float) -> Line:
        """Return how large something is, compared with the largest."""
        length = _length(size, largest, WIDTH)
        return Span(self._full * length, "cyan"), Span(" " * (WIDTH - length))


def _length(part: float, whole: float, width: int) -> int:
    if whole <= 0 or part <= 0:
        return 0
    return min(width, max(1, round(part / whole * width)))
