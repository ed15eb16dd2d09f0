"""A part of the table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from ocianalyze.reports.layout import Line, columns, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.reports.layout import Cell

TableSection: TypeAlias = tuple[str, Iterable[Line]]
"""Its title, and its lines."""


def listed(rows: Sequence[Sequence[Cell]], total: int, width: int, *, right: Iterable[int] = ()) -> Iterator[Line]:
    """Yield the first of `total` rows, and how many there are besides; the first row is the head of the table."""
    yield from columns(rows, width, right=set(right))
    left_out = total - (len(rows) - 1)
    if left_out > 0:
        yield line(f"and {left_out:,} more: see the report as JSON (-f json)")
