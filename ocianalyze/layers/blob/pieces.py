"""Pieces of compressed blobs that can be inflated by themselves."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import zstandard

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.blob import compression

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
            return bytes(compression.fastest_zlib.decompressobj(_GZIP_WINDOW).decompress(stored, most))
        decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        with decompressor.stream_reader(stored, read_across_frames=True) as reader:
            return reader.read(most)
    except (compression.fastest_zlib.error, zstandard.ZstdError) as error:
        raise CorruptLayerError(f"the piece at byte {at:,} cannot be inflated: {error}", offset=at) from error
