"""The spans of a layer: where inflating can begin in it, as its ztoc states that.

Sources: soci-snapshotter, ``ztoc/compression/gzip_zinfo.c`` and ``tar_zinfo.go``.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.errors import InvalidImageError
from ocianalyze.layers.indexes.flatbuffers import Flatbuffer
from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.layers.indexes.units import LARGEST_UNIT
from ocianalyze.oci.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

WINDOW: Final = 1 << 15
"""How many plain bytes before a span its compressed bytes may refer to."""
_TAR_INFO: Final = "iqq"
"""The table with the spans of an uncompressed layer: a version, the size of a span, the size of the layer."""
_TAR_INFO_VERSION: Final = 2
_HEAD: Final = struct.Struct("<iq")
"""Before the checkpoints of a gzip layer: how many spans there are, and the size that was asked for."""
_CHECKPOINT: Final = struct.Struct("<qqB")
"""Before a window: where the first whole byte is in the layer, the place in the tar, how many bits come before."""
_WIDTH: Final = _CHECKPOINT.size + WINDOW
_BEHIND_GZIP_HEADER: Final = 10
"""Where inflating begins if there is no first checkpoint: old ztocs are for layers with the shortest gzip header."""
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


class _Point(NamedTuple):
    """Where inflating can begin: `start` is the first whole byte; see `Span`."""

    start: int
    begin: int
    bits: int
    window: memoryview


def read_spans(state: bytes, digests: Sequence[bytes], *, layer_size: int, is_compressed: bool) -> list[Span]:
    """Return the spans of a layer that is stored as `layer_size` bytes; there is one for each digest.

    Raises:
        IndexUnusableError: they contradict each other or the size of the layer.
        FlatbufferError: the table with those of an uncompressed layer is damaged.
    """
    points = _checkpoints(state, len(digests)) if is_compressed else _cuts(state, len(digests), layer_size)
    return list(_spans(points, digests, layer_size))


def check_length(length: int) -> None:
    """Raise IndexUnusableError if a span cannot have that many plain bytes, or stored ones."""
    if not 0 <= length <= LARGEST_UNIT:
        raise IndexUnusableError("the spans in the ztoc are not in order, or are too large")


def _checkpoints(state: bytes, count: int) -> list[_Point]:
    """Return the checkpoints of a gzip layer."""
    lacking, rest = divmod(_HEAD.size + count * _WIDTH - len(state), _WIDTH)
    if rest or lacking not in (0, 1) or len(state) < _HEAD.size:
        raise IndexUnusableError("the ztoc has another number of checkpoints than of spans")
    _check_sizes(count, *_HEAD.unpack_from(state))
    view = memoryview(state)
    points = [_Point(_BEHIND_GZIP_HEADER, 0, 0, view[:0])] * lacking
    for place in range(_HEAD.size, len(state), _WIDTH):
        start, begin, bits = _CHECKPOINT.unpack_from(state, place)
        points.append(_Point(start, begin, bits, view[place + _CHECKPOINT.size : place + _WIDTH]))
    return points


def _cuts(state: bytes, count: int, layer_size: int) -> list[_Point]:
    """Return where the spans of an uncompressed layer begin."""
    buffer = Flatbuffer(state)
    version, span_size, size = buffer.tables(_TAR_INFO).read(buffer.root())
    if version != _TAR_INFO_VERSION or size != layer_size:
        raise IndexUnusableError("the spans in the ztoc have an unknown version, or are those of another layer")
    _check_sizes(count, -(-size // max(1, span_size)), span_size)
    return [_Point(start, start, 0, memoryview(b"")) for start in range(0, size, span_size)]


def _check_sizes(count: int, stated: int, span_size: int) -> None:
    if stated != count:
        raise IndexUnusableError("the ztoc has another number of checkpoints than of spans")
    if not 0 < span_size <= LARGEST_UNIT:
        raise IndexUnusableError(f"the ztoc states a span size of {span_size:,} bytes")


def _spans(points: Sequence[_Point], digests: Iterable[bytes], layer_size: int) -> Iterator[Span]:
    end = _Point(layer_size, 0, 0, memoryview(b""))
    if points[0].begin:
        raise IndexUnusableError("the spans in the ztoc do not begin where the tar does")
    for point, following, digest in zip(points, [*points[1:], end], digests, strict=True):
        start = point.start - (point.bits > 0)
        if point.bits >= _BYTE or start < 0 or point.start >= following.start:
            raise IndexUnusableError("the spans in the ztoc are not in order, or lie outside of the layer")
        length = None if following is end else following.begin - point.begin
        check_length(length or 0)
        check_length(following.start - start)
        window = point.window if point is not points[0] else end.window
        yield Span(start, following.start, point.begin, length, point.bits, window, _digest(digest))


def _digest(stated: bytes) -> Digest:
    try:
        return Digest.parse(stated.decode("ascii", "replace"))
    except InvalidImageError as error:
        raise IndexUnusableError("the ztoc has an invalid digest of a span") from error
