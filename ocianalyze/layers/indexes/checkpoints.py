"""The spans of a layer: where inflating can begin in it, as its ztoc states that.

Sources: soci-snapshotter, ``ztoc/compression/gzip_zinfo.c`` and ``tar_zinfo.go``.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from ocianalyze.errors import InvalidImageError
from ocianalyze.layers.indexes.flatbuffers import Flatbuffer
from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.layers.indexes.units import LARGEST_UNIT, covering
from ocianalyze.layers.tar.tarstream import BLOCK
from ocianalyze.oci.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WINDOW: Final = 1 << 15
"""How many plain bytes before a span its compressed bytes may refer to."""
_TAR_INFO: Final = "iqq"
"""The table with the spans of an uncompressed layer: a version, the size of a span, the size of the layer."""
_TAR_INFO_VERSION: Final = 2
PREFIX: Final = struct.Struct("<iq")
"""Before the checkpoints of a gzip layer: how many spans there are, and the size that was asked for."""
_CHECKPOINT: Final = struct.Struct("<qqB")
"""Before a window: where the first whole byte is in the layer, the place in the tar, how many bits come before."""
WIDTH: Final = _CHECKPOINT.size + WINDOW
_BEHIND_GZIP_HEADER: Final = 10
TAR_END: Final = 2 * BLOCK
"""How many bytes the end of a tar takes at most: what pads it further is no part of it for those who make ztocs."""
_BYTE: Final = 8


class Span(NamedTuple):
    """A piece of a layer that can be inflated by itself.

    Attributes:
        start: where it is stored from; of the first byte, only the highest `bits` belong to it.
        end: before where it is stored.
        begin: where its plain bytes begin in the tar.
        length: how many plain bytes it has; None if it has all that are left.
        bits: 0 to 7; where it is 0, the whole first byte belongs to it.
        window: the plain bytes before it, as the ztoc states them; none before the first span.
        digest: the digest of what is stored.
    """

    start: int
    end: int
    begin: int
    length: int | None
    bits: int
    window: memoryview
    digest: Digest


class Point(NamedTuple):
    """Where inflating can begin: `start` is the first whole byte; see `Span`."""

    start: int
    begin: int
    bits: int
    window: memoryview


FIRST: Final = Point(_BEHIND_GZIP_HEADER, 0, 0, memoryview(b""))
"""Where inflating begins if there is no first checkpoint: old ztocs are for layers with the shortest gzip header."""


class Spans(Protocol):
    """The spans that a layer's tar lies in, by their numbers."""

    def know(self, pieces: Iterable[tuple[int, int]]) -> None:
        """Find out which spans pieces of the tar lie in, given as where they begin and their sizes.

        Raises:
            IndexUnusableError: the spans contradict each other or the size of the layer.
            OcianalyzeError: that cannot be found out.
        """

    def covering(self, offset: int, size: int) -> range:
        """Return the spans that a piece of the tar lies in, which is known; so it is for what follows."""

    def plain(self, number: int) -> tuple[int, int]:
        """Return from where to before where in the tar the plain bytes of a span lie."""

    def span(self, number: int) -> Span:
        """Return a span."""

    def window_behind(self, number: int) -> memoryview:
        """Return the plain bytes that a span ends with, as the ztoc states them; none for the last one."""

    def cost(self, offset: int, size: int) -> int:
        """Return how many bytes are stored of the spans that a piece of the tar lies in, or about how many."""


class SpanList:
    """`Spans` all of which are known: `spans`, in their order."""

    def __init__(self, spans: Sequence[Span], size: int) -> None:
        """`size` is that of the tar."""
        self.spans = spans
        self._begins = [*(span.begin for span in spans), size]

    def know(self, pieces: Iterable[tuple[int, int]]) -> None:
        """Do nothing."""

    def covering(self, offset: int, size: int) -> range:
        """Return the spans that a piece of the tar lies in."""
        return covering(self._begins, offset, size)

    def plain(self, number: int) -> tuple[int, int]:
        """Return from where to before where in the tar the plain bytes of a span lie."""
        return self._begins[number], self._begins[number + 1]

    def span(self, number: int) -> Span:
        """Return a span."""
        return self.spans[number]

    def window_behind(self, number: int) -> memoryview:
        """Return the window of the next span."""
        return self.spans[number + 1].window if number + 1 < len(self.spans) else memoryview(b"")

    def cost(self, offset: int, size: int) -> int:
        """Return how many bytes are stored of the spans that a piece of the tar lies in."""
        return sum(self.spans[number].end - self.spans[number].start for number in self.covering(offset, size))


