"""Codecs: recognised by their first bytes, bounded, and never silent about damage or an early end."""

import bz2
import contextlib
import io
import lzma
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any, cast

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from ocianalyze.errors import CorruptLayerError, LimitExceededError, OcianalyzeError
from ocianalyze.layers.blob import compression
from ocianalyze.layers.blob.compression import PIECE, decompress, peek, recognise
from ocianalyze.layers.metering.budget import Budget
from ocianalyze.layers.metering.limits import Limits
from tests.support.blobs import chunks
from tests.support.compress import Compression, compress, family

ALL: tuple[Compression, ...] = (
    "none",
    "gzip",
    "gzip-members",
    "gzip-zeros",
    "zstd",
    "zstd-frames",
    "zstd-skippable",
    "xz",
    "bzip2",
)
TEXT = b"".join(b"line %d of some text that compresses\n" % number for number in range(9000))
SKIPPABLE = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"12345"


@pytest.fixture(params=["isal", "zlib"])
def _inflaters(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inflate with isal, and with zlib as where isal is not installed."""
    if request.param == "zlib":
        monkeypatch.setattr(compression, "_igzip", None)
    elif compression._igzip is None:
        pytest.skip("isal is not installed")


def _plain(data: bytes, *, chunk: int = 1 << 16, limits: Limits | None = None) -> bytes:
    pieces = list(decompress(chunks(data, chunk), budget=Budget(limits or Limits()), what="layer 0"))
    assert all(pieces)
    if recognise(data) != "none":
        assert max(map(len, pieces), default=0) <= PIECE
    return b"".join(pieces)


def _refused(data: bytes, *, chunk: int = 1 << 16) -> CorruptLayerError:
    with pytest.raises(CorruptLayerError, match="layer 0") as error:
        _plain(data, chunk=chunk)
    assert error.value.offset is not None
    return error.value


@pytest.mark.usefixtures("_inflaters")
@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("chunk", [1, 2, 511, 65536])
def test_each_shape_at_each_chunk_size(kind: Compression, chunk: int) -> None:
    data = TEXT[:20_000] if chunk < 10 else TEXT
    packed = compress(data, kind)
    assert recognise(packed[:6]) == family(kind)
    assert _plain(packed, chunk=chunk) == data


@pytest.mark.usefixtures("_inflaters")
@pytest.mark.parametrize("kind", ALL)
def test_nothing_compressed_is_nothing(kind: Compression) -> None:
    assert _plain(compress(b"", kind)) == b""


@pytest.mark.usefixtures("_inflaters")
@pytest.mark.parametrize("kind", ALL[1:])
@pytest.mark.parametrize("chunk", [1, 1 << 16])
def test_cut_at_every_byte_is_noticed(kind: Compression, chunk: int) -> None:
    """The reader of `zstandard` takes a cut frame for a whole one; here every cut is an error, or ends a member."""
    packed = compress(TEXT[:300], kind)
    ends = _whole_streams(packed, kind)
    for cut in range(6, len(packed)):
        if cut in ends:
            assert TEXT[:300].startswith(_plain(packed[:cut], chunk=chunk))
        else:
            _refused(packed[:cut], chunk=chunk)


def _whole_streams(packed: bytes, kind: Compression) -> set[int]:
    """Return where each gzip member or zstd frame ends, and where zeros follow."""
    ends = set()
    at = 0
    while at < len(packed):
        if family(kind) == "gzip":
            member = zlib.decompressobj(31)
            member.decompress(packed[at:])
            at = len(packed) - len(member.unused_data)
            ends.add(at)
            while packed[at : at + 1] == b"\0":
                at += 1
                ends.add(at)
        elif packed[at + 1 : at + 4] == b"\x2a\x4d\x18":
            at += 8 + int.from_bytes(packed[at + 4 : at + 8], "little")
            ends.add(at)
        elif family(kind) == "zstd":
            frame = zstandard.ZstdDecompressor().decompressobj()
            frame.decompress(packed[at:])
            at = len(packed) - len(frame.unused_data)
            ends.add(at)
        else:
            return set()
    return ends


@pytest.mark.parametrize("level", [1, 3, 19])
@pytest.mark.parametrize("checksum", [True, False])
@pytest.mark.parametrize("sized", [True, False])
@pytest.mark.parametrize("size", [0, 1, 255, 256, 70_000, 300_000])
def test_zstd_frames_of_each_header_end_where_they_end(level: int, checksum: bool, sized: bool, size: int) -> None:  # noqa: FBT001
    compressor = zstandard.ZstdCompressor(level=level, write_checksum=checksum, write_content_size=sized)
    data = (TEXT + bytes(range(256)) * 50)[:size]
    frame = compressor.compress(data)
    assert _plain(frame * 2 + SKIPPABLE + frame, chunk=7) == data * 3
    for missing in (1, 2, 3, 4, 5):
        _refused(frame[:-missing])
        _refused(frame + frame[:-missing])
    _refused(frame + SKIPPABLE[:-1])


@pytest.mark.usefixtures("_inflaters")
@pytest.mark.parametrize("kind", ALL[1:])
@pytest.mark.parametrize("garbage", [b"garbage", b"\x1f\x8b", b"\x01" * 20, b"(\xb5/\xfd"])
def test_garbage_behind_the_end_is_refused(kind: Compression, garbage: bytes) -> None:
    _refused(compress(TEXT, kind) + garbage)


@pytest.mark.usefixtures("_inflaters")
@pytest.mark.parametrize("kind", ["gzip", "gzip-members", "zstd-checksum", "xz", "bzip2"])
def test_an_altered_byte_changes_nothing_or_is_noticed(kind: str) -> None:
    if kind == "zstd-checksum":
        packed = zstandard.ZstdCompressor(write_checksum=True).compress(TEXT[:400])
    else:
        packed = compress(TEXT[:400], cast("Compression", kind))
    for offset in range(6, len(packed)):
        altered = bytearray(packed)
        altered[offset] ^= 0x10
        try:
            assert _plain(bytes(altered)) == TEXT[:400], offset
        except CorruptLayerError:
            continue


def test_both_inflaters_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    if compression._igzip is None:
        pytest.skip("isal is not installed")
    packed = compress(TEXT[:2000], "gzip-members")
    for offset in range(3, len(packed), 3):
        altered = bytearray(packed)
        altered[offset] ^= 0xFF
        results = []
        for inflater in (compression._igzip, None):
            with monkeypatch.context() as patch:
                patch.setattr(compression, "_igzip", inflater)
                try:
                    results.append(_plain(bytes(altered)))
                except CorruptLayerError:
                    results.append(b"refused")
        assert results[0] == results[1], offset


# --- bombs ------------------------------------------------------------------------------------------------------------


def _zeros(kind: str, size: int) -> bytes:
    buffer = io.BytesIO()
    encoders: dict[str, Any] = {
        "gzip": zlib.compressobj(9, zlib.DEFLATED, 31),
        "zstd": zstandard.ZstdCompressor(level=1).compressobj(),
        "xz": lzma.LZMACompressor(preset=0),
        "bzip2": bz2.BZ2Compressor(9),
    }
    encoder = encoders[kind]
    for _ in range(size >> 20):
        buffer.write(encoder.compress(bytes(1 << 20)))
    buffer.write(encoder.flush())
    return buffer.getvalue()


@pytest.mark.usefixtures("_inflaters")
@pytest.mark.parametrize("kind", ["gzip", "zstd", "xz", "bzip2"])
def test_bombs_are_defused_in_bounded_memory(kind: str) -> None:
    bomb = _zeros(kind, 128 << 20)
    tracemalloc.start()
    pieces = decompress(chunks(bomb, 1 << 16), budget=Budget(Limits(max_inflated=16 << 20)), what="layer 0")
    with pytest.raises(LimitExceededError) as error:
        sum(map(len, pieces))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.value.option == "--max-inflated"
    assert peak < 4 << 20


def test_streams_inflate_to_so_much_together() -> None:
    """Each alone would be harmless; what a compressed byte may inflate to is not counted."""
    one = _zeros("zstd", 24 << 20)
    budget = Budget(Limits(max_inflated=64 << 20))
    for _ in range(2):
        assert sum(map(len, decompress(chunks(one, 1 << 16), budget=budget, what="layer 0"))) == 24 << 20
    with pytest.raises(LimitExceededError):
        list(decompress(chunks(one, 1 << 16), budget=budget, what="layer 2"))


def test_a_high_ratio_is_allowed_where_little_comes_of_it() -> None:
    assert len(_plain(_zeros("gzip", 32 << 20))) == 32 << 20


@pytest.mark.parametrize("log", [24, 27])
def test_long_windows_up_to_the_limit(log: int) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=log, enable_ldm=True)
    packed = _streamed(zstandard.ZstdCompressor(compression_params=parameters), TEXT)
    assert _plain(packed) == TEXT
    with pytest.raises(LimitExceededError) as error:
        _plain(packed, limits=Limits(max_memory=(8 << log) - 8))
    assert error.value.option == "--max-memory"


def test_a_window_beyond_the_limit_is_refused() -> None:
    with pytest.raises(LimitExceededError) as error:
        _plain(b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x01\x00\x00")
    assert error.value.option == "--max-memory"


def _streamed(compressor: zstandard.ZstdCompressor, data: bytes) -> bytes:
    """Compress without telling the size, so that the frame states its window."""
    encoder = compressor.compressobj()
    return encoder.compress(data) + encoder.flush()


# --- the rest ---------------------------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(st.sampled_from(["gzip", "zstd", "bzip2", "xz", "none"]), st.binary(max_size=60), st.integers(1, 9))
def test_any_bytes_give_bytes_or_our_errors(codec: str, data: bytes, chunk: int) -> None:
    start = {"gzip": b"\x1f\x8b\x08", "zstd": b"\x28\xb5\x2f\xfd", "bzip2": b"BZh", "xz": b"\xfd7zXZ\0", "none": b""}
    with contextlib.suppress(OcianalyzeError):
        list(
            decompress(
                chunks(start[codec] + data, chunk), budget=Budget(Limits(max_memory=8 << 20)), what="x", codec=codec
            )
        )


def test_errors_of_the_source_pass_unchanged() -> None:
    def broken() -> Iterator[bytes]:
        yield compress(TEXT, "gzip")[:100]
        raise LimitExceededError("the outer archive", option="--x")

    with pytest.raises(LimitExceededError, match="outer"):
        list(decompress(broken(), budget=Budget(Limits()), what="layer 0"))


def test_peek_gives_the_whole_stream_back() -> None:
    for size in (0, 1, 5, 100):
        head, rest = peek(chunks(b"0123456789", 3), size)
        assert head == b"0123456789"[:size]
        assert b"".join(rest) == b"0123456789"
