"""Compressed bytes in, plain bytes out: the only door to gzip, zstd, xz and bzip2.

Each codec is recognised by its first bytes, never by a name or a media type. What comes out is cut into pieces of at
most `PIECE` bytes, so that no input, however small, can make a large one. `isal` inflates gzip where it is installed,
else zlib does, with the same results.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Protocol

import zstandard

from ocianalyze.errors import CorruptLayerError, CutShortError
from ocianalyze.layers.metering.limits import RATIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocianalyze.layers.metering.budget import Budget
    from ocianalyze.layers.metering.limits import Limits

_igzip: Any = None
_checksums: Any = zlib
try:
    from isal import igzip_lib, isal_zlib
except ImportError:
    pass
else:
    _igzip, _checksums = igzip_lib, isal_zlib

adler32: Callable[[bytes], int] = _checksums.adler32
"""The checksum of the fastest library at hand."""

PIECE: Final = 1 << 17
"""Few enough bytes for what comes out, and what it came from, to stay in a core's cache until both are read."""
MAGIC_SIZE: Final = 6
_ERRORS: Final[tuple[type[Exception], ...]] = (
    zlib.error,
    *(() if _igzip is None else (_igzip.error,)),
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
)
_RATIO_FROM: Final = 1 << 20
"""So many bytes of one stream are never out of proportion: compressed bytes come in chunks, too."""
_MAGIC: Final = {
    b"\x1f\x8b\x08": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
}
_SKIPPABLE: Final = frozenset(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))


def recognise(head: bytes) -> str:
    """Return the codec of a stream that begins with `head` (at least `MAGIC_SIZE` bytes, or all there are)."""
    for magic, codec in _MAGIC.items():
        if head.startswith(magic):
            return codec
    return "zstd" if head[:4] in _SKIPPABLE else "none"


