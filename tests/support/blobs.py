"""Blobs and windows in memory, cut into chunks of any size."""

from collections.abc import Iterator

from ocianalyze.layers.blob.windows import RangeWindow, StreamWindow
from ocianalyze.oci.image import ByteRange


class MemoryBlob:
    """A blob in memory; `seekable` says whether it can be read at offsets."""

    def __init__(self, data: bytes, *, chunk: int = 1 << 16, seekable: bool = False) -> None:
        self.data = data
        self.size = len(data)
        self.reads = 0
        self._chunk = chunk
        self._seekable = seekable

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes."""
        self.reads += 1
        return chunks(self.data, self._chunk)

    def byte_range(self) -> ByteRange | None:
        """Return the bytes, if they can be read at offsets."""
        return self if self._seekable else None

    def read_at(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset`, fewer only at the end."""
        assert offset >= 0
        assert size >= 0
        return self.data[offset : offset + size]

    def identity(self) -> str | None:
        """Return None: nobody keeps what is in memory apart."""
        return None

    def file(self) -> tuple[int, int] | None:
        """Return None: they are in memory."""
        return None


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    """Cut bytes into chunks of one size."""
    return (data[offset : offset + size] for offset in range(0, len(data), size))


def stream_window(data: bytes, chunk: int = 1 << 16) -> StreamWindow:
    """Return a window on a stream of chunks of one size."""
    return StreamWindow(chunks(data, chunk))


def range_window(data: bytes) -> RangeWindow:
    """Return a window on bytes that can be read at offsets."""
    return RangeWindow(MemoryBlob(data, seekable=True))
