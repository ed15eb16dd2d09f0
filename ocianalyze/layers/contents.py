"""The contents of files: what was kept of them in passing, and the way back to what was not."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import ContentUnavailableError, CorruptLayerError, DigestMismatchError
from ocianalyze.layers.capture import HEAD
from ocianalyze.layers.compression import decompress
from ocianalyze.layers.tally import Tally
from ocianalyze.layers.windows import StreamWindow

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocianalyze.layers.changeset import Changeset
    from ocianalyze.layers.limits import Limits
    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.image import Blob

_MAX_READS_AGAIN: Final = 16
"""How often a compressed layer is inflated again for a file that was not kept: each time costs all of it."""


class Budget:
    """What may still be kept of the contents of all layers together, and how many entries they may still have."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.max_captured
        self._entries_left = limits.max_entries
        self._lock = Lock()

    def count(self, entries: int) -> None:
        """Count the entries of one layer; raise LimitExceededError where all have more than ``max_entries``."""
        with self._lock:
            self._entries_left -= entries
            if self._entries_left < 0:
                most = self._limits.max_entries
                raise self._limits.exceeded("max_entries", f"the image has {most - self._entries_left:,} entries")

    def take(self, size: int, what: str) -> None:
        """Take `size` bytes off the budget; raise LimitExceededError where there are not so many left."""
        with self._lock:
            self._left -= size
            if self._left < 0:
                raise self._limits.exceeded(
                    "max_captured", f"{what}: the contents that rules want to read are too large"
                )


class Contents:
    """The contents of one layer's regular files, by row.

    Attributes:
        captured: what was kept of them.
        learned: called when more was kept because it had to be read again, which costs a compressed layer.
    """

    def __init__(
        self,
        changeset: Changeset,
        blob: Blob,
        compression: str,
        limits: Limits,
        what: str,
        *,
        digest: Digest | None = None,
    ) -> None:
        """`digest` is that of the blob, which is checked again where the bytes have to be fetched again."""
        self.captured: dict[int, bytes] = {}
        self.learned: Callable[[], None] | None = None
        self._changeset = changeset
        self._blob = blob
        self._range = blob.byte_range() if compression == "none" else None
        self._compression = compression
        self._limits = limits
        self._what = what
        self._digest = digest
        self._read_again_count = 0

    def read(self, row: int, size: int) -> bytes:
        """Return the first `size` bytes of the content of `row`, all of it if there are fewer.

        Bytes that were not kept are read again where the medium allows it.

        Raises:
            ContentUnavailableError: they were not kept and the medium was a stream, or the file is sparse.
        """
        need = min(size, self._changeset.sizes[row])
        if not need:
            return b""
        kept = self.captured.get(row)
        if kept is not None and len(kept) >= need:
            return kept[:need]
        offset = self._changeset.offsets[row]
        path = self._changeset.path(row)
        if offset < 0:
            raise ContentUnavailableError(f"{self._what}: {path} is a sparse file, whose content is not read")
        try:
            content = self._range.read_at(offset, need) if self._range else self._read_again(offset, need)
        except ContentUnavailableError as error:
            raise ContentUnavailableError(
                f"{self._what}: the content of {path} is needed, but was not kept: {error.message}",
                hint="scan the image from a file instead of a stream",
            ) from error
        if len(content) < need:
            raise CorruptLayerError(f"{self._what}: the content of {path} is cut short", offset=offset + len(content))
        self.captured[row] = content
        if self._range is None and self.learned is not None:
            self.learned()
        return content

    def head(self, row: int) -> bytes:
        """Return what tells what `row` is: its ELF header, its shebang line, or its first bytes; raises as `read`."""
        return self.captured.get(row) or self.read(row, HEAD)

    def _read_again(self, offset: int, size: int) -> bytes:
        self._read_again_count += 1
        if self._read_again_count > _MAX_READS_AGAIN:
            raise ContentUnavailableError(f"the layer was read again {_MAX_READS_AGAIN} times for such files already")
        checked = self._digest is not None and self._blob.byte_range() is None
        tally = Tally(self._digest.algorithm if self._digest is not None else "sha256")
        chunks = tally.count(self._blob.chunks()) if checked else self._blob.chunks()
        window = StreamWindow(decompress(chunks, limits=self._limits, what=self._what))
        data, start = window.view(offset, size)
        content = data[offset - start : offset - start + size]
        if checked:
            window.drain()
            if tally.digest() != self._digest:
                raise DigestMismatchError(f"{self._what}: its bytes are not those that were sent the first time")
        return content
