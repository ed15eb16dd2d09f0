"""Processes that share the walking of layers: the same results, whatever happens to them, and nothing left behind."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ocianalyze.errors import CorruptLayerError, LimitExceededError
from ocianalyze.layers.metering.budget import Budget
from ocianalyze.layers.metering.limits import Limits
from ocianalyze.layers.reading import layers as reading_module
from ocianalyze.layers.reading import workers
from ocianalyze.layers.reading.workers import can_fork, shared_numbers, spread
from tests.support.changesets import ODD, columns
from tests.support.forms import write_archive
from tests.support.images import ImageSpec
from tests.support.opening import opened, see
from tests.support.tarballs import file, layer, symlink

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    """No file descriptor stays open, no child is left, whether alive or a zombie."""
    before = _open_files()
    yield
    for thread in threading.enumerate():  # after an error nobody waits for the layers still in work
        if thread.name.startswith("layer"):
            thread.join(10)
    assert _open_files() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def _open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@pytest.mark.parametrize("count", [1, 2, 3, 50])
def test_each_task_is_done_once_whatever_the_number_of_workers(count: int) -> None:
    results = dict(spread(20, lambda task: b"%d" % task * 10_000 * task, workers=count))
    assert results == {task: b"%d" % task * 10_000 * task for task in range(20)}


def test_the_caller_does_something_else_meanwhile() -> None:
    seen: list[int] = []
    spreading = spread(3, lambda task: bytes([task, *seen]), workers=2, meanwhile=lambda: seen.append(os.getpid()))
    results = dict(spreading)
    assert seen == [os.getpid()]
    assert results == {task: bytes([task]) for task in range(3)}


def _raise() -> None:
    raise ValueError


def _leave() -> None:
    raise SystemExit(3)


@pytest.mark.parametrize(
    "accident", [_raise, _leave, lambda: os._exit(1), lambda: os.kill(os.getpid(), signal.SIGKILL)]
)
def test_a_task_that_fails_or_kills_its_worker_is_missing(accident: Callable[[], None]) -> None:
    def work(task: int) -> bytes:
        if task == 1:
            accident()
        return b"done"

    results = dict(spread(3, work, workers=1))
    assert 1 not in results
    assert results[0] == b"done"
    assert set(results.values()) == {b"done"}


def test_what_is_done_is_given_while_others_still_work() -> None:
    begun, ending = os.pipe()

    def work(task: int) -> bytes:
        if task == 1:
            os.read(begun, 1)
        return b"%d" % task

    results = spread(2, work, workers=2)
    assert next(results) == (0, b"0")
    os.write(ending, b"x")
    assert list(results) == [(1, b"1")]
    os.close(begun)
    os.close(ending)


def test_workers_end_if_nobody_wants_the_rest() -> None:
    def work(task: int) -> bytes:
        time.sleep(60 * task)
        return b""

    results = spread(2, work, workers=2)
    assert next(results) == (0, b"")
    results.close()


def test_more_tasks_than_the_pipe_holds_are_left_to_the_caller() -> None:
    results = dict(spread(20_000, lambda _: b"", workers=2))
    assert 1000 < len(results) <= 20_000
    assert set(results.values()) == {b""}


def test_where_no_process_can_be_started_the_caller_does_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", fork)
    assert dict(spread(5, lambda _: b"x", workers=2)) == {}


def test_an_interrupt_ends_the_workers() -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def sleep(_: int) -> bytes:
        time.sleep(30)
        return b""

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    started = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            dict(spread(2, sleep, workers=2))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - started < 5


def test_it_is_not_used_while_other_threads_run() -> None:
    assert can_fork()
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert not can_fork()
    finally:
        done.set()
        thread.join()


# --- as layers are read -----------------------------------------------------------------------------------------------

SPEC = ImageSpec(layers=[ODD, [file(str(number), b"x" * number) for number in range(200)], [symlink("l", "x")]])


@pytest.fixture
def forking(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Use workers for small layers too, and note how many tasks they did."""
    done: list[int] = []

    def counting(
        tasks: int,
        work: Callable[[int], bytes],
        *,
        workers: int,
        meanwhile: Callable[[], object] | None,
        waiting: Callable[[], object] | None,
    ) -> Iterator[tuple[int, bytes]]:
        results = list(spread(tasks, work, workers=workers, meanwhile=meanwhile, waiting=waiting))
        done.append(len(results))
        yield from results

    monkeypatch.setattr(reading_module, "_WORTH_A_FORK", 0)
    monkeypatch.setattr(reading_module, "spread", counting)
    return done


def test_layers_walked_by_workers_are_as_those_walked_here(tmp_path: Path, forking: list[int]) -> None:
    path = write_archive(tmp_path / "image.tar", SPEC, "docker-25", compression="none")
    alone, together = see(path, jobs=1), see(path, jobs=2)
    assert forking == [3]
    assert alone.tree == together.tree
    for one, other in zip(alone.readings, together.readings, strict=True):
        assert columns(one.changeset) == columns(other.changeset)
        assert (one.size, one.read, one.bytes_read) == (other.size, other.read, other.bytes_read)


def test_a_damaged_layer_gives_the_same_error_with_workers(tmp_path: Path, forking: list[int]) -> None:
    damaged = bytearray(layer([file("a"), file("b")]))
    damaged[512] ^= 1
    spec = ImageSpec(layers=[[file("x")], bytes(damaged), b"no tar"])
    path = write_archive(tmp_path / "image.tar", spec, "docker-25", compression="none")
    messages = set()
    for jobs in (1, 2):
        with pytest.raises(CorruptLayerError) as error:
            see(path, jobs=jobs)
        messages.add(error.value.message)
    assert len(messages) == 1
    assert "layer 1" in messages.pop()
    assert forking == [1]


def test_workers_that_die_are_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forking: list[int]) -> None:
    path = write_archive(tmp_path / "image.tar", SPEC, "docker-25", compression="none")
    monkeypatch.setattr(workers, "_serve", lambda *_: os._exit(1))
    with opened(path):
        assert see(path, jobs=2).tree == see(path, jobs=1).tree
    assert forking == [0]


def test_workers_take_their_memory_off_one_budget() -> None:
    whole = Budget(Limits(max_memory=64 << 20))
    whole.take(16 << 20, "before")
    used = shared_numbers(3)

    def work(task: int) -> bytes:
        budget = whole.in_worker(used, task)
        for _ in range(10):
            budget.take(2 << 20, "a layer")
        return b"taken"

    results = dict(spread(3, work, workers=1))
    assert results == {0: b"taken", 1: b"taken"}  # 20 MiB each, of 48 MiB: the third is left to the caller
    assert list(used) == [20 << 20, 20 << 20, 10 << 20]
    whole.take(48 << 20, "the caller has what it had")
    with pytest.raises(LimitExceededError):
        whole.take(1, "no more")
