"""The contents of a layer through the spans of its ztoc, each checked against its digest before it is inflated.

A digest covers what is stored. What that inflates to depends on the window as well, which only the ztoc states; so a
window is compared with the end of the span before it whenever that is inflated.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.blob import compression
from ocianalyze.layers.indexes.index import Stretch, Stretches
from ocianalyze.layers.indexes.units import UnitReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.layers.indexes.checkpoints import Span, Spans
    from ocianalyze.layers.indexes.ztoc import Ztoc
    from ocianalyze.oci.image import Ranges

_RAW: Final = -15
_GZIP: Final = 31
_TRAILER: Final = 8
"""How many bytes end a gzip member behind its deflate stream."""
_STEP: Final = 1 << 18
_SMALL_STEP: Final = 1 << 14
"""How many bytes are inflated at a time, and once a member has ended: what is behind its end is copied each time, and
members may be small."""
_BYTE: Final = 8

# Blocks of deflate (RFC 1951) without content: pairs of bits, the first of which is the lowest, and their number.
_FIXED: Final = (0b010, 3), (0, 7)
"""A block with fixed codes, 10 bits: its header and its end."""
_DYNAMIC: Final = (
    *((0b100, 3), (0, 5), (0, 5), (14, 4)),  # 257 literals and lengths, 1 distance, 18 lengths of codes
    *((0, 6), (2, 3), (2, 3), (0, 39), (1, 3)),  # of which 18 and 0 have codes of two bits, and 1 has one of one bit
    *((0b11, 2), (127, 7), (0b11, 2), (107, 7), (0, 1), (0b01, 2)),  # 138 + 118 zeros, a one, a zero
    (0, 1),
)
"""A block with dynamic codes, 93 bits; only the end of the block has a code."""


class ZtocContents(UnitReader):
    """The contents that a ztoc leads to; see `IndexedContents`. They are found by their places in the tar."""

    def __init__(self, ztoc: Ztoc, ranges: Ranges) -> None:
        super().__init__(_SpanUnits(ztoc.spans, ztoc.end, is_compressed=ztoc.is_compressed), ranges)
        self._spans, self._headers, self._odd = ztoc.spans, ztoc.headers, ztoc.odd

    @property
    def stretches(self) -> Sequence[Stretch]:
        """Where headers lie, in the order of the tar."""
        return Stretches(range(len(self._headers)), self._stretch)

    @property
    def odd_stretches(self) -> Sequence[Stretch]:
        """Where the headers of the listed entries are not as long as what they lie in."""
        return Stretches(self._odd, self._stretch)

    def beside(self, pieces: Sequence[tuple[int, int]]) -> Sequence[Stretch]:
        """Return the stretches that lie in the spans of contents."""
        spans = self._spans
        spans.know(pieces)
        covered = {number for piece in pieces for number in spans.covering(*piece)}
        inside = (range(*(bisect_left(self._headers, (at,)) for at in spans.plain(span))) for span in sorted(covered))
        numbers = [
            number
            for numbers in inside
            for number in numbers
            if covered.issuperset(spans.covering(*self._piece(number)))
        ]
        return Stretches(numbers, self._stretch)

    def near(self, stretch: Stretch, most: int) -> Sequence[Stretch]:  # noqa: ARG002 - a span is fetched as a whole
        """Return the stretches in the same spans."""
        return self.beside([self._piece(stretch.number)])

    def prepare(self, pieces: Sequence[tuple[int, int]], stretches: Sequence[Stretch] = ()) -> list[bytes]:
        """Fetch contents, and return the headers of stretches."""
        headers = [self._piece(stretch.number) for stretch in stretches]
        self.fetch([*pieces, *headers])
        return [self.read_at(*piece) for piece in headers]

    def _stretch(self, number: int) -> Stretch:
        _, _, first, last = self._headers[number]
        return Stretch(self._spans.cost(*self._piece(number)), number, first, last)

    def _piece(self, number: int) -> tuple[int, int]:
        begin, end, _, _ = self._headers[number]
        return begin, end - begin


class _SpanUnits:
    """The spans of a layer as `Units`."""

    def __init__(self, spans: Spans, tar_end: int, *, is_compressed: bool) -> None:
        """The last entry of the tar ends at byte `tar_end`."""
        self._spans = spans
        self._tar_end = tar_end
        self._is_compressed = is_compressed
        self.know, self.covering, self.plain = self._spans.know, self._spans.covering, self._spans.plain

    def place(self, number: int) -> tuple[int, int]:
        """Return where a span is stored."""
        return self._spans.span(number)[:2]

    def expand(self, number: int, stored: bytes) -> bytes:
        """Return the plain bytes of a span, as far as they belong to the tar."""
        span = self._spans.span(number)
        begin, end = self.plain(number)
        if not span.digest.matches(stored):
            raise _corrupt(number, span, "does not match the digest in its ztoc")
        plain = self._inflate(number, stored) if self._is_compressed else stored
        if span.length not in (None, len(plain)):
            raise _corrupt(number, span, f"has another size than the {span.length:,} bytes that its ztoc states")
        window = self._spans.window_behind(number)
        seen = min(len(window), len(plain))
        if window[len(window) - seen :] != plain[len(plain) - seen :]:
            raise _corrupt(number, span, "does not end with what its ztoc states before the next one")
        plain = plain[: end - begin]
        if plain[max(0, self._tar_end - span.begin) :].strip(b"\0"):
            raise _corrupt(number, span, "has more entries than its ztoc lists")
        return plain

    def _inflate(self, number: int, stored: bytes) -> bytes:
        """Return what a span inflates to, at most one byte more than is expected of it."""
        span = self._spans.span(number)
        begin, end = self.plain(number)
        most = end - begin if span.length is None else span.length + 1
        try:
            return inflate(stored, bits=span.bits, window=span.window, most=most)
        except compression.fastest_zlib.error as error:
            raise _corrupt(number, span, f"cannot be inflated: {error}") from error


def inflate(stored: bytes, *, bits: int, window: bytes | memoryview, most: int) -> bytes:
    """Return the first plain bytes, at most `most`, of deflate blocks and the gzip members that follow them.

    `bits` is how many bits of the first byte, the highest ones, belong to them, 0 if all of them do; `window` are the
    plain bytes before them.

    Raises:
        compression.fastest_zlib.error: they are damaged.
    """
    inflater = compression.fastest_zlib.decompressobj(_RAW, zdict=window)
    position, trailer, step = 0, _TRAILER, _STEP
    if bits:
        inflater.decompress(_aligned(stored[0], bits))
        position = 1
    found: list[bytes] = []
    left = most
    while left and position < len(stored):
        piece = stored[position : position + step]
        position += len(piece)
        if inflater.eof:
            piece = piece.lstrip(b"\0")  # zeros between members are padding
            if not piece:
                continue
            inflater = compression.fastest_zlib.decompressobj(_GZIP)
        plain = inflater.decompress(piece, left)
        left -= len(plain)
        found.append(plain)
        position -= len(inflater.unused_data) + len(inflater.unconsumed_tail)
        if inflater.eof:
            position += trailer
            trailer, step = 0, _SMALL_STEP  # from now on it is read with its member
    return b"".join(found)


def _aligned(byte: int, bits: int) -> bytes:
    """Return whole bytes that end with the highest bits of one, and begin with blocks that hold nothing.

    A fixed block moves what follows by 10 bits, a dynamic one by 93.
    """
    gap = _BYTE - bits
    parts = [*_DYNAMIC] if gap % 2 else []
    parts += _FIXED * ((gap - sum(width for _, width in parts)) % _BYTE // 2)
    parts.append((byte >> gap, bits))
    value = length = 0
    for part, width in parts:
        value |= part << length
        length += width
    return value.to_bytes(length // _BYTE, "little")


def _corrupt(number: int, span: Span, reason: str) -> CorruptLayerError:
    return CorruptLayerError(f"span {number} of the layer, at byte {span.start:,}, {reason}", offset=span.start)
