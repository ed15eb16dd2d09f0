"""Members of an archive that are sparse files, as `tar -S` and bsdtar write them: read as if they had no holes."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from ocianalyze.layers.metering.limits import RATIO
from ocianalyze.layers.tar import sparse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.errors import LimitExceededError
    from ocianalyze.layers.metering.limits import Limits
    from ocianalyze.layers.tar.sparse import SparseFile, SparseMap
    from ocianalyze.oci.image import ByteRange

_SHARE: Final = 16
"""The maps of sparse members are kept until they are needed, so they may have a sixteenth of the memory."""
_CHUNK: Final = 1 << 17


class Allowance:
    """How large the sparse members of an archive may be, by what is stored of them and of the archive so far.

    What it refuses is refused in every form of an archive: it does not matter whether a member is read or skipped.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._taken = 0
        self._maps = 0

    def refuse(self, file: SparseFile, what: str) -> LimitExceededError | None:
        """Return why a member may not be read, if it may not; else it is taken off."""
        limits = self._limits
        free = limits.max_inflated
        alone, together = free // 2 + RATIO * file.stored, 2 * free + RATIO * (file.offset + file.stored)
        if file.size > alone or self._taken + file.size > together:
            return limits.exceeded(
                "max_inflated", f"{what} expands from {file.stored:,} stored bytes to {file.size:,} bytes"
            )
        self._maps += len(file.numbers or b"")
        if self._maps > limits.max_memory // _SHARE:
            return limits.exceeded(
                "max_memory",
                f"{what}: the sparse maps up to here take {self._maps:,} bytes",
                most=limits.max_memory // _SHARE,
            )
        self._taken += file.size
        return None


class SparseRange:
    """The content of a sparse member of a file, zeros in its holes: a `ByteRange`, and the `Blob` of those bytes.

    Its map is read when it is first needed, and checked then.
    """

    def __init__(self, file: SparseFile, archive: ByteRange, what: str) -> None:
        self._file = file
        self._archive = archive
        self._what = what
        self.size = file.size

    @cached_property
    def _map(self) -> SparseMap:
        return sparse.read_map(self._file, self._archive.read_at, what=self._what)

    def read_at(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset`, fewer only at the end; raises CorruptLayerError if the map is damaged."""
        return sparse.read_at(self._map, offset, size, partial(self._stored_at, self._map.offset))

    def _stored_at(self, begin: int, offset: int, size: int) -> bytes:
        return self._archive.read_at(begin + offset, size)

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from the first to the last."""
        for offset in range(0, self.size, _CHUNK):
            yield self.read_at(offset, _CHUNK)

    def byte_range(self) -> SparseRange:
        """Return this."""
        return self

    def identity(self) -> str | None:
        """Return None: where the pieces lie is part of what would have to stay the same."""
        return None

    def file(self) -> tuple[int, int] | None:
        """Return None: the bytes do not lie in the file one after the other."""
        return None
