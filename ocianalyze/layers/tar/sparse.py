"""Sparse files in a tar: the map of what is stored of them, and their content with zeros in its holes.

Sources: GNU tar manual, "Storing Sparse Files" (the old GNU format, PAX formats 0.0, 0.1 and 1.0); Go's archive/tar,
``validateSparseEntries``: pieces are in order, do not overlap, and account for every byte that is stored.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.tar.records import parse_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLOCK: Final = 512
_FIELD: Final = 12
_PIECE: Final = 1 << 17
_ZEROS: Final = bytes(_PIECE)
_FIRST: Final = 4 * 2 * _FIELD
"""How long the map is that the header of an old GNU file has room for; more of it follows in blocks of `_NEXT`."""
_NEXT: Final = 21 * 2 * _FIELD
_INT64: Final = 1 << 63
_LONGEST: Final = 1 << 20
"""How many bytes a map before the content may have; Go's archive/tar reads no longer one."""
_LONGEST_NUMBER: Final = 19


class SparseFile(NamedTuple):
    """What a tar header says of a sparse file.

    `numbers` are those of its map: twelve bytes each where it is `old`, else decimal with commas; None where they are
    the first thing that is stored. `size` is the apparent size; `stored` bytes are in the tar at `offset`.
    """

    numbers: bytes | None
    old: bool
    size: int
    offset: int
    stored: int


class SparseMap(NamedTuple):
    """What is stored of a sparse file of `size` bytes: pieces that begin at `starts` and end at `ends`.

    They lie one after the other from `offset` on, each at the sum of those before it, which `before` has.
    """

    size: int
    offset: int
    starts: array[int]
    ends: array[int]
    before: array[int]

    @property
    def stored(self) -> int:
        """How many bytes are stored."""
        return self.before[-1]


def read_map(file: SparseFile, read: Callable[[int, int], bytes], *, what: str) -> SparseMap:
    """Return the map of a sparse file; `read` returns so many bytes of the tar from a place, fewer where it ends.

    Raises:
        CorruptLayerError: the map contradicts itself or what is stored, or is longer than any reader allows.
    """
    offset, stored = file.offset, file.stored
    if file.numbers is None:
        numbers, length = _numbers_in_content(file, read, what)
        offset, stored = offset + length, stored - length
    elif file.old:
        numbers = array("q", _old_numbers(file.numbers, what, file.offset))
    else:
        numbers = array("q", (_decimal(part, what, offset) for part in file.numbers.split(b",") if file.numbers))
    if len(numbers) % 2:
        raise _damaged(what, "has an offset without a length", file.offset)
    starts, ends, before = array("q"), array("q"), array("q", [0])
    end = 0
    for start, length in zip(numbers[::2], numbers[1::2], strict=True):
        if start < end or length < 0 or start + length > file.size:
            raise _damaged(what, "has pieces that overlap or are outside the file", file.offset)
        end = start + length
        if length:
            starts.append(start)
            ends.append(end)
            before.append(before[-1] + length)
    if before[-1] != stored:
        raise _damaged(what, f"describes {before[-1]:,} bytes, but {stored:,} are stored", file.offset)
    return SparseMap(file.size, offset, starts, ends, before)


def pieces(sparse: SparseMap, stored: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the content of a sparse file from `stored`, the bytes of its pieces; it ends early where they do."""
    position = 0
    rest = b""
    for start, end in zip(sparse.starts, sparse.ends, strict=True):
        yield from _zeros(start - position)
        position = start
        while position < end:
            rest = rest or next(stored, b"")
            if not rest:
                return
            piece, rest = rest[: end - position], rest[end - position :]
            yield piece
            position += len(piece)
    yield from _zeros(sparse.size - position)


def read_at(sparse: SparseMap, offset: int, size: int, read: Callable[[int, int], bytes]) -> bytes:
    """Return `size` bytes of a sparse file from `offset`, fewer only where it ends; `read` reads in its pieces."""
    end = min(offset + size, sparse.size)
    found: list[bytes] = []
    index = bisect_right(sparse.ends, offset)
    position = offset
    while position < end:
        start = sparse.starts[index] if index < len(sparse.starts) else end
        if position < start:
            found.append(bytes(min(start, end) - position))
            position = min(start, end)
        else:
            upto = min(sparse.ends[index], end)
            found.append(read(sparse.before[index] + position - start, upto - position))
            position = upto
            index += 1
    return b"".join(found)


def _zeros(size: int) -> Iterator[bytes]:
    for _ in range(size // _PIECE):
        yield _ZEROS
    if size % _PIECE:
        yield _ZEROS[: size % _PIECE]


def _old_numbers(fields: bytes, what: str, offset: int) -> Iterator[int]:
    """Yield the numbers of an old GNU map; of each block those before the first pair that is empty."""
    for block in (fields[:_FIRST], *(fields[at : at + _NEXT] for at in range(_FIRST, len(fields), _NEXT))):
        for at in range(0, len(block), 2 * _FIELD):
            if not block[at]:
                break
            for field in (block[at : at + _FIELD], block[at + _FIELD : at + 2 * _FIELD]):
                value = parse_number(field)
                if value is None or not 0 <= value < _INT64:
                    raise _damaged(what, "contains an invalid number", offset)
                yield value


def _numbers_in_content(file: SparseFile, read: Callable[[int, int], bytes], what: str) -> tuple[array[int], int]:
    """Return the numbers of PAX format 1.0, which are lines before the content, and how long they are in blocks."""
    numbers: array[int] = array("q")
    count: int | None = None
    rest = b""
    position = 0
    while count is None or len(numbers) < 2 * count:
        if position >= _LONGEST:
            raise _damaged(what, f"is longer than {_LONGEST:,} bytes", file.offset)
        block = read(file.offset + position, _BLOCK) if position < file.stored else b""
        if len(block) < _BLOCK:
            raise _damaged(what, "is truncated", file.offset)
        position += _BLOCK
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            if count is None:
                count = _decimal(line, what, file.offset)
            elif len(numbers) < 2 * count:
                numbers.append(_decimal(line, what, file.offset))
        if len(rest) > _LONGEST_NUMBER:
            rest = rest[: _LONGEST_NUMBER + 1]  # padding, or invalid
    return numbers, position


def _decimal(digits: bytes, what: str, offset: int) -> int:
    if not digits.isdigit() or len(digits) > _LONGEST_NUMBER or (value := int(digits)) >= _INT64:
        raise _damaged(what, "contains an invalid number", offset)
    return value


def _damaged(what: str, problem: str, offset: int) -> CorruptLayerError:
    return CorruptLayerError(f"{what}: its sparse map {problem}", offset=offset)
