"""What an ELF program needs to be started: its loader, and the libraries that it names itself.

Sources: ELF gABI, "Program Header" and "Dynamic Section"; System V ABI supplements; ld.so(8).
"""

from __future__ import annotations

from itertools import islice
from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC: Final = b"\x7fELF"
"""How an ELF file begins."""

_BIG_ENDIAN: Final = 2
_CLASS_64: Final = 2
_PT_LOAD: Final = 1
_PT_DYNAMIC: Final = 2
_PT_INTERP: Final = 3
_DT_NULL: Final = 0
_DT_NEEDED: Final = 1
_DT_STRTAB: Final = 5
_DT_RPATH: Final = 15
_DT_RUNPATH: Final = 29


_ENTRIES: Final = 1024
"""How many entries of a dynamic section are looked at; real ones have about thirty."""
_SEGMENTS: Final = 128
"""How many segments are looked at; real files have about a dozen."""
_NAME: Final = 4096
"""The maximum length of a path in bytes (``PATH_MAX``)."""
_MOST: Final = 1024
"""How much is kept of a file that states nothing, in bytes."""
_LARGEST: Final = 64 << 10
"""The maximum size of what is kept of any other file, in bytes."""


class Elf(NamedTuple):
    """What an ELF program states.

    Attributes:
        loader: the program that loads it, an absolute path as written; None if it needs none, as static ones.
        libraries: the names of the libraries that it needs, as far as `content` reaches.
        search: the directories in which it says they are, as written, such as ``$ORIGIN/../lib``.
    """

    loader: str | None = None
    libraries: tuple[str, ...] = ()
    search: tuple[str, ...] = ()


class _Segment(NamedTuple):
    kind: int
    offset: int
    address: int
    size: int


def parse_elf(content: bytes | memoryview) -> Elf:
    """Return what an ELF file that begins with `content` states; nothing of what is cut off or malformed."""
    segments = list(islice(_segments(content), _SEGMENTS))
    loader = next((_text(content, item.offset, item.size) for item in segments if item.kind == _PT_INTERP), None)
    dynamic = next((item for item in segments if item.kind == _PT_DYNAMIC), None)
    if dynamic is None or dynamic.offset + dynamic.size > len(content):
        return Elf(loader)
    entries = list(islice(_entries(content, dynamic), _ENTRIES))
    table = next((value for tag, value in entries if tag == _DT_STRTAB), None)
    start = None if table is None else _offset_of(table, segments)
    if start is None:
        return Elf(loader)
    needed = (_text(content, start + value) for tag, value in entries if tag == _DT_NEEDED)
    paths = {tag: _text(content, start + value) for tag, value in entries if tag in (_DT_RPATH, _DT_RUNPATH)}
    search = paths.get(_DT_RUNPATH) or paths.get(_DT_RPATH) or ""
    libraries = tuple(name for name in needed if name)
    return Elf(loader, libraries, tuple(item for item in search.split(":") if item))


def condense(content: bytes | memoryview) -> bytes:
    """Return a small ELF file of the same type that states the same as `content`, which may be large.

    The first bytes of `content` are returned if it states nothing, or if that is no smaller.
    """
    elf = parse_elf(content)
    if sum(map(len, (*elf.libraries, *elf.search))) > _LARGEST:
        return bytes(content[:_MOST])
    header, program = _layouts(content)
    entry = _entry(content)
    names = b"\0"
    dynamic = b""
    for tag, text in (*((_DT_NEEDED, name) for name in elf.libraries), (_DT_RUNPATH, ":".join(elf.search))):
        dynamic += entry.pack(tag, len(names))
        names += _bytes(text)
    loader = _bytes(elf.loader or "")
    start = header.size + 3 * program.size
    end = start + len(loader) + len(names)
    dynamic += entry.pack(_DT_STRTAB, start + len(loader))
    table = (
        program.pack(_PT_INTERP, start, start, len(loader))
        + program.pack(_PT_DYNAMIC, end, end, len(dynamic))
        + program.pack(_PT_LOAD, 0, 0, end + len(dynamic))
    )
    kept = 32 if _is_64(content) else 28
    top = bytes(content[:kept]) + header.pack(header.size, program.size, 3)[kept:]
    small = top + table + loader + names + dynamic
    states = elf.libraries or elf.search or elf.loader
    return small if states and len(small) < min(len(content), _LARGEST) else bytes(content[:_MOST])


def _segments(content: bytes | memoryview) -> Iterator[_Segment]:
    header, program = _layouts(content)
    if len(content) < header.size or content[: len(MAGIC)] != MAGIC:
        return
    start, size, count = header.unpack_from(content)
    if size != program.size:
        return
    for number in range(count):
        at = start + number * size
        if at + size > len(content):
            return
        yield _Segment(*program.unpack_from(content, at))


def _layouts(content: bytes | memoryview) -> tuple[Struct, Struct]:
    """Return how the header tells where the program headers are (offset, size, count), and how these are laid out."""
    order = _order(content)
    if _is_64(content):
        return Struct(order + "32xQ14xHH"), Struct(order + "I4xQQ8xQ16x")
    return Struct(order + "28xI10xHH"), Struct(order + "III4xI12x")


def _entries(content: bytes | memoryview, dynamic: _Segment) -> Iterator[tuple[int, int]]:
    layout = _entry(content)
    for at in range(dynamic.offset, dynamic.offset + dynamic.size - layout.size + 1, layout.size):
        tag, value = layout.unpack_from(content, at)
        if tag == _DT_NULL:
            return
        yield tag, value


def _entry(content: bytes | memoryview) -> Struct:
    return Struct(_order(content) + ("qQ" if _is_64(content) else "iI"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape") + b"\0"


def _offset_of(address: int, segments: list[_Segment]) -> int | None:
    """Return where in the file the bytes are that are loaded to `address`."""
    loaded = (item for item in segments if item.kind == _PT_LOAD)
    return next(
        (address - item.address + item.offset for item in loaded if 0 <= address - item.address < item.size), None
    )


def _text(content: bytes | memoryview, offset: int, size: int | None = None) -> str | None:
    """Return the string at an offset, which a null byte ends; None if it is cut off or empty."""
    text, end, _ = bytes(content[offset : offset + (_NAME if size is None else min(size, _NAME))]).partition(b"\0")
    return text.decode("utf-8", "surrogateescape") if text and end else None


def _is_64(content: bytes | memoryview) -> bool:
    return content[4:5] == bytes((_CLASS_64,))


def _order(content: bytes | memoryview) -> str:
    return ">" if content[5:6] == bytes((_BIG_ENDIAN,)) else "<"
