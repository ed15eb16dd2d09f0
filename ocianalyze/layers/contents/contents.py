"""The contents of files: those that were kept while the layer was streamed, and those that can be read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from ocianalyze.errors import ContentUnavailableError, CorruptLayerError
from ocianalyze.layers.contents.capture import HEAD, SCRIPT, SCRIPTS, Want, kept_of, kept_size
from ocianalyze.layers.contents.elf import MAGIC

if TYPE_CHECKING:
    from ocianalyze.layers.changeset.changeset import Changeset
    from ocianalyze.layers.contents.capture import Capture
    from ocianalyze.layers.metering.budget import Budget

_START_IT: Final = "Start the image to see what the file does"


class ContentSource(Protocol):
    """Where contents are read on demand: an uncompressed layer, or one that has an index."""

    def read_at(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset`, fewer only where the layer ends."""


class Contents:
    """The contents of one layer's regular files, by row.

    The same contents are available whatever form the layer has: those that `capture` selects. In a layer with random
    access, they are read on demand; in any other layer, they are kept while it is streamed.

    Attributes:
        captured: the contents that were kept or read, whole or as far as `kept_size` says, which may be nothing.
        dropped: whether some scripts were not kept because the layer has too many.
        is_indexed: whether an index of the layer leads to them, and not the layer itself.
    """

    def __init__(
        self,
        changeset: Changeset,
        source: ContentSource | None,
        *,
        capture: Capture,
        budget: Budget,
        is_indexed: bool = False,
    ) -> None:
        """`source` has the contents at the offsets of the changeset; None if all that there is was kept."""
        self.captured: dict[int, bytes] = {}
        self.dropped = False
        self.is_indexed = is_indexed
        self._changeset = changeset
        self._source = source
        self._capture = capture
        self._budget = budget

    def read(self, row: int, *, most: int | None = None) -> bytes:
        """Return the whole content of `row`.

        Raises:
            ContentUnavailableError: it was not kept, is larger than `most` bytes, or the file is sparse.
        """
        size = self._changeset.sizes[row]
        if most is not None and size > most:
            raise self._unavailable(row, f"has {size:,} bytes, but at most {most:,} are examined")
        if not size:
            return b""
        content = self._kept(row)
        if content is None or len(content) < size:
            raise self._unavailable(row, self._reason(row, content))
        return content

    def head(self, row: int) -> bytes:
        """Return the first `HEAD` bytes of a script, or of an ELF file its header and what it is linked with, if kept.

        Raises the same errors as `read`.
        """
        size = self._changeset.sizes[row]
        if not size:
            return b""
        content = self._kept(row)
        if content is None:
            raise self._unavailable(row, self._reason(row, content))
        return content if len(content) < size and content.startswith(MAGIC) else content[:HEAD]

    def _kept(self, row: int) -> bytes | None:
        """Return the kept part of a file, or None if nothing was kept."""
        content = self.captured.get(row)
        if content is None and self._source is not None and self._changeset.offsets[row] >= 0:
            content = self.captured[row] = self._fetch(row)
        return content or None

    def _fetch(self, row: int) -> bytes:
        """Read from the layer what would have been kept while streaming."""
        changeset = self._changeset
        path, size = changeset.path(row), changeset.sizes[row]
        mode = changeset.attributes[changeset.identities[row]].mode
        want = self._capture.wanted(path[1:], changeset.names[row], mode)
        head = b"" if want is Want.WHOLE else self._bytes(row, min(HEAD, size))
        keep = kept_size(want, size, head, largest=self._budget.limits.max_content)
        if keep > len(head):
            self._budget.take(2 * (keep if want is Want.WHOLE else min(keep, SCRIPT)), path)
            head = self._bytes(row, keep)
        return kept_of(want, head[:keep])

    def _bytes(self, row: int, size: int) -> bytes:
        assert self._source is not None  # noqa: S101 - whoever calls has looked
        offset = self._changeset.offsets[row]
        content = self._source.read_at(offset, size)
        if len(content) < size:
            path = self._changeset.path(row)
            raise CorruptLayerError(f"the content of {path} is truncated", offset=offset + len(content))
        return content

    def _reason(self, row: int, kept: bytes | None) -> str:
        changeset = self._changeset
        size, path = changeset.sizes[row], changeset.path(row)
        if changeset.offsets[row] < 0:
            return "is a sparse file, whose content is not read"
        mode = changeset.attributes[changeset.identities[row]].mode
        want = self._capture.wanted(path[1:], changeset.names[row], mode)
        if want is Want.WHOLE:
            return f"has {size:,} bytes, but at most {self._budget.limits.max_content:,} of a file are read"
        if kept is not None and kept.startswith(b"#!"):
            return f"is a script of {size:,} bytes, but at most {SCRIPT:,} are read"
        if self.dropped and size <= SCRIPT:
            return f"may be a script, but only {SCRIPTS >> 20} MiB of scripts are kept for each layer"
        return "is neither a script nor a file whose content is read"

    def _unavailable(self, row: int, reason: str) -> ContentUnavailableError:
        path = self._changeset.path(row)
        return ContentUnavailableError(f"{path} {reason}", hint=_START_IT, path=path)