def peek(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """Return the first `size` bytes of a stream, fewer if it is shorter, and the whole stream."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= size:
            break
    return head[:size], chain((head,) if head else (), chunks)


def decompress(chunks: Iterator[bytes], *, budget: Budget, what: str, codec: str | None = None) -> Iterator[bytes]:
    """Yield the plain bytes of a stream, whose codec is told by its first bytes if not given.

    Raises:
        CorruptLayerError: the stream is damaged or ends early.
        LimitExceededError: all streams together inflate beyond ``max_inflated``, or this one needs a larger window.
    """
    if codec is None:
        head, chunks = peek(chunks, MAGIC_SIZE)
        codec = recognise(head)
    meter = _Meter(chunks, budget=budget, what=what)
    return _guard(_CODECS[codec](meter, budget.limits), meter, codec)


class DamagedFrameError(ValueError):
    """Bytes that are not those of a zstd frame, or of one that is too large."""


def compress_frame(data: bytes) -> bytes:
    """Return `data` as one zstd frame with its size and a checksum, made fast rather than small."""
    return zstandard.ZstdCompressor(level=1, write_checksum=True).compress(data)


def expand_frame(frame: bytes | memoryview, *, most: int) -> bytes:
    """Return what `compress_frame` made a frame of.

    Raises:
        DamagedFrameError: it is no such frame, or holds more than `most` bytes.
    """
    try:
        size = zstandard.frame_content_size(frame)
        if not 0 <= size <= most:
            raise DamagedFrameError(f"a frame of {size:,} bytes")
        return zstandard.ZstdDecompressor().decompress(frame)
    except zstandard.ZstdError as error:
        raise DamagedFrameError(str(error)) from error


class _Meter:
    """Counts what goes in and what comes out, and takes what is out of proportion off the budget."""

    def __init__(self, chunks: Iterator[bytes], *, budget: Budget, what: str) -> None:
        self._chunks = chunks
        self._budget = budget
        self._excess = _RATIO_FROM
        self.limits = budget.limits
        self.what = what
        self.taken = 0
        self.given = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.taken += len(chunk)
            yield chunk

    def give(self, piece: bytes) -> bytes:
        self.given += len(piece)
        excess = self.given - self.taken * RATIO
        if excess > self._excess:
            self._budget.inflate(excess - self._excess, self.what)
            self._excess = excess
        return piece

    def ends_early(self, codec: str) -> CutShortError:
        return CutShortError(f"{self.what}: {codec} stream is truncated near byte {self.taken:,}", offset=self.taken)

    def damaged(self, reason: str) -> CorruptLayerError:
        return CorruptLayerError(f"{self.what}: {reason}, near byte {self.taken:,}", offset=self.taken)


def _guard(pieces: Iterator[bytes], meter: _Meter, codec: str) -> Iterator[bytes]:
    """Translate what the codecs raise."""
    try:
        yield from pieces
    except _ERRORS as error:
        raise meter.damaged(f"damaged {codec} stream ({error})") from error
    except zstandard.ZstdError as error:
        if "too much memory" in str(error):
            raise meter.limits.exceeded(
                "max_memory", f"{meter.what} requires too large a zstd window", most=meter.limits.max_window
            ) from error
        raise meter.damaged(f"damaged zstd stream ({error})") from error


def _plain(meter: _Meter, _limits: Limits) -> Iterator[bytes]:
    for chunk in meter:
        yield meter.give(chunk)


class _BlockDecompressor(Protocol):
    """The interface of the standard library's block decompressors (``bz2.BZ2Decompressor`` and its kind)."""

    @property
    def eof(self) -> bool:
        """True once the end of the stream was reached."""

    @property
    def needs_input(self) -> bool:
        """True if nothing more can be had without more input."""

    @property
    def unused_data(self) -> bytes:
        """What was given beyond the end of the stream."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return at most `max_length` bytes of what `data` and what was given before make."""


class _ZlibDecompressor:
    """zlib behind the interface of a block decompressor, for one gzip member."""

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inflater.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflater.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        piece = self._inflater.decompress(self._inflater.unconsumed_tail + data, max_length)
        self.needs_input = len(piece) < max_length and not self._inflater.unconsumed_tail
        return piece


def _gzip_member() -> _BlockDecompressor:
    if _igzip is None:
        return _ZlibDecompressor()
    member: _BlockDecompressor = _igzip.IgzipDecompressor(_igzip.DECOMP_GZIP)
    return member


def _streams(make: Callable[[], _BlockDecompressor], name: str) -> Callable[[_Meter, Limits], Iterator[bytes]]:
    """Return a codec: stream after stream of what `make` decompresses; zeros behind one are padding.

    Sources: RFC 1952, section 2.2 (gzip members); bzip2 and xz files may be concatenated likewise.
    """

    def decompress_all(meter: _Meter, _limits: Limits) -> Iterator[bytes]:
        stream = make()
        give = meter.give
        for chunk in meter:
            data = chunk
            while data or not stream.needs_input:
                if stream.eof:
                    data = data.lstrip(b"\0")
                    if not data:
                        break
                    stream = make()
                piece = stream.decompress(data, PIECE)
                data = b""
                if piece:
                    yield give(piece)
                if stream.eof:
                    data = stream.unused_data
        if not stream.eof:
            raise meter.ends_early(name)

    return decompress_all


class _ZstdFrames:
    """Follows the frames and blocks of a zstd stream without decompressing them (RFC 8878, section 3).

    The decompressor takes an input that ends in the middle of a frame for one that ends well, so somebody else must
    know where frames end. This is also the file interface that the decompressor reads from.
    """

    def __init__(self, meter: _Meter) -> None:
        self._chunks = iter(meter)
        self._head = b""
        self._skip = 0
        self._next: Callable[[bytes], None] = self._magic
        self._need = 4
        self._checksum = 0

    def read(self, _size: int = -1) -> bytes:
        """Return the next chunk; the decompressor takes one of any length."""
        chunk = next(self._chunks, b"")
        at = 0
        while at < len(chunk):
            if self._skip:
                step = min(self._skip, len(chunk) - at)
                self._skip -= step
            else:
                step = self._need - len(self._head)
                self._head += chunk[at : at + step]
                if len(self._head) == self._need:
                    head, self._head = self._head, b""
                    self._next(head)
            at += step
        return chunk

    @property
    def between_frames(self) -> bool:
        """Tell whether what was read so far ends where a frame ends."""
        return not (self._skip or self._head) and self._need == 4 and self._next == self._magic  # noqa: PLR2004

    def _expect(self, reader: Callable[[bytes], None], need: int) -> None:
        self._next, self._need = reader, need

    def _magic(self, head: bytes) -> None:
        if head in _SKIPPABLE:
            self._expect(self._skippable_size, 4)
        else:
            self._expect(self._descriptor, 1)

    def _skippable_size(self, head: bytes) -> None:
        self._skip = int.from_bytes(head, "little")
        self._expect(self._magic, 4)

    def _descriptor(self, head: bytes) -> None:
        flags = head[0]
        single_segment = flags >> 5 & 1
        content_size = (single_segment, 2, 4, 8)[flags >> 6]
        self._checksum = 4 * (flags >> 2 & 1)
        self._skip = (1 - single_segment) + (0, 1, 2, 4)[flags & 3] + content_size
        self._expect(self._block, 3)

    def _block(self, head: bytes) -> None:
        header = int.from_bytes(head, "little")
        is_last, kind, size = header & 1, header >> 1 & 3, header >> 3
        self._skip = 1 if kind == 1 else size
        if is_last:
            self._skip += self._checksum
            self._expect(self._magic, 4)


def _zstd(meter: _Meter, limits: Limits) -> Iterator[bytes]:
    """Decompress frame after frame; skippable frames are skipped (RFC 8878, section 3.1.2)."""
    frames = _ZstdFrames(meter)
    decompressor = zstandard.ZstdDecompressor(max_window_size=limits.max_window)
    with decompressor.stream_reader(frames, read_across_frames=True) as reader:  # type: ignore[arg-type]
        while piece := reader.read(PIECE):
            yield meter.give(piece)
    if not frames.between_frames:
        raise meter.ends_early("zstd")


_CODECS: Final[dict[str, Callable[[_Meter, Limits], Iterator[bytes]]]] = {
    "none": _plain,
    "gzip": _streams(_gzip_member, "gzip"),
    "zstd": _zstd,
    "bzip2": _streams(bz2.BZ2Decompressor, "bzip2"),
    "xz": _streams(lambda: lzma.LZMADecompressor(memlimit=1 << 30), "xz"),
}
