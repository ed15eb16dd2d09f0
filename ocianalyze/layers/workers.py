"""Work spread over processes, for work that is all Python and so would not profit from threads.

Workers are forks: they share what the caller has open and prepared, and send back bytes. They are used only where
nothing else runs in this process, because a fork copies one thread and the locks of all.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import sys
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_HEADER: Final = 12
_FAILED: Final = -1


def can_fork() -> bool:
    """Tell whether this process may fork: on Linux, with no other thread running."""
    return sys.platform == "linux" and threading.active_count() == 1


def spread(tasks: int, work: Callable[[int], bytes], *, workers: int) -> dict[int, bytes]:
    """Return what `work` gives for each number below `tasks`, done by `workers` processes.

    A task that fails, or whose worker dies, is missing from the result: the caller does it again and sees why.
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
            source, sink = os.pipe()
            child = os.fork()
            if child == 0:
                _serve(todo, sink, work)
            os.close(sink)
            children[source] = child
        return _collect(list(children))
    finally:
        os.close(todo)
        for source, child in children.items():
            os.close(source)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _serve(todo: int, sink: int, work: Callable[[int], bytes]) -> None:
    """Do tasks until there are none left, and end this process."""
    try:
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


def _collect(sources: list[int]) -> dict[int, bytes]:
    results: dict[int, bytes] = {}
    buffers = {source: bytearray() for source in sources}
    with selectors.DefaultSelector() as selector:
        for source in sources:
            selector.register(source, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                data = os.read(key.fd, 1 << 20)
                if not data:
                    selector.unregister(key.fd)
                    continue
                buffer = buffers[key.fd]
                buffer += data
                while (message := _message(buffer)) is not None:
                    number, result = message
                    if result is not None:
                        results[number] = result
    return results


def _message(buffer: bytearray) -> tuple[int, bytes | None] | None:
    """Take one whole message off the front of `buffer`, or return None where it does not hold one."""
    if len(buffer) < _HEADER:
        return None
    number = int.from_bytes(buffer[:4], "little")
    size = int.from_bytes(buffer[4:_HEADER], "little", signed=True)
    end = _HEADER + max(size, 0)
    if len(buffer) < end:
        return None
    result = bytes(buffer[_HEADER:end])
    del buffer[:end]
    return number, result if size != _FAILED else None
