"""Compressed bytes in the shapes that real tools make, plain and odd.

Everything is deterministic: no time stamps, no names, fixed levels.
"""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, Protocol, TypeAlias, overload

import zstandard

Compression: TypeAlias = Literal[
    "none",
    "gzip",
    "gzip-members",  # several members, as pigz and eStargz write
    "gzip-zeros",  # zero bytes after the end, as block devices and some registries leave
    "zstd",
    "zstd-frames",  # several frames, as pzstd and zstd:chunked write
    "zstd-skippable",  # skippable frames before and after, as zstd:chunked writes
    "xz",
    "bzip2",
]


class _Encoder(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Coding:
    encoder: Callable[[], _Encoder]
    suffix: str
    pieces: int = 1
    before: bytes = b""
    after: bytes = b""


def _gzip() -> _Encoder:
    return zlib.compressobj(6, zlib.DEFLATED, 31)


def _zstd() -> _Encoder:
    return zstandard.ZstdCompressor(level=3).compressobj()


_SKIPPABLE = b"\x5e\x2a\x4d\x18" + (8).to_bytes(4, "little") + b"GNUlInUx"
_CODINGS: Mapping[Compression, _Coding] = {
    "gzip": _Coding(_gzip, ".gz"),
    "gzip-members": _Coding(_gzip, ".gz", pieces=5),
    "gzip-zeros": _Coding(_gzip, ".gz", after=bytes(1024)),
    "zstd": _Coding(_zstd, ".zst"),
    "zstd-frames": _Coding(_zstd, ".zst", pieces=5),
    "zstd-skippable": _Coding(_zstd, ".zst", before=_SKIPPABLE, after=_SKIPPABLE),
    "xz": _Coding(lambda: lzma.LZMACompressor(preset=1), ".xz"),
    "bzip2": _Coding(lambda: bz2.BZ2Compressor(1), ".bz2"),
}
_CHUNK = 1 << 20


@overload
def compress(source: bytes, compression: Compression) -> bytes: ...
@overload
def compress(source: Path, compression: Compression) -> Path: ...
def compress(source: bytes | Path, compression: Compression) -> bytes | Path:
    """Compress bytes to bytes, or a file to a file beside it with the usual suffix, which is returned.

    "none" returns the source itself.
    """
    if compression == "none":
        return source
    coding = _CODINGS[compression]
    if isinstance(source, bytes):
        buffer = io.BytesIO()
        _encode(io.BytesIO(source), buffer, coding, len(source))
        return buffer.getvalue()
    target = source.with_name(source.name + coding.suffix)
    with source.open("rb") as reader, target.open("wb") as writer:
        _encode(reader, writer, coding, source.stat().st_size)
    return target


def family(compression: Compression) -> str:
    """Return the compression's name without its oddities: `gzip-members` is `gzip`."""
    return compression.partition("-")[0]


def _encode(source: IO[bytes], sink: IO[bytes], coding: _Coding, size: int) -> None:
    piece = size // coding.pieces + 1
    sink.write(coding.before)
    for _ in range(coding.pieces):
        encoder = coding.encoder()
        left = piece
        while left and (chunk := source.read(min(left, _CHUNK))):
            sink.write(encoder.compress(chunk))
            left -= len(chunk)
        sink.write(encoder.flush())
    sink.write(coding.after)
