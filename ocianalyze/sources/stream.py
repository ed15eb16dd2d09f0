"""An archive that comes as a stream: standard input, or a file with compression around it.

It is read once, from the first byte to the last, and nothing is put aside but JSON documents and what is learned of
layers. Which members are layers is not known before the manifest, which may come last, so every member that is a tar
is read as a layer.
"""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

from ocianalyze.errors import ContentUnavailableError, CorruptLayerError, InvalidImageError, OcianalyzeError
from ocianalyze.layers.blob.ahead import read_ahead
from ocianalyze.layers.blob.compression import decompress, peek, recognise
from ocianalyze.layers.blob.helpers import Helpers, slots_for
from ocianalyze.layers.blob.windows import StreamWindow
from ocianalyze.layers.metering.budget import memory_of_member
from ocianalyze.layers.metering.progress import tell_chunks
from ocianalyze.layers.reading.reader import PreReadBlob, read_blob
from ocianalyze.layers.tar import sparse
from ocianalyze.layers.tar.entry import Kind
from ocianalyze.layers.tar.tarstream import BLOCK, read_entries
from ocianalyze.sources.archive import NO_MEMBERS, Names, broken, require_archive, require_readable
from ocianalyze.sources.diagnosis.heads import HEAD
from ocianalyze.sources.kept import is_document, kept
from ocianalyze.sources.sparse_member import Allowance
from ocianalyze.sources.store import stated_digest, too_large

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocianalyze.layers.reading.reader import Reading
    from ocianalyze.layers.tar.sparse import SparseFile, SparseMap
    from ocianalyze.oci.image import Blob, ByteRange


_SHARE = 4
"""The documents beside the layers may take a quarter of the memory."""
_MAX_TRAILER = 64 << 20
"""How much may follow the end of an archive, in bytes: tools pad to the size of their records."""


class _PassingBlob:
    """The member that is next in the stream; it can be read while it is, and only once."""

    def __init__(self, window: StreamWindow, offset: int, size: int) -> None:
        self._window = window
        self._offset = offset
        self._stored = size
        self._map: SparseMap | None = None
        self._passed = False
        self.size = size

    @classmethod
    def of_sparse(cls, window: StreamWindow, file: SparseFile, what: str) -> _PassingBlob:
        """Return a member that is a sparse file; raises CorruptLayerError if its map is damaged."""

        def read(position: int, size: int) -> bytes:
            data, start = window.view(position, size)
            return data[position - start : position - start + size]

        found = sparse.read_map(file, read, what=what)
        blob = cls(window, found.offset, found.stored)
        blob._map, blob.size = found, file.size
        return blob

    def head(self) -> bytes:
        """Return its first block, before it is read."""
        if self._map is None:
            return self._stored_at(0, min(self._stored, BLOCK))
        stored = self._stored_at(0, min(self._stored, BLOCK))
        return sparse.read_at(self._map, 0, BLOCK, lambda offset, size: stored[offset : offset + size])

    def chunks(self) -> Iterator[bytes]:
        if self._passed:
            raise ContentUnavailableError("the image was read from a stream, which cannot be read again")
        self._passed = True
        return self._pass() if self._map is None else sparse.pieces(self._map, self._pass())

    def byte_range(self) -> ByteRange | None:
        return None

    def _pass(self) -> Iterator[bytes]:
        position, end = self._offset, self._offset + self._stored
        while position < end:
            data, start = self._window.view(position, 1)
            piece = data[position - start : end - start]
            if not piece:
                return
            yield piece
            position += len(piece)

    def _stored_at(self, offset: int, size: int) -> bytes:
        data, start = self._window.view(self._offset + offset, size)
        return data[self._offset + offset - start : self._offset + offset - start + size]


class _Unreadable:
    """A member that could not be read, which matters only if the image needs it."""

    def __init__(self, error: OcianalyzeError, size: int) -> None:
        self.error = error
        self.size = size

    def chunks(self) -> Iterator[bytes]:
        raise self.error

    def byte_range(self) -> ByteRange | None:
        raise self.error


