"""Streams of several parts, decompressed side by side: the same bytes and the same errors as from one thread."""

import random
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import NamedTuple

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from ocianalyze.errors import CorruptLayerError, LimitExceededError, OcianalyzeError, RegistryError
from ocianalyze.layers.blob import parts
from ocianalyze.layers.blob.ahead import read_ahead
from ocianalyze.layers.blob.compression import decompress
from ocianalyze.layers.blob.frames import Frames
from ocianalyze.layers.blob.helpers import ALONE, Helpers, Slots
from ocianalyze.layers.blob.tally import Tally
from ocianalyze.layers.metering.budget import Budget
from ocianalyze.layers.metering.limits import Limits
from tests.support.blobs import chunks
from tests.support.threads import running

PIECES = [random.Random(number).randbytes(200) * (1 + number * 7 % 40) for number in range(60)]  # noqa: S311
PLAIN = b"".join(PIECES)
SKIPPABLE = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"12345"


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def _zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=1, write_checksum=True).compress(data)


MEMBERS = list(map(_gzip, PIECES))
FRAMES = [SKIPPABLE, *map(_zstd, PIECES), SKIPPABLE]
BEGINNINGS = [sum(map(len, MEMBERS[:number])) for number in range(1, len(MEMBERS))]


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(parts, "_LEAST", 1000)
    monkeypatch.setattr(parts, "_MOST", 20_000)
    monkeypatch.setattr(parts, "_AHEAD", 3000)
    yield
    assert running("part") == 0


def _idle() -> bool:
    return True


@contextmanager
def helping(threads: int, idle: Callable[[], bool] = _idle, boundaries: Sequence[int] = ()) -> Iterator[Helpers]:
    """Return helpers that decompress parts."""
    with closing(Slots(threads)) as slots:
        yield Helpers(idle, slots, boundaries)
        assert slots._free._value == threads  # each slot was let free again
        assert slots.enter()


class Outcome(NamedTuple):
    """What a stream is decompressed to, the error at its end, and what is left of the budget."""

    plain: bytes
    error: tuple[type[OcianalyzeError], str] | None = None
    left: int = Limits().max_inflated


def _helped(
    data: bytes,
    *,
    threads: int = 2,
    idle: Callable[[], bool] = _idle,
    boundaries: Sequence[int] = (),
    chunk: int,
    limits: Limits = Limits(),  # noqa: B008
) -> Outcome:
    with helping(threads, idle, boundaries) as helpers:
        return _outcome(data, helpers, chunk=chunk, limits=limits)


def _outcome(data: bytes, helpers: Helpers, *, chunk: int, limits: Limits = Limits()) -> Outcome:  # noqa: B008
    budget = Budget(limits)
    plain = bytearray()
    try:
        for piece in decompress(chunks(data, chunk), budget=budget, what="layer 0", helpers=helpers):
            plain += piece
    except (CorruptLayerError, LimitExceededError) as error:
        return Outcome(bytes(plain), (type(error), error.message), budget._inflated)
    return Outcome(bytes(plain), None, budget._inflated)


@pytest.mark.parametrize("threads", [2, 5])
@pytest.mark.parametrize("chunk", [7, 1000, 4096, 1 << 20])
def test_parts_are_the_same_side_by_side(threads: int, chunk: int) -> None:
    for data, boundaries in ((b"".join(MEMBERS), BEGINNINGS), (b"".join(FRAMES), [])):
        found = _helped(data, threads=threads, boundaries=boundaries, chunk=chunk)
        assert found == Outcome(PLAIN)


def test_other_threads_take_part() -> None:
    seen: list[int] = []

    def idle() -> bool:
        seen.append(running("part"))
        return True

    for data, boundaries in ((b"".join(MEMBERS), BEGINNINGS), (b"".join(FRAMES), [])):
        seen.clear()
        _helped(data, threads=3, idle=idle, boundaries=boundaries, chunk=1024)
        assert max(seen) > 0


def test_who_is_busy_does_not_help() -> None:
    answers = [False, True, False, False, True, True]
    data = b"".join(FRAMES)

    def sometimes() -> bool:
        answers.append(answers.pop(0))
        return answers[-1]

    assert _helped(data, idle=sometimes, chunk=512) == _outcome(data, ALONE, chunk=512)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, sum(map(len, MEMBERS)) + 100), max_size=12), st.integers(300, 5000))
def test_wrong_boundaries_do_no_harm(wrong: list[int], chunk: int) -> None:
    boundaries = sorted({*wrong, *BEGINNINGS[::7]})
    assert _helped(b"".join(MEMBERS), boundaries=boundaries, chunk=chunk) == Outcome(PLAIN)


