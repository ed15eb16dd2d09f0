"""The documents of a stream, JSON and ztocs: kept in passing, because what refers to them may come last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.layers.blob.compression import compress_frame, expand_frame
from ocianalyze.layers.indexes.ztoc import stated_layer_size
from ocianalyze.layers.tar.tarstream import begins_tar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.layers.metering.budget import Budget
    from ocianalyze.oci.image import ByteRange

_PIECE: Final = 64 << 10
_SMALL: Final = 4 << 10
"""Up to here a document is kept as it is: compression gains nothing, and old formats have some that are no JSON."""


class BytesBlob:
    """A blob that is in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self._data)

    @property
    def kept(self) -> bytes:
        """What is kept of them."""
        return self._data

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes, in pieces: decompressors copy what a member leaves of one."""
        for start in range(0, len(self._data), _PIECE):
            yield self._data[start : start + _PIECE]

    def byte_range(self) -> ByteRange | None:
        """Return these bytes for reading at offsets."""
        return self

    def read_at(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset`, fewer only at the end."""
        return self._data[offset : offset + size]

    def identity(self) -> str | None:
        """Return None: they came as a stream."""
        return None

    def file(self) -> tuple[int, int] | None:
        """Return None: they are in memory."""
        return None


class CompressedBlob(BytesBlob):
    """A blob that is in memory, compressed; it is expanded anew each time it is read."""

    def __init__(self, frame: bytes, size: int) -> None:
        """`frame` is the zstd frame of so many bytes."""
        super().__init__(frame)
        self._size = size

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._size

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes."""
        return BytesBlob(self._expanded()).chunks()

    def read_at(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset`, fewer only at the end."""
        return self._expanded()[offset : offset + size]

    def _expanded(self) -> bytes:
        return expand_frame(self._data, most=self._size)


def is_document(head: bytes) -> bool:
    """Tell whether a member that begins with `head` is a JSON document or a ztoc.

    The name of a tar's first entry may look like one. Whether it is one to its end is seen if it is needed: to look at
    all that pass by would take long.
    """
    is_json = head.lstrip()[:1] in (b"", b"{", b"[")
    return (is_json or stated_layer_size(head) is not None) and not begins_tar(head)


def hold(data: bytes) -> BytesBlob:
    """Return a document as it is to be kept in memory."""
    return BytesBlob(data) if len(data) <= _SMALL else CompressedBlob(compress_frame(data), len(data))


def kept(name: str, data: bytes, budget: Budget) -> BytesBlob:
    """Keep a document that passes by: this is where all of them are charged to what may be kept.

    Raises:
        LimitExceededError: too much is kept already.
    """
    blob = hold(data)
    budget.take(2 * len(blob.kept), name, thing="the documents beside the layers")
    return blob
