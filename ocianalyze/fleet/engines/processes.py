"""The engine of one machine: a pool of processes.

Where a process dies, as by lack of memory, nobody tells which task it had. So those that may have been its own are done
again, one at a time: the one whose process dies once more is the culprit, and gets an error as its outcome.
"""

from __future__ import annotations

import gc
import os
import signal
from collections import deque
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import AnalysisError
from ocianalyze.fleet.work.tasks import Failed
from ocianalyze.fleet.work.worker import Worker
from ocianalyze.layers.reading.workers import end_with
from ocianalyze.own_process import prepare

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from ocianalyze.fleet.engines.engine import Ticket
    from ocianalyze.fleet.work.conditions import Conditions
    from ocianalyze.fleet.work.tasks import Outcome, Task

_PAUSE: Final = 1.0
"""How many seconds to wait at a time, so that signals are noticed."""
_KILLED: Final = "the process that worked on it ended unexpectedly"
_HINT: Final = "It may have run out of memory: lower --jobs or --max-memory, or provide more memory"


class Processes:
    """An `Engine` of `slots` processes; the store of the conditions is one that all of them can reach."""

    def __init__(self, conditions: Conditions, slots: int) -> None:
        self.slots = slots
        self._conditions = conditions.for_processes()
        self._pool: ProcessPoolExecutor | None = None
        self._running: dict[Future[Outcome], tuple[Ticket, Task]] = {}
        self._suspects: deque[tuple[Ticket, Task]] = deque()
        self._waiting: deque[tuple[Ticket, Task]] = deque()

    def submit(self, ticket: Ticket, task: Task, after: Sequence[Ticket] = ()) -> None:  # noqa: ARG002 - all is in the store
        """Have a task done; see `Engine.submit`."""
        self._waiting.append((ticket, task))
        self._start()

    def next(self) -> tuple[Ticket, Outcome]:
        """Return what came of a task; see `Engine.next`."""
        while True:
            done, _ = wait(self._running, timeout=_PAUSE, return_when=FIRST_COMPLETED)
            for future in done:
                if not isinstance(future.exception(), BrokenProcessPool):
                    ticket, task = self._running.pop(future)
                    if self._suspects and self._suspects[0] == (ticket, task):
                        self._suspects.popleft()
                    self._start()
                    return ticket, future.result()
            if done and (culprit := self._replace_pool()) is not None:
                self._start()
                return culprit, Failed(AnalysisError(_KILLED, hint=_HINT))
            self._start()

    def forget(self, ticket: Ticket) -> None:
        """Do nothing: the store decides how long it keeps results."""

    def close(self) -> None:
        """End all processes."""
        pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):  # noqa: SLF001 - kill_workers is new in Python 3.14
                process.kill()
            pool.shutdown(cancel_futures=True)
            del pool
            gc.collect()  # what the pool shared with its processes is given back now, also if this process ends at once

    def _start(self) -> None:
        """Give the pool what it can do: suspects one at a time, and nothing beside them."""
        if self._suspects:
            if not self._running:
                self._give(*self._suspects[0])
            return
        while self._waiting and len(self._running) <= self.slots and self._give(*self._waiting[0]):
            self._waiting.popleft()

    def _give(self, ticket: Ticket, task: Task) -> bool:
        """Give the pool a task; return False if it is broken: what it had is done again first."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.slots,
                mp_context=get_context("spawn"),
                initializer=_begin,
                initargs=(self._conditions, os.getpid()),
            )
        try:
            future = self._pool.submit(_do, task)
        except BrokenProcessPool:
            if not self._running:
                self.close()
            return False
        self._running[future] = ticket, task
        return True

    def _replace_pool(self) -> Ticket | None:
        """End the pool of which a process died; return the ticket of the task that was alone in it, if one was."""
        lost = list(self._running.values())
        self._running.clear()
        self.close()
        if self._suspects and lost == [self._suspects[0]]:
            return self._suspects.popleft()[0]
        self._suspects.extend(one for one in lost if one not in self._suspects)
        return None


class _Process:
    """A process of the pool; what it is for is said once, when it starts."""

    worker: Worker


def _begin(conditions: Conditions, parent: int) -> None:
    """Prepare this process for its tasks."""
    end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what happens then
    prepare()
    _Process.worker = Worker(conditions)


def _do(task: Task) -> Outcome:
    return _Process.worker.do(task, {})
