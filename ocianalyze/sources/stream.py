"""An archive that comes as a stream: standard input, or a file with compression around it.

It is read once, from the first byte to the last, and nothing is put aside but JSON documents and what is learned of
layers. Which members are layers is not known before the manifest, which may come last, so every member that is a tar
is read as a layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.errors import ContentUnavailableError, InvalidImageError, OcianalyzeError
from ocianalyze.layers.budget import Budget
from ocianalyze.layers.compression import decompress, peek, recognise
from ocianalyze.layers.entry import Kind
from ocianalyze.layers.progress import tell_chunks
from ocianalyze.layers.reader import PreReadBlob, read_blob
from ocianalyze.layers.tarstream import BLOCK, begins_tar, read_entries
from ocianalyze.layers.windows import StreamWindow
from ocianalyze.sources.archive import Names, require_archive
from ocianalyze.sources.store import stated_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.layers.reader import Reading
    from ocianalyze.oci.image import Blob, ByteRange


_PIECE = 64 << 10
_MAX_TRAILER = 64 << 20
"""How much may follow the end of an archive, in bytes: tools pad to the size of their records."""


class BytesBlob:
    """A blob that is in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self._data)

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


class _PassingBlob:
    """The member that is next in the stream; it can be read while it is, and only once."""

    def __init__(self, window: StreamWindow, offset: int, size: int) -> None:
        self._window = window
        self._offset = offset
        self._passed = False
        self.size = size

    def chunks(self) -> Iterator[bytes]:
        if self._passed:
            raise ContentUnavailableError("the image came as a stream, which cannot be read a second time")
        self._passed = True
        position, end = self._offset, self._offset + self.size
        while position < end:
            data, start = self._window.view(position, 1)
            piece = data[position - start : end - start]
            if not piece:
                return
            yield piece
            position += len(piece)

    def byte_range(self) -> ByteRange | None:
        return None


class _Unreadable:
    """A member that could not be read, which matters only if the image needs it."""

    def __init__(self, error: OcianalyzeError, size: int) -> None:
        self._error = error
        self.size = size

    def chunks(self) -> Iterator[bytes]:
        raise self._error

    def byte_range(self) -> ByteRange | None:
        raise self._error


class StreamStore:
    """The members of an archive that was read in one pass; it has `size` bytes, where that is known beforehand.

    `members` is what was learned of each of them.
    """

    def __init__(
        self,
        chunks: Iterator[bytes],
        reading: Reading,
        *,
        what: str,
        read_layers: bool = True,
        size: int | None = None,
    ) -> None:
        self._names = Names(what)
        self.members: dict[str, Blob] = {}
        self._reading = reading
        self._budget = Budget(reading.limits)
        self._read_layers = read_layers
        self._entries = 0
        self._broken: OcianalyzeError | None = None
        with reading.progress.begin_stream(what, size) as progress:
            self._read(tell_chunks(chunks, progress), what)

    def _read(self, chunks: Iterator[bytes], what: str) -> None:
        """Read the archive to its end."""
        limits = self._reading.limits
        head, pieces = peek(decompress(chunks, limits=limits, what=what), BLOCK)
        require_archive(head, what)
        window = StreamWindow(self._watched(pieces))
        for path, kind, _, size, _, link, offset, _, _ in read_entries(window, limits=limits, what=what):
            name = self._names.add(path, kind, link)
            self.members.pop(name, None)
            if kind == Kind.FILE and offset >= 0:
                self.members[name] = self._member(window, name, offset, size)
            self._entries += 1
            if self._entries > limits.max_entries:
                raise limits.exceeded("max_entries", f"{what} has more than {limits.max_entries:,} entries")
        end = window.drain(0)
        if window.drain(_MAX_TRAILER) > end + _MAX_TRAILER:
            raise InvalidImageError(f"{what} goes on for more than {_MAX_TRAILER:,} bytes after the end of the archive")

    @classmethod
    def of(cls, members: dict[str, Blob], links: dict[str, str], *, what: str) -> StreamStore:
        """Return the store of an archive of which an earlier scan has learned this."""
        store = cls.__new__(cls)
        store.members, store._names = members, Names(what, links)  # noqa: SLF001 - its own
        return store

    @property
    def links(self) -> dict[str, str]:
        """The links among the members, by their names."""
        return self._names.links

    def find(self, name: str) -> Blob | None:
        """Return the member `name`, past links."""
        return self.members.get(self._names.resolve(name))

    def check_unchanged(self) -> None:
        """Nothing is read a second time."""

    def close(self) -> None:
        """Nothing is held open."""

    def _watched(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the pieces of the archive, and take note if it is the archive itself that cannot be read."""
        try:
            yield from pieces
        except OcianalyzeError as error:
            self._broken = error
            raise

    def _member(self, window: StreamWindow, name: str, offset: int, size: int) -> Blob:
        """Read the member that is next: a JSON document into memory, a tar as a layer."""
        limits = self._reading.limits
        data, start = window.view(offset, min(size, BLOCK))
        head = data[offset - start : offset - start + min(size, BLOCK)]
        if size < BLOCK or _is_document(name, head):
            if size > limits.max_json:
                return _Unreadable(limits.exceeded("max_json", f"{name} has {size:,} bytes"), size)
            data, start = window.view(offset, size)
            return BytesBlob(data[offset - start : offset - start + size])
        if not self._read_layers:
            return PassedBlob(size, recognise(head), "of which no layer was read")
        stated = stated_digest(name)
        try:
            layer = read_blob(
                _PassingBlob(window, offset, size),
                self._reading,
                what=f"layer {name}",
                budget=self._budget,
                need_diff_id=stated is None,
                algorithm="sha256" if stated is None else stated.algorithm,
            )
        except OcianalyzeError as error:
            if self._broken is not None:
                raise
            return _Unreadable(error, size)
        self._entries += len(layer.changeset)
        return PreReadBlob(layer)


def _is_document(name: str, head: bytes) -> bool:
    """Tell whether a member that begins with `head` is a JSON document; the name of a tar's first entry may look so."""
    return name.endswith(".json") or (head.lstrip()[:1] in (b"{", b"[") and not begins_tar(head))


class PassedBlob:
    """A member that went by; `compression` is what it begins with, `why` says why its bytes are not to be had."""

    def __init__(self, size: int, compression: str, why: str) -> None:
        self.size = size
        self.compression = compression
        self._why = why

    def chunks(self) -> Iterator[bytes]:
        """Raise: the bytes are gone."""
        raise ContentUnavailableError(f"the image came as a stream, {self._why}")

    def byte_range(self) -> ByteRange | None:
        """Return None: the bytes are gone."""
        return None
