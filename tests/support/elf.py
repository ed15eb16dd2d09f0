"""Small ELF programs for x86-64 that state a loader and libraries."""

import struct
from collections.abc import Sequence

_BASE = 0x400000
_HEADER = 64
_SEGMENT = 56


def make_elf(
    loader: str | None = "/lib64/ld-linux-x86-64.so.2", needed: Sequence[str] = (), runpath: str = "", padding: int = 0
) -> bytes:
    """Return an ELF program with these entries in its program headers and its dynamic section.

    `padding` bytes lie between the loader's path and what follows.
    """
    texts, offsets = b"\0", []
    for text in (*needed, runpath):
        offsets.append(len(texts))
        texts += text.encode() + b"\0"
    interpreter = b"" if loader is None else loader.encode() + b"\0"
    at = _HEADER + 3 * _SEGMENT
    strings = at + len(interpreter) + padding
    dynamic = strings + len(texts)
    entries = [(1, offset) for offset in offsets[:-1]]
    entries += [(29, offsets[-1])] if runpath else []
    entries += [(5, _BASE + strings), (0, 0)]
    section = b"".join(struct.pack("<qQ", *entry) for entry in entries)
    end = dynamic + len(section)
    segments = [(3, at, len(interpreter)), (1, 0, end), (2, dynamic, len(section))]
    segments = [item for item in segments if item[0] != 3 or loader is not None]
    table = b"".join(
        struct.pack("<IIQQQQQQ", kind, 5, start, _BASE + start, _BASE + start, size, size, 8)
        for kind, start, size in segments
    ).ljust(3 * _SEGMENT, b"\0")
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 2, 0x3E, 1, _BASE, _HEADER, 0, 0, _HEADER, _SEGMENT, len(segments), 0, 0, 0)
    return ident + header + table + interpreter + bytes(padding) + texts + section
