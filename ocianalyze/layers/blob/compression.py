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
from ocianalyze.layers.blob.frames import SKIPPABLE, Frames
from ocianalyze.layers.blob.helpers import ALONE
from ocianalyze.layers.blob.parts import Boundaries, cut, decompress_parts
from ocianalyze.layers.metering.limits import RATIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocianalyze.layers.blob.helpers import Helpers, Slots
    from ocianalyze.layers.blob.parts import Counted
    from ocianalyze.layers.metering.budget import Budget
    from ocianalyze.layers.metering.limits import Limits

_igzip: Any = None
fastest_zlib: Any = zlib
"""`isal_zlib` where `isal` is installed, else zlib, which gives the same results."""
try:
    from isal import igzip_lib, isal_zlib
except ImportError:
    pass
else:
    _igzip, fastest_zlib = igzip_lib, isal_zlib

adler32: Callable[[bytes], int] = fastest_zlib.adler32

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


def recognise(head: bytes) -> str:
    """Return the codec of a stream that begins with `head` (at least `MAGIC_SIZE` bytes, or all there are)."""
    for magic, codec in _MAGIC.items():
        if head.startswith(magic):
            return codec
    return "zstd" if head[:4] in SKIPPABLE else "none"


def peek(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """Return the first `size` bytes of a stream, fewer if it is shorter, and the whole stream."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= size:
            break
    return head[:size], chain((head,) if head else (), chunks)


def decompress(
    chunks: Iterator[bytes], *, budget: Budget, what: str, codec: str | None = None, helpers: Helpers = ALONE
) -> Iterator[bytes]:
    """Yield the plain bytes of a stream, whose codec is told by its first bytes if not given.

    Where `helpers` have nothing to do, they decompress parts of a stream that is made of some.

    Raises:
        CorruptLayerError: the stream is damaged or ends early.
        LimitExceededError: all streams together inflate beyond ``max_inflated``, or this one needs a larger window.
    """
    if codec is None:
        head, chunks = peek(chunks, MAGIC_SIZE)
        codec = recognise(head)
    meter = _Meter(_count(chunks), budget=budget, what=what)
    follow = _follower(codec, helpers)
    if follow is None or helpers.slots is None:
        return _whole(meter, codec)
    return _by_parts(meter, follow, codec, idle=helpers.idle, slots=helpers.slots)


def _count(chunks: Iterator[bytes]) -> Iterator[Counted]:
    taken = 0
    for chunk in chunks:
        taken += len(chunk)
        yield chunk, taken


def _follower(codec: str, helpers: Helpers) -> Callable[[bytes], int] | None:
    """Return what tells where a stream can be cut; None if it cannot, or if that is not known."""
    if codec == "zstd":
        return Frames().follow
    return Boundaries(helpers.boundaries).follow if codec == "gzip" and helpers.boundaries else None


def _whole(source: _Input, codec: str) -> Iterator[bytes]:
    """Decompress a stream, or a part of one, in this thread."""
    return _guard(_CODECS[codec](source, source.limits), source, codec)


def _by_parts(
    meter: _Meter, follow: Callable[[bytes], int], codec: str, *, idle: Callable[[], bool], slots: Slots
) -> Iterator[bytes]:
    """Decompress a stream by parts, unless enough other layers are cut into parts."""

    def decompress_part(pieces: Iterator[Counted]) -> Iterator[Counted]:
        part = _Input(pieces, limits=meter.limits, what=meter.what)
        return ((piece, part.taken) for piece in _whole(part, codec))

    if not slots.enter():
        yield from _whole(meter, codec)
        return
    try:
        for piece, taken in decompress_parts(cut(meter.pieces, follow), decompress_part, idle=idle, slots=slots):
            meter.taken = taken
            yield meter.give(piece)
    finally:
        slots.leave()


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


class _Input:
    """The compressed bytes of a stream or of a part of one, of which so many were `taken`."""

    def __init__(self, pieces: Iterator[Counted], *, limits: Limits, what: str) -> None:
        self.pieces = pieces
        self.limits = limits
        self.what = what
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece, taken in self.pieces:
            self.taken = taken
            yield piece

    def give(self, piece: bytes) -> bytes:
        """Return what comes out."""
        return piece

    def ends_early(self, codec: str) -> CutShortError:
        return CutShortError(f"{self.what}: {codec} stream is truncated near byte {self.taken:,}", offset=self.taken)

    def damaged(self, reason: str) -> CorruptLayerError:
        return CorruptLayerError(f"{self.what}: {reason}, near byte {self.taken:,}", offset=self.taken)


class _Meter(_Input):
    """Takes what comes out of a stream, and is out of proportion to what went in, off the budget."""

    def __init__(self, pieces: Iterator[Counted], *, budget: Budget, what: str) -> None:
        super().__init__(pieces, limits=budget.limits, what=what)
        self._budget = budget
        self._excess = _RATIO_FROM
        self._given = 0

    def give(self, piece: bytes) -> bytes:
        self._given += len(piece)
        excess = self._given - self.taken * RATIO
        if excess > self._excess:
            self._budget.inflate(excess - self._excess, self.what)
            self._excess = excess
        return piece


def _guard(pieces: Iterator[bytes], meter: _Input, codec: str) -> Iterator[bytes]:
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


def _plain(meter: _Input, _limits: Limits) -> Iterator[bytes]:
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


def _streams(make: Callable[[], _BlockDecompressor], name: str) -> Callable[[_Input, Limits], Iterator[bytes]]:
    """Return a codec: stream after stream of what `make` decompresses; zeros behind one are padding.

    Sources: RFC 1952, section 2.2 (gzip members); bzip2 and xz files may be concatenated likewise.
    """

    def decompress_all(meter: _Input, _limits: Limits) -> Iterator[bytes]:
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


class _ZstdFile:
    """The file that the decompressor reads from.

    It takes an input that ends in the middle of a frame for one that ends well, so somebody else must know where frames
    end.
    """

    def __init__(self, meter: _Input) -> None:
        self._chunks = iter(meter)
        self.frames = Frames()

    def read(self, _size: int = -1) -> bytes:
        """Return the next chunk; the decompressor takes one of any length."""
        chunk = next(self._chunks, b"")
        self.frames.follow(chunk)
        return chunk


def _zstd(meter: _Input, limits: Limits) -> Iterator[bytes]:
    """Decompress frame after frame; skippable frames are skipped (RFC 8878, section 3.1.2)."""
    file = _ZstdFile(meter)
    decompressor = zstandard.ZstdDecompressor(max_window_size=limits.max_window)
    with decompressor.stream_reader(file, read_across_frames=True) as reader:  # type: ignore[arg-type]
        while piece := reader.read(PIECE):
            yield meter.give(piece)
    if not file.frames.between:
        raise meter.ends_early("zstd")


_CODECS: Final[dict[str, Callable[[_Input, Limits], Iterator[bytes]]]] = {
    "none": _plain,
    "gzip": _streams(_gzip_member, "gzip"),
    "zstd": _zstd,
    "bzip2": _streams(bz2.BZ2Decompressor, "bzip2"),
    "xz": _streams(lambda: lzma.LZMADecompressor(memlimit=1 << 30), "xz"),
}
