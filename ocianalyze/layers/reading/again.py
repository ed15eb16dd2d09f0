"""Reads parts of layers a second time, to compare what was not kept."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.layers.blob.compression import MAGIC_SIZE, decompress, recognise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.layers.metering.budget import Budget
    from ocianalyze.oci.image import Blob, ByteRange

_PIECE: Final = 1 << 20


class Extent(NamedTuple):
    """A part of an uncompressed layer, in bytes."""

    offset: int
    size: int


def hash_extents(blob: Blob, extents: Sequence[Extent], *, budget: Budget, what: str) -> list[bytes]:
    """Return the SHA-256 of each of these parts, which do not overlap and are in the order of their offsets.

    Of a layer that is stored uncompressed, only they are read; any other is decompressed up to the last of them.

    Raises:
        ContentUnavailableError: the layer came as a stream and cannot be read again.
        CorruptLayerError: it is damaged.
        LimitExceededError: a limit was hit.
    """
    source = plain_range(blob)
    if source is not None:
        return [_hash_range(source, extent) for extent in extents]
    return _hash_stream(blob, extents, budget=budget, what=what)


def plain_range(blob: Blob) -> ByteRange | None:
    """Return the bytes of an uncompressed layer for reading at offsets; None if that is impossible."""
    source = blob.byte_range()
    return source if source is not None and recognise(source.read_at(0, MAGIC_SIZE)) == "none" else None


def _hash_range(source: ByteRange, extent: Extent) -> bytes:
    found, end = hashlib.sha256(), extent.offset + extent.size
    for offset in range(extent.offset, end, _PIECE):
        found.update(source.read_at(offset, min(_PIECE, end - offset)))
    return found.digest()


def _hash_stream(blob: Blob, extents: Sequence[Extent], *, budget: Budget, what: str) -> list[bytes]:
    found = [hashlib.sha256() for _ in extents]
    at, place = 0, 0
    for piece in decompress(blob.chunks(), budget=budget, what=what):
        end = at + len(piece)
        view = memoryview(piece)
        while place < len(extents):
            offset, size = extents[place]
            found[place].update(view[max(0, offset - at) : max(0, offset + size - at)])
            if offset + size > end:
                break
            place += 1
        if place == len(extents):
            break
        at = end
    return [item.digest() for item in found]