class _Refused(_Unreadable):
    """A member that is not even looked for."""


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
        self.what = what
        self._names = Names(what)
        self.members: dict[str, Blob] = {}
        self._reading = reading
        self._budget = reading.spending()
        self._documents = self._budget.part(_SHARE)
        self._read_layers = read_layers
        self._broken: OcianalyzeError | None = None
        heads = [b"", b""]
        try:
            with (
                reading.progress.begin_stream(what, size) as progress,
                slots_for(reading.processors) as slots,
                read_ahead(tell_chunks(chunks, progress), idle=self._is_idle) as ahead,
            ):
                self._helpers = Helpers(self._is_idle, slots, reads_ahead=False)
                self._read(ahead, heads)
        except CorruptLayerError as error:
            raise broken(error, what, *heads) from error

    def _read(self, chunks: Iterator[bytes], heads: list[bytes]) -> None:
        """Read the archive to its end; `heads` are set to how it begins, as it is stored and uncompressed."""
        limits, what = self._reading.limits, self.what
        heads[0], chunks = peek(chunks, HEAD)
        heads[1], pieces = peek(decompress(chunks, budget=self._budget, what=what), HEAD)
        require_archive(heads[1], what)
        window = StreamWindow(self._watched(pieces))
        allowance = Allowance(limits)
        told: deque[SparseFile] = deque(maxlen=1)
        entries = read_entries(window, what=what, sparse=told.append)
        for path, kind, _, size, _, link, offset, _, _, refusals in entries:
            require_readable(path, refusals, what)
            if kind in NO_MEMBERS:
                continue
            name = self._names.add(path, kind, link)
            self.members.pop(name, None)
            if kind == Kind.FILE and offset >= 0:
                self.members[name] = self._member(name, _PassingBlob(window, offset, size))
            elif kind == Kind.FILE:
                self.members[name] = self._sparse_member(name, window, told.pop(), allowance)
            self._budget.take(memory_of_member(path, link), what, thing="its members")
        end = window.drain(0)
        if window.drain(_MAX_TRAILER) > end + _MAX_TRAILER:
            raise InvalidImageError(f"{what} has more than {_MAX_TRAILER:,} bytes after the end of the archive")

    @classmethod
    def of(cls, members: dict[str, Blob], links: dict[str, str], *, what: str) -> StreamStore:
        """Return the store of an archive of which an earlier scan has learned this."""
        store = cls.__new__(cls)
        store.what, store.members, store._names = what, members, Names(what, links)  # noqa: SLF001 - its own
        return store

    @property
    def links(self) -> dict[str, str]:
        """The links among the members, by their names."""
        return self._names.links

    def find(self, name: str) -> Blob | None:
        """Return the member `name`, past links; raises what keeps a sparse one from being read."""
        found = self.members.get(self._names.resolve(name))
        if isinstance(found, _Refused):
            raise found.error
        return found

    def link(self, name: str) -> str | None:
        """Return where the link leads that `name` is, as it is written; None if it is none."""
        return self._names.links.get(name)

    def names(self) -> Iterable[str]:
        """Return the names of the members, links included."""
        return chain(self.members, self._names.links)

    def check_unchanged(self) -> None:
        """Nothing is read a second time."""

    def close(self) -> None:
        """Nothing is held open."""

    def _is_idle(self) -> bool:
        """Tell whether a processor has nothing to do: the archive is read in one thread."""
        return self._reading.processors > 1

    def _watched(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the pieces of the archive, and take note if it is the archive itself that cannot be read."""
        try:
            yield from pieces
        except OcianalyzeError as error:
            self._broken = error
            raise

    def _sparse_member(self, name: str, window: StreamWindow, file: SparseFile, allowance: Allowance) -> Blob:
        """Read the member that is next, a sparse file, as if it had no holes."""
        what = f"{self.what}: the sparse member {name!r}"
        refused = allowance.refuse(file, what)
        if refused is not None:
            return _Refused(refused, file.size)
        try:
            blob = _PassingBlob.of_sparse(window, file, what)
        except OcianalyzeError as error:
            if self._broken is not None:
                raise
            return _Unreadable(error, file.size)
        return self._member(name, blob)

    def _member(self, name: str, blob: _PassingBlob) -> Blob:
        """Read the member that is next: a document into memory, a tar as a layer."""
        limits, size, head = self._reading.limits, blob.size, blob.head()
        stated = stated_digest(name)
        try:
            if size < BLOCK or is_document(head):
                if size > limits.max_document:
                    raise too_large(name, limits)
                return kept(name, b"".join(blob.chunks()), self._documents)
            if not self._read_layers:
                return PassedBlob(size, recognise(head), "and its layers were not read")
            layer = read_blob(
                blob,
                self._reading,
                what=f"layer {name}",
                budget=self._budget,
                need_diff_id=stated is None,
                algorithm="sha256" if stated is None else stated.algorithm,
                helpers=self._helpers,
            )
        except OcianalyzeError as error:
            if self._broken is not None:
                raise
            return _Unreadable(error, size)
        return PreReadBlob(layer)


class PassedBlob:
    """A member that went by; `compression` is what it begins with, `why` says why its bytes are not to be had."""

    def __init__(self, size: int, compression: str, why: str) -> None:
        self.size = size
        self.compression = compression
        self._why = why

    def chunks(self) -> Iterator[bytes]:
        """Raise: the bytes are gone."""
        raise ContentUnavailableError(f"the image was read from a stream, {self._why}")

    def byte_range(self) -> ByteRange | None:
        """Return None: the bytes are gone."""
        return None
