"""The way to pieces of a blob, wherever it is, and how much of it was gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.errors import CutShortError
from ocianalyze.oci.image import BlobInPieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.oci.image import Blob, ByteRange, Ranges


def ranges_of(blob: Blob) -> CountedRanges | None:
    """Return the way to the pieces of a blob, None if it can only be read from its first byte to its last."""
    if isinstance(blob, BlobInPieces):
        return CountedRanges(blob.ranges())
    source = blob.byte_range()
    return None if source is None else CountedRanges(_LocalRanges(source))


class CountedRanges:
    """Pieces of a blob, of which it is counted how many bytes were read; may be used from several threads.

    Attributes:
        bytes_read: how many bytes were read.
    """

    def __init__(self, ranges: Ranges) -> None:
        self._ranges = ranges
        self.bytes_read = 0

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._ranges.size

    def read(self, pieces: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return pieces; see `Ranges`."""
        found = self._ranges.read(pieces)
        self.bytes_read += sum(map(len, found))
        return found


class _LocalRanges:
    def __init__(self, source: ByteRange) -> None:
        self._source = source

    @property
    def size(self) -> int:
        return self._source.size

    def read(self, pieces: Sequence[tuple[int, int]]) -> list[bytes]:
        found = []
        for start, end in pieces:
            piece = self._source.read_at(start, end - start)
            if len(piece) < end - start:
                raise CutShortError(f"the layer is truncated at byte {start + len(piece):,}", offset=start + len(piece))
            found.append(piece)
        return found
