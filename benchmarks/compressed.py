"""A file that compresses what is written to it as builders do, and hashes the bytes before and after."""

import hashlib
import io
import zlib
from collections.abc import Callable, Mapping
from typing import IO, Final, Literal, Protocol, TypeAlias

import zstandard

Compression: TypeAlias = Literal["none", "gzip", "zstd"]

_GZIP_LEVEL: Final = 6
_ZSTD_LEVEL: Final = 3
"""Of Docker and of BuildKit, each the default."""


class Encoder(Protocol):
    """What turns bytes into compressed bytes."""

    def compress(self, data: bytes, /) -> bytes:
        """Return what is ready after `data` came in."""

    def flush(self) -> bytes:
        """Return what is left."""


class _Nothing:
    """The encoder of plain layers."""

    def compress(self, data: bytes, /) -> bytes:
        """Return the bytes as they are."""
        return data

    def flush(self) -> bytes:
        """Return nothing."""
        return b""


_ENCODERS: Mapping[Compression, Callable[[], Encoder]] = {
    "none": _Nothing,
    "gzip": lambda: zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, 31),
    "zstd": lambda: zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj(),
}


class CompressedWriter(io.RawIOBase):
    """A file that compresses what is written to it.

    Attributes:
        size: bytes that were written.
        stored_size: bytes that they became.
    """

    def __init__(self, file: IO[bytes], compression: Compression) -> None:
        self._file = file
        self._encoder = _ENCODERS[compression]()
        self._plain, self._stored = hashlib.sha256(), hashlib.sha256()
        self.size = self.stored_size = 0

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # only tarfile and this package write to it
        """Compress and write."""
        self._plain.update(data)
        self.size += len(data)
        self._store(self._encoder.compress(data))
        return len(data)

    def finish(self) -> None:
        """Write what is left; the file stays open."""
        self._store(self._encoder.flush())

    @property
    def diff_id(self) -> str:
        """The digest of what was written."""
        return f"sha256:{self._plain.hexdigest()}"

    @property
    def digest(self) -> str:
        """The digest of what it became, once it is finished."""
        return f"sha256:{self._stored.hexdigest()}"

    def _store(self, data: bytes) -> None:
        self._stored.update(data)
        self.stored_size += len(data)
        self._file.write(data)
