"""Flatbuffers that nobody has checked: tables with numbered fields, vectors of references, strings.

Source: the documentation of FlatBuffers, "Internals". No byte outside of the buffer is looked at. Strings and vectors
are read for as many bytes as the buffer has, in total: what is referred to again and again costs no more than what is
stored as often.
"""

from __future__ import annotations

import struct
from operator import add, itemgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

REFERENCE: Final = "@"
"""In the form of a table, a field that refers to a string, a vector or another table."""
_PASSED_OVER: Final = " "
_REFERENCE_TYPE: Final = "I"
POSITION: Final = 4
"""The size of a reference, and of the length of a vector."""
_TABLE_HEAD: Final = 4
"""The size of what a table begins with: how far before it its vtable is."""
_VTABLE_HEAD: Final = 4
"""The size of what a vtable begins with: its size, and that of its tables."""
_SLOT: Final = 2
_MOST_REFERENCES: Final = 1 << 20
"""How many items a vector may have; as many spans of 4 MiB would be a layer of 4 TiB."""
_MOST_VTABLES: Final = 1 << 12
"""How many vtables the tables of one form may have. Writers share them: real files have one for each set of fields."""

_unsigned: Final = struct.Struct("<I").unpack_from
_signed: Final = struct.Struct("<i").unpack_from
_vtable_head: Final = struct.Struct("<HH").unpack_from


class FlatbufferError(ValueError):
    """A buffer that is damaged, or is no flatbuffer."""


class Flatbuffer:
    """A flatbuffer whose bytes nobody has checked. Positions are those in the buffer; 0 refers to nothing.

    Attributes:
        content: all bytes.
        left: how many bytes of strings and vectors may still be read.
    """

    def __init__(self, buffer: bytes) -> None:
        self.content = buffer
        self.left = len(buffer)

    def root(self) -> int:
        """Return the position of the table that the buffer begins with."""
        return self.length(0)

    def tables(self, form: str, defaults: Mapping[int, int] | None = None) -> Tables:
        """Return a reader of the tables that have `form`; see `Tables`."""
        return Tables(self.content, form, defaults or {})

    def string(self, position: int) -> bytes:
        """Return the string, or the vector of bytes, at a position; an empty one at 0."""
        if not position:
            return b""
        start = position + POSITION
        size = self.length(position)
        found = self.content[start : start + size]
        self.left -= size + POSITION
        if len(found) < size or self.left < 0:
            raise FlatbufferError("strings and vectors overlap, or are longer than the buffer")
        return found

    def references(self, position: int, *, most: int = _MOST_REFERENCES) -> list[int]:
        """Return the positions that the vector at a position refers to, at most so many; none at 0."""
        count = self.length(position) if position else 0
        if not count:
            return []
        if count > most:
            raise FlatbufferError(f"it has {count:,} items of a kind, at most {most:,} are read")
        start = position + POSITION
        end = start + count * POSITION
        self.left -= end - position
        if end > len(self.content) or self.left < 0:
            raise FlatbufferError("strings and vectors overlap, or are longer than the buffer")
        references = struct.unpack_from(f"<{count}{_REFERENCE_TYPE}", self.content, start)
        return list(map(add, range(start, end, POSITION), references))

    def length(self, position: int) -> int:
        """Return the number at a position: how long the string or the vector is that begins there."""
        try:
            return int(_unsigned(self.content, position)[0])
        except struct.error as error:
            raise FlatbufferError("a reference leads out of the buffer") from error


class Tables:
    """Reads the tables of one kind.

    Attributes:
        places: for each vtable that was read, where the fields lie in its tables, 0 for one that is left out, and where
            the last of them ends, each as a C short.
    """

    def __init__(self, buffer: bytes, form: str, defaults: Mapping[int, int]) -> None:
        """`form` has a letter for each field in the order of their slots, and `defaults` what they are if left out.

        The letters are those of `struct`, `REFERENCE`, or a space for a field that is passed over.
        """
        self._buffer = buffer
        self._form = form
        self._defaults = defaults
        self._layouts: dict[int, _Layout] = {}
        self.places: dict[int, bytes] = {}

    def read(self, position: int) -> list[int]:
        """Return the fields of the table at a position, but for those passed over; of references, where they lead."""
        try:
            vtable = position - _signed(self._buffer, position)[0]
            layout = self._layouts.get(vtable) or self._layout(vtable)
            fields = list(layout.order(layout.unpack(self._buffer, position) + layout.constants))
        except struct.error as error:
            raise FlatbufferError("a table leads out of the buffer") from error
        for number, place in layout.references:
            fields[number] += position + place
        return fields

    def _layout(self, vtable: int) -> _Layout:
        if len(self._layouts) == _MOST_VTABLES:
            raise FlatbufferError("there are too many vtables")
        if vtable < 0:
            raise FlatbufferError("a table leads out of the buffer")
        size, table_size = _vtable_head(self._buffer, vtable)
        count = max(0, size - _VTABLE_HEAD) // _SLOT
        places = struct.unpack_from(f"<{count}H", self._buffer, vtable + _VTABLE_HEAD)
        layout = self._layouts[vtable] = _Layout(self._form, self._defaults, places, table_size)
        self.places[vtable] = layout.places
        return layout


class _Layout:
    """Where the fields of tables with one vtable lie.

    Attributes:
        unpack: reads all of them at once, in the order in which they lie.
        constants: what is put behind them: the fields that are left out.
        order: brings both into the order of the slots.
        references: the numbers of those that are references, and where they lie in the table.
        places: see `Tables`.
    """

    __slots__ = ("constants", "order", "places", "references", "unpack")

    def __init__(self, form: str, defaults: Mapping[int, int], places: Sequence[int], table_size: int) -> None:
        wanted = [(slot, letter) for slot, letter in enumerate(form) if letter != _PASSED_OVER]
        place_of = dict(enumerate(places))
        stored = sorted((place_of[slot], slot, letter) for slot, letter in wanted if place_of.get(slot))
        missing = [slot for slot, _ in wanted if not place_of.get(slot)]
        layout, end = f"<{_TABLE_HEAD}x", _TABLE_HEAD
        for place, _, letter in stored:
            if place < end:
                raise FlatbufferError("the fields of a table overlap")
            layout += f"{place - end}x{_type(letter)}"
            end = place + struct.calcsize(f"<{_type(letter)}")
        if end > table_size:
            raise FlatbufferError("a field lies outside of its table")
        at = {slot: number for number, slot in enumerate([*(slot for _, slot, _ in stored), *missing])}
        self.unpack: Callable[[bytes, int], tuple[int, ...]] = struct.Struct(layout).unpack_from
        self.constants = tuple(defaults.get(slot, 0) for slot in missing)
        self.order = _picker([at[slot] for slot, _ in wanted])
        self.references = [
            (number, place_of[slot])
            for number, (slot, letter) in enumerate(wanted)
            if letter == REFERENCE and place_of.get(slot)
        ]
        self.places = struct.pack(f"{len(wanted) + 1}H", *(place_of.get(slot, 0) for slot, _ in wanted), end)


def _type(letter: str) -> str:
    return _REFERENCE_TYPE if letter == REFERENCE else letter


def _picker(numbers: Sequence[int]) -> Callable[[tuple[int, ...]], Iterable[int]]:
    """Return what takes the items with these numbers out of a tuple."""
    if len(numbers) == 1:  # an itemgetter would return no tuple
        return lambda values: (values[numbers[0]],)
    pick: Callable[[tuple[int, ...]], Iterable[int]] = itemgetter(*numbers)
    return pick
