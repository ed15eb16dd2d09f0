"""How the tar parser gets to see a layer: as a window that it moves forward.

A layer that can be read at offsets is seen through short reads where the headers are, so that bodies are never read.
Any other layer is a stream that is passed through once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.oci.image import ByteRange

_SMALLEST = 1 << 11
_LARGEST = 1 << 14


class Window(Protocol):
    """Bytes of an uncompressed tar, seen from the front to the back."""

    def view(self, position: int, size: int) -> tuple[bytes, int]:
        """Return bytes that hold `size` bytes from `position`, and the position of the first of them.

        Fewer bytes come back only where the tar ends. `position` never goes back behind an earlier one.
        """

    def end(self) -> int | None:
        """Return the size of the tar, where it is known."""

    def file(self) -> tuple[int, int] | None:
        """Return the descriptor of the file that the tar lies in, and where it begins there, if it lies in one."""

    def count(self, size: int) -> None:
        """Take note that `size` bytes were read past this window."""


class RangeWindow:
    """A window on bytes that can be read at offsets.

    The reads grow while they find several headers each and shrink while they find one: where bodies are small a read
    serves many headers, where they are large it costs little more than the header.
    """

    def __init__(self, source: ByteRange) -> None:
        self._source = source
        self._read = source.read_at
        self._width = _SMALLEST
        self._limit = 0
        self.bytes_read = 0

    def view(self, position: int, size: int) -> tuple[bytes, int]:
        """Return at least `size` bytes from `position`; see `Window`."""
        width = self._width
        gap = position - self._limit
        if gap < width >> 1:  # a wider window would have held this
            if width < _LARGEST:
                self._width = width = width << 1
        elif gap > width > _SMALLEST:
            self._width = width = width >> 1
        data = self._read(position, width if width > size else size)  # noqa: FURB136 - max() costs a call each time
        self._limit = position + len(data)
        self.bytes_read += len(data)
        return data, position

    def end(self) -> int | None:
        """Return how many bytes there are."""
        return self._source.size

    def file(self) -> tuple[int, int] | None:
        """Return where the bytes lie, if it is in a file."""
        return self._source.file()

    @property
    def seen(self) -> int:
        """Where the last view ended."""
        return self._limit

    def count(self, size: int) -> None:
        """Add bytes that were read past this window."""
        self.bytes_read += size


class StreamWindow:
    """A window on a stream of chunks, which it passes through once."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._chunk = b""
        self._start = 0

    def view(self, position: int, size: int) -> tuple[bytes, int]:
        """Return at least `size` bytes from `position`; see `Window`."""
        chunk, start = self._chunk, self._start
        limit = start + len(chunk)
        while limit <= position:
            start, chunk = limit, next(self._chunks, b"")
            if not chunk:
                break
            limit = start + len(chunk)
        if chunk and limit < position + size:
            parts = [chunk[position - start :]]
            start = position
            for more in self._chunks:
                parts.append(more)
                limit += len(more)
                if limit >= position + size:
                    break
            chunk = b"".join(parts)
        self._chunk, self._start = chunk, start
        return chunk, start

    def end(self) -> int | None:
        """Return None: a stream tells its size by ending."""
        return None

    def file(self) -> tuple[int, int] | None:
        """Return None: a stream is passed through, wherever it comes from."""
        return None

    def count(self, size: int) -> None:
        """Do nothing: there is no other way to read a stream."""

    def drain(self, most: int | None = None) -> int:
        """Read to the end, for those who count and hash on the way, and return the size of the whole stream.

        Where `most` is given it ends early once more bytes than that were read.
        """
        size = self._start + len(self._chunk)
        last = None if most is None else size + most
        self._chunk = b""
        for chunk in self._chunks:
            size += len(chunk)
            if last is not None and size > last:
                break
        self._start = size
        return size
