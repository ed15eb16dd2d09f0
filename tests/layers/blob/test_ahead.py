"""Reading ahead: the same bytes and errors in the same order, and an end when nobody takes them any more."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import repeat

import pytest

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.blob.ahead import read_ahead
from tests.support.blobs import chunks
from tests.support.threads import running

DATA = bytes(range(256)) * 4000
MEBIBYTE = 1 << 20


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert running("read") == 0


def _at_once() -> bool:
    return True


def _never() -> bool:
    return False


def _after(asked: int) -> Callable[[], bool]:
    answers = iter([False] * (asked - 1))
    return lambda: next(answers, True)


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert is_so()


@pytest.mark.parametrize("size", [1, 1000, 1 << 17, len(DATA)])
@pytest.mark.parametrize("when", [1, 2, 5, 1_000_000])
def test_the_chunks_are_the_same(size: int, when: int) -> None:
    data = DATA[: 5000 * size]
    expected = list(chunks(data, size))
    with read_ahead(chunks(data, size), idle=_after(when)) as ahead:
        assert list(ahead) == expected


def test_of_nothing_nothing_is_read() -> None:
    with read_ahead(iter(()), idle=_at_once) as ahead:
        assert list(ahead) == []


def test_a_thread_reads_once_a_processor_is_idle() -> None:
    threads = []
    with read_ahead(repeat(bytes(MEBIBYTE)), idle=_after(10)) as ahead:
        for _, _ in zip(range(20), ahead, strict=False):
            threads.append(running("read"))
    assert threads == [0] * 10 + [1] * 10


def test_without_an_idle_processor_nothing_is_read_before_it_is_asked_for() -> None:
    read = []

    def noted() -> Iterator[bytes]:
        for number in range(10):
            read.append(number)
            yield b"1"

    with read_ahead(noted(), idle=_never) as ahead:
        for number, _ in enumerate(ahead):
            assert len(read) == number + 1


@pytest.mark.parametrize("idle", [_at_once, _never])
def test_an_error_comes_behind_the_bytes_before_it(idle: Callable[[], bool]) -> None:
    def broken() -> Iterator[bytes]:
        yield b"1"
        yield b"2"
        raise CorruptLayerError("broken", offset=2)

    taken = []
    with pytest.raises(CorruptLayerError, match="broken"), read_ahead(broken(), idle=idle) as ahead:  # noqa: PT012
        for chunk in ahead:
            taken.append(chunk)
            time.sleep(0.01)
    assert taken == [b"1", b"2"]


def test_four_megabytes_are_read_ahead() -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        for chunk in repeat(bytes(MEBIBYTE)):
            read += 1
            yield chunk

    with read_ahead(endless(), idle=_at_once) as ahead:
        next(ahead)
        next(ahead)
        _wait_until(lambda: read >= 6)
        time.sleep(0.05)
        assert read <= 7
    assert running("read") == 0


def test_a_silent_network_holds_up_nobody() -> None:
    speaks = threading.Event()

    def silent() -> Iterator[bytes]:
        yield b"1"
        yield b"2"
        speaks.wait(60)
        yield b"3"

    def take() -> None:
        with read_ahead(silent(), idle=_at_once) as ahead:
            assert [next(ahead), next(ahead)] == [b"1", b"2"]
            raise CorruptLayerError("the first byte is wrong", offset=0)

    began = time.monotonic()
    with pytest.raises(CorruptLayerError):
        take()
    assert time.monotonic() - began < 30
    assert running("read") == 1
    speaks.set()
    _wait_until(lambda: running("read") == 0)