def test_one_member_that_is_said_to_be_many() -> None:
    data = _gzip(PLAIN)
    boundaries = list(range(0, len(data), 1500))
    assert _helped(data, boundaries=boundaries, chunk=700) == Outcome(PLAIN)


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_damage_gives_the_same_error(kind: str) -> None:
    whole = MEMBERS if kind == "gzip" else FRAMES
    data, boundaries = b"".join(whole), BEGINNINGS if kind == "gzip" else []
    chance = random.Random(7)  # noqa: S311 - to repeat a failure
    for number in range(150):
        altered = bytearray(data)
        match number % 4:
            case 0:
                del altered[chance.randrange(10, len(data)) :]
            case 1:
                altered[chance.randrange(10, len(data))] ^= 1 << chance.randrange(8)
            case 2:
                altered[chance.randrange(10, len(data)) :] = b"garbage"
            case _:
                place = chance.randrange(10, len(data))
                altered[place:place] = bytes(chance.randrange(1, 3000))
        expected = _outcome(bytes(altered), ALONE, chunk=900)
        found = _helped(bytes(altered), boundaries=boundaries, chunk=900)
        assert (found.error, found.left) == (expected.error, expected.left)
        shorter, longer = sorted((found.plain, expected.plain), key=len)  # how much comes before an error may differ
        assert longer.startswith(shorter)
        assert found.error or found.plain == expected.plain


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_bombs_cost_the_same(kind: str) -> None:
    pack = _gzip if kind == "gzip" else _zstd
    bomb = pack(bytes(5 << 20))
    data = b"".join((*([pack(PLAIN)] * 2), bomb, pack(PLAIN), bomb, bomb))
    ends = [sum(map(len, ([pack(PLAIN)] * 2)))]
    for most in (1 << 20, 10 << 20, 1 << 30):
        limits = Limits(max_inflated=most)
        alone = _outcome(data, ALONE, chunk=2000, limits=limits)
        assert _helped(data, boundaries=ends, chunk=2000, limits=limits) == alone


def test_the_rest_of_what_cannot_be_cut_is_read_as_it_is_taken() -> None:
    data = _zstd(random.Random(1).randbytes(100_000))  # noqa: S311
    read = 0

    def watched() -> Iterator[bytes]:
        nonlocal read
        for chunk in chunks(data, 1000):
            read += len(chunk)
            yield chunk

    budget = Budget(Limits())
    with helping(2) as helpers:
        pieces = decompress(watched(), budget=budget, what="x", helpers=helpers)
        next(pieces)
        assert read <= 25_000 or read == len(data)
        pieces.close()  # type: ignore[attr-defined]


def test_who_stops_early_leaves_nothing_in_work() -> None:
    with helping(3) as helpers:
        pieces = decompress(chunks(b"".join(FRAMES), 512), budget=Budget(Limits()), what="x", helpers=helpers)
        next(pieces)
        pieces.close()  # type: ignore[attr-defined]


def test_layers_share_the_slots() -> None:
    with helping(2) as helpers:
        streams = [
            decompress(chunks(b"".join(FRAMES), 512), budget=Budget(Limits()), what="x", helpers=helpers)
            for _ in range(5)
        ]
        for stream in streams:
            next(stream)
        assert helpers.slots is not None
        assert helpers.slots._free._value == 0
        assert not helpers.slots.enter()  # one layer is cut into parts, the others are not
        rest = [b"".join(stream) for stream in streams]
    assert all(PLAIN.endswith(found) and len(found) < len(PLAIN) for found in rest)


def test_an_error_of_the_source_comes_behind_what_it_brought() -> None:
    def broken() -> Iterator[bytes]:
        yield from chunks(b"".join(FRAMES[:30]), 512)
        raise RegistryError("broken off")

    plain = bytearray()

    def take() -> None:
        with helping(2) as helpers:
            for piece in decompress(broken(), budget=Budget(Limits()), what="x", helpers=helpers):
                plain.extend(piece)

    with pytest.raises(RegistryError, match="broken off"):
        take()
    assert len(plain) > 0
    assert PLAIN.startswith(plain)


def test_without_threads_one_does_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert _helped(b"".join(FRAMES), chunk=512) == Outcome(PLAIN)
    with read_ahead(chunks(PLAIN, 1000), idle=_idle) as ahead:
        assert b"".join(ahead) == PLAIN
    tally = Tally("sha256")
    with tally.beside():
        assert b"".join(tally.count(chunks(PLAIN, 1000))) == PLAIN
    assert tally.digest().matches(PLAIN)


@pytest.mark.parametrize("size", [1, 3, 100, 1 << 20])
def test_frames_end_where_they_end(size: int) -> None:
    data = b"".join(FRAMES)
    expected = {sum(map(len, FRAMES[:number])) for number in range(1, len(FRAMES) + 1)}
    frames, position, found = Frames(), 0, set()
    for chunk in chunks(data, size):
        end = frames.follow(chunk)
        if end:
            found.add(position + end)
        position += len(chunk)
    assert frames.between
    assert found <= expected
    assert len(found) >= (len(expected) if size <= 3 else 1)
