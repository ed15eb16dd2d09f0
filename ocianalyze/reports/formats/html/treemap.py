"""Treemaps: rectangles as large as what they stand for, laid out so that they are as square as they can be.

Source: Bruls, Huizing, van Wijk, "Squarified Treemaps" (2000).
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.reports.size.places import Place

WIDTH: Final = 1080
"""The width that is laid out for; pages stretch it."""
HEADER: Final = 18
"""Height of the line with the name of a directory."""
_GAP: Final = 2
_NARROWEST: Final = 34
_LOWEST: Final = 14
"""How much room there has to be in a directory to show what is in it."""
_SMALLEST: Final = 110
"""Area of the smallest cell; what is smaller is shown together."""
_THINNEST: Final = 4
_COLOURS: Final = 8


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Its area."""
        return self.width * self.height

    @property
    def is_thin(self) -> bool:
        """True if it can hardly be seen."""
        return min(self.width, self.height) < _THINNEST


class Cell(NamedTuple):
    """A rectangle of the map.

    Attributes:
        place: what it stands for; of what is shown together, the directory that it is in.
        box: where it is.
        bytes: how much it stands for.
        hidden: how much of that is hidden by later layers.
        parent: the position of the cell that it is in; None at the top.
        colour: a number, the same for all in one directory at the top.
        is_rest: whether it is what is left of a directory: small places, and files that are not listed.
    """

    place: Place
    box: Box
    bytes: int
    hidden: int
    parent: int | None
    colour: int
    is_rest: bool = False


def treemap(root: Place, height: int, most: int) -> tuple[list[Cell], frozenset[int]]:
    """Return at most `most` cells, each behind the one that it is in, and the positions of those that others are in.

    The largest directories are opened first.
    """
    cells: list[Cell] = []
    opened: set[int] = set()
    waiting: list[tuple[float, int]] = []

    def add(place: Place, box: Box, parent: int | None) -> None:
        for cell in _inside(place, box, parent, cells, most - len(cells)):
            cells.append(cell)
            if not cell.is_rest and cell.place.end.children:
                heappush(waiting, (-cell.box.area, len(cells) - 1))

    add(root.end, Box(0, 0, WIDTH, height), None)
    while waiting and len(cells) < most - 1:
        _, position = heappop(waiting)
        cell = cells[position]
        room = Box(
            cell.box.x + _GAP,
            cell.box.y + HEADER,
            cell.box.width - 2 * _GAP,
            cell.box.height - HEADER - _GAP,
        )
        if room.width >= _NARROWEST and room.height >= _LOWEST:
            before = len(cells)
            add(cell.place.end, room, position)
            if len(cells) > before:
                opened.add(position)
    return cells, frozenset(opened)


def _inside(place: Place, room: Box, parent: int | None, cells: Sequence[Cell], most: int) -> Iterator[Cell]:
    """Yield the cells of what is in a directory; small ones, and files that are not listed, are shown together."""
    if place.bytes <= 0 or most < 2:  # noqa: PLR2004 - one for the largest, and one for the rest
        return
    scale = room.area / place.bytes
    children = [child for child in place.largest[: most - 1] if child.bytes * scale >= _SMALLEST]
    if not children:
        return
    while True:
        items = [(child.bytes, child) for child in children]
        rest = place.bytes - sum(size for size, _ in items)
        if rest * scale >= 1:
            items.append((rest, place))
        items.sort(key=lambda item: -item[0])
        boxes = list(squarify([size for size, _ in items], room))
        shown = zip(items, boxes, strict=True)
        thin = next((n for n, ((_, item), box) in enumerate(shown) if item is not place and box.is_thin), None)
        if thin is None or len(children) == 1:
            break
        children = children[: max(1, sum(item is not place for _, item in items[:thin]))]
    hidden = max(0, place.hidden - sum(child.hidden for child in children))
    for n, ((size, item), box) in enumerate(zip(items, boxes, strict=True)):
        is_rest = item is place
        colour = cells[parent].colour if parent is not None else _COLOURS if is_rest else n % _COLOURS
        yield Cell(item, box, size, min(hidden, rest) if is_rest else item.hidden, parent, colour, is_rest=is_rest)


def squarify(sizes: Sequence[float], room: Box) -> Iterator[Box]:
    """Yield a rectangle for each size, in the same order, which together fill a room; sizes are positive."""
    total = sum(sizes)
    scale = room.area / total if total else 0
    areas = [size * scale for size in sizes]
    start = 0
    while start < len(areas):
        side = min(room.width, room.height)
        end, taken = start + 1, areas[start]
        worst = _worst(areas[start], areas[start], taken, side)
        while end < len(areas):
            longer = taken + areas[end]
            ratio = _worst(max(areas[start : end + 1]), min(areas[start : end + 1]), longer, side)
            if ratio > worst:
                break
            end, taken, worst = end + 1, longer, ratio
        row = areas[start:end]
        if room.width >= room.height:
            yield from _column(row, Box(room.x, room.y, taken / room.height if room.height else 0, room.height))
            used = taken / room.height if room.height else 0
            room = Box(room.x + used, room.y, max(0, room.width - used), room.height)
        else:
            used = taken / room.width if room.width else 0
            yield from (
                Box(box.y - room.y + room.x, room.y, box.height, used)
                for box in _column(row, Box(0, room.y, used, room.width))
            )
            room = Box(room.x, room.y + used, room.width, max(0, room.height - used))
        start = end


def _column(areas: Sequence[float], box: Box) -> Iterator[Box]:
    """Yield rectangles one below the other."""
    total, y = sum(areas), box.y
    for area in areas:
        height = box.height * area / total if total else 0
        yield Box(box.x, y, box.width, height)
        y += height


def _worst(largest: float, smallest: float, total: float, side: float) -> float:
    """Return the worst ratio of width and height in a row of rectangles."""
    if not total or not smallest or not side:
        return float("inf")
    square = side * side
    return max(square * largest / (total * total), total * total / (square * smallest))