def read_spans(
    state: bytes, digests: Sequence[Digest], *, layer_size: int, is_compressed: bool, size: int, end: int
) -> SpanList:
    """Return the spans of a layer that is stored as `layer_size` bytes; there is one for each digest.

    The tar has `size` bytes, and its last entry ends at byte `end`.

    Raises:
        IndexUnusableError: they contradict each other or the size of the layer.
        FlatbufferError: the table with those of an uncompressed layer is damaged.
    """
    points = _checkpoints(state, len(digests)) if is_compressed else _cuts(state, len(digests), layer_size)
    points.append(behind(layer_size))
    if points[0].begin:
        raise IndexUnusableError("the spans in the ztoc do not begin where the tar does")
    last = len(digests) - 1
    spans = [
        span_between(point, following, digests[number], number, last)
        for number, (point, following) in enumerate(pairwise(points))
    ]
    spans[-1] = last_span(spans[-1], size, end)
    return SpanList([span for span in spans if span.begin < size], size)


def span_between(point: Point, following: Point, digest: Digest, number: int, last: int) -> Span:
    """Return the span with a number from one point to the next; raises IndexUnusableError if there can be none."""
    start = point.start - (point.bits > 0)
    if point.bits >= _BYTE or start < 0 or point.start >= following.start:
        raise IndexUnusableError("the spans in the ztoc are not in order, or lie outside of the layer")
    length = None if number == last else following.begin - point.begin
    _check_length(length or 0)
    _check_length(following.start - start)
    window = point.window if number else memoryview(b"")
    return Span(start, following.start, point.begin, length, point.bits, window, digest)


def last_span(span: Span, size: int, end: int) -> Span:
    """Return the last span with its length, if that is known: if the tar ends there, so must what is inflated."""
    if size - end >= TAR_END:
        return span
    _check_length(size - span.begin)
    return span._replace(length=size - span.begin)


def behind(layer_size: int) -> Point:
    """Return the point behind the last span of a layer of so many bytes."""
    return Point(layer_size, 0, 0, memoryview(b""))


def _check_length(length: int) -> None:
    """Raise IndexUnusableError if a span cannot have that many plain bytes, or stored ones."""
    if not 0 <= length <= LARGEST_UNIT:
        raise IndexUnusableError("the spans in the ztoc are not in order, or are too large")


def lacking_points(size: int, count: int) -> int:
    """Return how many checkpoints, 0 or 1, a vector of so many bytes leaves out of those of `count` spans."""
    lacking, rest = divmod(PREFIX.size + count * WIDTH - size, WIDTH)
    if rest or lacking not in (0, 1) or size < PREFIX.size:
        raise IndexUnusableError("the ztoc has another number of checkpoints than of spans")
    return lacking


def check_prefix(state: bytes, count: int) -> None:
    """Check what is before the checkpoints of a gzip layer with so many spans; raises IndexUnusableError."""
    _check_sizes(count, *PREFIX.unpack_from(state))


def read_point(state: bytes, place: int = 0) -> Point:
    """Return the checkpoint that is stored at a place."""
    start, begin, bits = _CHECKPOINT.unpack_from(state, place)
    return Point(start, begin, bits, memoryview(state)[place + _CHECKPOINT.size : place + WIDTH])


def _checkpoints(state: bytes, count: int) -> list[Point]:
    """Return the checkpoints of a gzip layer."""
    lacking = lacking_points(len(state), count)
    check_prefix(state, count)
    places = range(PREFIX.size, len(state), WIDTH)
    return [FIRST] * lacking + [read_point(state, place) for place in places]


def _cuts(state: bytes, count: int, layer_size: int) -> list[Point]:
    """Return where the spans of an uncompressed layer begin."""
    buffer = Flatbuffer(state)
    version, span_size, size = buffer.tables(_TAR_INFO).read(buffer.root())
    if version != _TAR_INFO_VERSION or size != layer_size:
        raise IndexUnusableError("the spans in the ztoc have an unknown version, or are those of another layer")
    _check_sizes(count, -(-size // max(1, span_size)), span_size)
    return [Point(start, start, 0, memoryview(b"")) for start in range(0, size, span_size)]


def _check_sizes(count: int, stated: int, span_size: int) -> None:
    if stated != count:
        raise IndexUnusableError("the ztoc has another number of checkpoints than of spans")
    if not 0 < span_size <= LARGEST_UNIT:
        raise IndexUnusableError(f"the ztoc states a span size of {span_size:,} bytes")


def read_digest(stated: bytes) -> Digest:
    """Return the digest of a span; raises IndexUnusableError if it is none."""
    try:
        return Digest.parse(stated.decode("ascii", "replace"))
    except InvalidImageError as error:
        raise IndexUnusableError("the ztoc has an invalid digest of a span") from error
