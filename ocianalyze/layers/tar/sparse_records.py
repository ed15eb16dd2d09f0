"""The maps of sparse files in PAX headers, and whether Go's archive/tar takes them (GNU tar, "Storing Sparse Files").

What lies where in a sparse file is of no interest here; but a map that is wrong keeps every runtime from unpacking it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.layers.tar.records import parse_int

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_PREFIX: Final = "GNU.sparse."
_VERSIONS: Final = {(b"0", b"0"): False, (b"0", b"1"): False, (b"1", b"0"): True}
"""The versions that say where their map is, and whether that is before the content."""
_BLOCK: Final = 512
_MOST: Final = 1 << 20
"""How many bytes a map may take."""


class Sparse(NamedTuple):
    """A sparse file: its name if the records state one, its real size in bytes, and what is wrong with its map.

    `listed` is the map in the records; None if it stands before the content.
    """

    name: bytes | None
    size: int
    problem: str
    listed: bytes | None = None


def parse_sparse(
    records: Mapping[str, bytes], stored: int, read: Callable[[int], bytes], *, has_content: bool
) -> Sparse | None:
    """Return what the records of a PAX header say of a sparse file, or None if it is none (formats 0.0, 0.1 and 1.0).

    `stored` is how many bytes the tar holds for it, which `read` returns the first of.
    """

    def value(key: str) -> bytes:
        return records.get(_PREFIX + key, b"")

    version = value("major"), value("minor")
    is_stored = _VERSIONS.get(version)
    if is_stored is None:
        if any(version) or not value("map"):
            return None
        is_stored = False
    stated = value("size") or value("realsize")
    size = parse_int(stated) if stated else stored
    name = value("name") or None
    if size is None or size < 0:
        return Sparse(name, stored, "its size is not a number")
    if not has_content:
        return Sparse(name, size, "it is not a file")
    if is_stored:
        numbers, taken = _stored_map(stored, read)
    else:
        numbers, taken = _listed_map(value("numblocks"), value("map")), 0
    return Sparse(name, size, _problem(numbers, size, stored - taken), None if is_stored else value("map"))


def _listed_map(count: bytes, listed: bytes) -> list[int] | None:
    """Return the numbers of a map in the records."""
    numbers = [parse_int(number) for number in listed.split(b",")] if listed else []
    expected = parse_int(count)
    found = [number for number in numbers if number is not None]
    return found if len(found) == len(numbers) and expected is not None and 2 * expected == len(found) else None


def _stored_map(stored: int, read: Callable[[int], bytes]) -> tuple[list[int] | None, int]:
    """Return the numbers of a map before the content, and how many bytes of whole blocks it takes."""
    text, lines = b"", 0
    wanted = 1
    while lines < wanted:
        if len(text) + _BLOCK > min(stored, _MOST):
            return None, 0
        before, text = len(text), read(min(max(2 * len(text), _BLOCK), stored // _BLOCK * _BLOCK))
        if len(text) <= before:  # the tar ends there
            return None, 0
        lines = text.count(b"\n")
        if wanted == 1 and lines:
            count = parse_int(text.partition(b"\n")[0])
            if count is None or count < 0:
                return None, 0
            wanted += 2 * count
    parts = text.split(b"\n", wanted)
    numbers = [parse_int(part) for part in parts[1:wanted]]
    found = [number for number in numbers if number is not None]
    taken = len(text) - len(parts[wanted])
    return (found if len(found) == len(numbers) else None), -(-taken // _BLOCK) * _BLOCK


def _problem(numbers: Sequence[int] | None, size: int, content: int) -> str:
    """Return what is wrong with the offsets and lengths of a sparse file's pieces, the empty string if nothing is."""
    if numbers is None:
        return "its map is invalid"
    end = total = 0
    for offset, length in zip(numbers[::2], numbers[1::2], strict=True):
        if offset < end or length < 0 or offset + length > size:
            return "its map is out of order"
        end = offset + length
        total += length
    return "" if total == content else "its map does not match its content"
