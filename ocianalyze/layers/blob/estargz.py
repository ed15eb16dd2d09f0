"""Where the gzip members of an eStargz layer begin, as its table of contents says.

Source: stargz-snapshotter, ``docs/estargz.md``. The layer is a tar in which each file, or piece of a large file, is a
gzip member; the last ones are the table, a tar entry with JSON, and a footer of 51 bytes (47 in old layers) that says
where the table begins. Nobody has checked what it says, so it is a hint and no more.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Final

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.oci.image import ByteRange

FOOTER: Final = 51
_OLD_FOOTER: Final = 47
_STATED: Final = regex(rb"\x1f\x8b\x08\x04.{6}(?:\x1a\0SG\x16\0|\x16\0)([0-9a-f]{16})STARGZ", re.DOTALL)
"""How the footer begins."""
_OFFSET: Final = regex(rb'"offset": ?([0-9]{1,15})[,}\s]')
_LONGEST: Final = 40
"""How many bytes an offset takes at most, with its name."""
_STEP: Final = 1 << 20
"""How far apart two places are at least, in bytes: who cuts a layer wants no smaller parts."""
_LARGEST: Final = 64 << 20
"""How large a table may be, compressed, in bytes; one with 100,000 files has 6 MB."""
_MOST: Final = 64 << 20
"""How many bytes of it are looked at."""
_MAGIC: Final = b"\x1f\x8b\x08"
_PIECE: Final = 1 << 17


def member_offsets(source: ByteRange) -> list[int]:
    """Return some of the bytes at which a gzip member is said to begin, rising; none if the layer is no eStargz.

    What begins a member is there, at least: so padding between members is part of the one before it.
    """
    end = source.size - FOOTER
    footer = source.read_at(max(0, end), FOOTER)
    table = table_offset(footer)
    if table is None or not 0 < end - table <= _LARGEST:
        return []
    offsets = []
    last = 0
    for offset in (*_offsets(source, table, end), table):
        if last + _STEP <= offset <= table and source.read_at(offset, len(_MAGIC)) == _MAGIC:
            offsets.append(offset)
            last = offset
    return offsets


def table_offset(footer: bytes) -> int | None:
    """Return at which byte the table begins, as the last `FOOTER` bytes of a layer say; None if they do not."""
    match = _STATED.match(footer) or _STATED.match(footer, FOOTER - _OLD_FOOTER)
    return None if match is None else int(match[1], 16)


def _offsets(source: ByteRange, table: int, end: int) -> Iterator[int]:
    """Yield the offsets that the table states, as far as it can be read."""
    inflater = zlib.decompressobj(31)
    kept, seen = b"", 0
    for position in range(table, end, _PIECE):
        data = source.read_at(position, min(_PIECE, end - position))
        while data and not inflater.eof and seen < _MOST:
            try:
                text = kept + inflater.decompress(data, _PIECE)
            except zlib.error:
                return
            data = inflater.unconsumed_tail
            seen += len(text)
            kept = text[-_LONGEST:]
            yield from (int(match[1]) for match in _OFFSET.finditer(text))
