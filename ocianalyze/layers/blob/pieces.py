"""Pieces of compressed blobs that can be inflated by themselves."""

from __future__ import annotations

import contextlib
import zlib
from typing import Any, Final, Literal, TypeAlias

import zstandard

from ocianalyze.errors import CorruptLayerError

library: Any = zlib
"""What inflates deflate streams: isal where it is installed, which takes half the time and gives the same results."""
with contextlib.suppress(ImportError):
    from isal import isal_zlib as library

Codec: TypeAlias = Literal["gzip", "zstd"]

_GZIP_WINDOW: Final = 31
_WINDOW: Final = 1 << 27
"""The window that decoders of zstd have by default; frames may ask for much more than they hold."""


def inflate(stored: bytes, codec: Codec, *, most: int, at: int) -> bytes:
    """Return the first plain bytes, at most so many, of what is stored at byte `at` of a blob.

    Raises:
        CorruptLayerError: it is damaged.
    """
    if not most:
        return b""
    try:
        if codec == "gzip":
            return bytes(library.decompressobj(_GZIP_WINDOW).decompress(stored, most))
        decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        with decompressor.stream_reader(stored, read_across_frames=True) as reader:
            return reader.read(most)
    except (library.error, zstandard.ZstdError) as error:
        raise CorruptLayerError(f"the piece at byte {at:,} cannot be inflated: {error}", offset=at) from error
