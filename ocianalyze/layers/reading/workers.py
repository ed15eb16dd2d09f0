"""Work spread over processes, for work that is all Python and so would not profit from threads.

Workers are forks: they share what the caller has open and prepared, and send back bytes. They are used only where
nothing else runs in this process, because a fork copies one thread and the locks of all.
"""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

_HEADER: Final = 12
_FAILED: Final = -1
_NUMBER: Final = 8
_PR_SET_PDEATHSIG: Final = 1
_PAUSE: Final = 0.005
"""How long, in seconds, is slept between two looks at what the workers have done."""


def can_fork() -> bool:
    """Tell whether this process may fork: on Linux, with no other thread running."""
    return sys.platform == "linux" and threading.active_count() == 1


def shared_numbers(count: int) -> memoryview[int]:
    """Return so many numbers of 64 bits, all zero, which this process shares with those that are forked from it."""
    return memoryview(mmap.mmap(-1, max(1, count) * _NUMBER)).cast("q")


def spread(
    tasks: int,
    work: Callable[[int], bytes],
    *,
    workers: int,
    meanwhile: Callable[[], object] | None = None,
    waiting: Callable[[], object] | None = None,
) -> Generator[tuple[int, bytes]]:
    """Yield each number below `tasks` with what `work` gives for it, done by `workers` processes, as they get it done.

    A task that fails, or whose worker dies, is left out: the caller does it again and sees why. `meanwhile` is called
    in this process while the others work; `waiting` is, again and again, while it waits for them.
    """
    todo, queue = os.pipe()
    os.set_blocking(queue, False)
    with contextlib.suppress(BlockingIOError):  # what does not fit is left to the caller
        for task in range(tasks):
            os.write(queue, task.to_bytes(4, "little"))
    os.close(queue)
    children: dict[int, int] = {}
    try:
        for _ in range(min(workers, tasks)):
            child, sink = _start(todo, work)
            if child is None:  # too many processes: those that there are do it all
                break
            children[child] = sink
        if children and meanwhile is not None:
            meanwhile()
        yield from _gather(children, waiting)
    finally:
        os.close(todo)
        for child, sink in children.items():
            os.close(sink)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)


def _gather(children: Mapping[int, int], waiting: Callable[[], object] | None) -> Iterator[tuple[int, bytes]]:
    """Yield what the workers give, until the last of them has ended; `children` are their processes and their files."""
    seen = dict.fromkeys(children, 0)
    while seen:
        ended = [child for child in seen if _has_ended(child)]  # what these have to give, they have given
        for child, at in list(seen.items()):
            for after, number, result in _results(children[child], at):
                seen[child] = after
                if result is not None:
                    yield number, result
        for child in ended:
            del seen[child]
        if seen:
            if waiting is not None:
                waiting()
            time.sleep(_PAUSE)


def _start(todo: int, work: Callable[[int], bytes]) -> tuple[int | None, int]:
    """Start a worker; return its process, None if there can be none, and the file in memory for what it gives.

    A file takes what a worker gives at once, where a pipe would make it wait until somebody reads.
    """
    try:
        sink = os.memfd_create("results")
    except OSError:
        return None, -1
    parent = os.getpid()
    try:
        child = os.fork()
    except OSError:
        os.close(sink)
        return None, -1
    if child == 0:
        _serve(todo, sink, work, parent)
    return child, sink


def _has_ended(child: int) -> bool:
    """Tell whether a worker has ended; it is left for whoever ends them all."""
    try:
        return os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
    except ChildProcessError:  # where children are not waited for (SIGCHLD ignored)
        return True


def _serve(todo: int, sink: int, work: Callable[[int], bytes], parent: int) -> None:
    """Do tasks until there are none left, and end this process, and its garbage with it."""
    gc.disable()
    try:
        end_with(parent)
        while task := os.read(todo, 4):
            number = int.from_bytes(task, "little")
            try:
                result = work(number)
                size = len(result)
            except Exception:  # noqa: BLE001 - the caller does the task again and sees why
                result, size = b"", _FAILED
            view = memoryview(task + size.to_bytes(_HEADER - 4, "little", signed=True) + result)
            while view:
                view = view[os.write(sink, view) :]
    finally:
        os._exit(0)


def end_with(parent: int) -> None:
    """Let this process be killed when its parent ends, however that comes (prctl(2), PR_SET_PDEATHSIG)."""
    with contextlib.suppress(ImportError, OSError, AttributeError):  # it is only a second net
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(0)


def _results(sink: int, at: int) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield the whole messages that a worker has left from byte `at` on, None for a task that failed.

    With each goes the byte at which the next one begins.
    """
    while len(head := os.pread(sink, _HEADER, at)) == _HEADER:
        number, size = int.from_bytes(head[:4], "little"), int.from_bytes(head[4:], "little", signed=True)
        result = os.pread(sink, size, at + _HEADER) if size != _FAILED else b""
        if len(result) < size:
            break
        at += _HEADER + len(result)
        yield at, number, None if size == _FAILED else result
