"""The engine of many machines: a Dask cluster, whose workers need nothing but this package.

What was read of a layer stays on the worker that read it, or in the store, and comes here never. A worker that dies is
Dask's business, which gives its tasks to others; a scheduler that dies is ours: whatever was asked for is asked again
once there is a scheduler at the same address.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import uuid
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.errors import AnalysisError, OcianalyzeError, UsageError
from ocianalyze.fleet.work.tasks import Failed, LayerRead, LayerTask
from ocianalyze.fleet.work.worker import Worker
from ocianalyze.oci.urls import without_login
from ocianalyze.own_process import seldom_collect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocianalyze.fleet.engines.engine import Ticket
    from ocianalyze.fleet.work.conditions import Conditions
    from ocianalyze.fleet.work.tasks import Outcome, Task
    from ocianalyze.sources.registry.documents import StoredDocument

_CONNECT: Final = 10.0
"""How many seconds to wait for an answer of the scheduler at a time."""
_PATIENCE: Final = 600.0
"""How many seconds to wait for a scheduler that was there before, and for the first worker."""
_PAUSE: Final = 1.0
_ALIVE: Final = ("running", "connecting")
_KILLED: Final = "the workers that tried it ended unexpectedly"
_HINT: Final = "They may have run out of memory: provide more, or lower --max-memory"
_LATER: Final = "The results so far are kept: run the same command again to go on"


class Cluster:
    """An `Engine` of all workers of a Dask cluster; `close` leaves the cluster to others."""

    def __init__(
        self,
        conditions: Conditions,
        address: str,
        *,
        patience: float = _PATIENCE,
        warn: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Connect to the scheduler at `address`; wait at most `patience` seconds for one that went away.

        `warn` is told what people wait for.

        Raises:
            UsageError: Dask is not installed, or there is no scheduler.
        """
        self._conditions = conditions
        self._address = address
        self._patience = patience
        self._warn = warn
        self._idle_since: float | None = None
        self._asked: dict[Ticket, tuple[Task, Sequence[Ticket]]] = {}
        self._layers: dict[Ticket, LayerTask] = {}
        self._data: dict[Ticket, Any] = {}
        self._notes: dict[str, tuple[Ticket, Any]] = {}
        self._done: SimpleQueue[Any] = SimpleQueue()
        self._documents: dict[str, Any] = {}
        self._token = uuid.uuid4().hex
        self._client = _connected(address)
        if self._client is None:
            raise UsageError(f"there is no Dask scheduler at {without_login(address)}", hint="Start it: dask scheduler")

    @property
    def slots(self) -> int:
        """The threads of all workers, as far as they are known now."""
        return max(1, self._threads())

    def _threads(self) -> int:
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        return sum(int(worker["nthreads"]) for worker in workers)

    def submit(self, ticket: Ticket, task: Task, after: Sequence[Ticket] = ()) -> None:
        """Have a task done; see `Engine.submit`."""
        self._asked[ticket] = task, after
        if isinstance(task, LayerTask):
            self._layers[ticket] = task
        self._send(ticket)

    def next(self) -> tuple[Ticket, Outcome]:
        """Return what came of a task; see `Engine.next`."""
        while True:
            try:
                done = self._done.get(timeout=_PAUSE)
            except Empty:
                if self._client.status not in _ALIVE:
                    self._begin_again()
                else:
                    self._await_workers()
                continue
            ticket, note = self._notes.pop(done.key, (None, None))
            if ticket is None or note is not done:
                continue
            outcome = self._outcome(note)
            if outcome is None:
                self._begin_again()
                continue
            task, _ = self._asked.pop(ticket)
            if not isinstance(task, LayerTask):
                self._documents.pop(task.pinned, None)
            return ticket, outcome

    def _await_workers(self) -> None:
        """Say that there are no workers; raise AnalysisError if there are none for too long."""
        if self._threads():
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = monotonic()
            self._warn(f"the Dask scheduler at {self._shown} has no workers; waiting for some")
        elif monotonic() - self._idle_since > self._patience:
            raise AnalysisError(f"the Dask scheduler at {self._shown} has no workers", hint=_LATER)

    @property
    def _shown(self) -> str:
        return without_login(self._address)

    def forget(self, ticket: Ticket) -> None:
        """Let the cluster drop the result of a layer."""
        self._layers.pop(ticket, None)
        self._data.pop(ticket, None)

    def close(self) -> None:
        """Drop all tasks, and leave the cluster."""
        self._notes.clear()
        self._data.clear()
        self._documents.clear()
        with contextlib.suppress(Exception):
            self._client.close(timeout=_CONNECT)

    def _send(self, ticket: Ticket) -> None:
        task, after = self._asked[ticket]
        if isinstance(task, LayerTask):
            note = self._client.submit(_note, self._data_of(ticket), pure=False)
        else:
            handed = [self._data_of(one) for one in after] if self._conditions.store is None else []
            note = self._submit(task, handed, priority=1)
        self._notes[note.key] = ticket, note
        note.add_done_callback(self._done.put)

    def _data_of(self, ticket: Ticket) -> Any:  # noqa: ANN401 - a future of Dask's
        """Return the result of a layer, which is somewhere in the cluster, or will be."""
        if ticket not in self._data:
            self._data[ticket] = self._submit(self._layers[ticket], [])
        return self._data[ticket]

    def _submit(self, task: Task, handed: Sequence[Any], *, priority: int = 0) -> Any:  # noqa: ANN401 - a future of Dask's
        """Have a task done; the documents of its image are sent once for all tasks of the image."""
        image = task.image if isinstance(task, LayerTask) else task
        if image.pinned not in self._documents:
            self._documents[image.pinned] = self._client.submit(_kept, dict(image.documents), pure=False)
        bare = image._replace(documents={})
        short = task._replace(image=bare) if isinstance(task, LayerTask) else bare
        documents = self._documents[image.pinned]
        given = (self._token, self._conditions, short, documents, handed)
        return self._client.submit(_work, *given, pure=False, priority=priority)

    def _outcome(self, note: Any) -> Outcome | None:  # noqa: ANN401 - a future of Dask's
        """Return what came of a task; None if the cluster has lost it.

        Raises:
            OcianalyzeError: the workers cannot do any task.
        """
        from distributed import KilledWorker

        if note.status not in ("finished", "error"):
            return None
        try:
            outcome: Outcome = note.result(timeout=_CONNECT)
        except OcianalyzeError:
            raise
        except KilledWorker:
            return Failed(AnalysisError(_KILLED, hint=_HINT))
        except ImportError as error:
            raise UsageError(
                f"a worker of the cluster cannot do the work: {error}",
                hint="Install the same version of ocianalyze on all workers",
            ) from error
        except Exception as error:
            if note.status == "error":
                raise AnalysisError(
                    f"the cluster cannot do the work: {error}", hint="Install the same packages on all its hosts"
                ) from error
            return None
        return outcome

    def _begin_again(self) -> None:
        """Connect to the scheduler that has taken the place of one that died, and ask for everything again.

        Raises:
            AnalysisError: there is none for too long.
        """
        self.close()
        self._warn(f"the Dask scheduler at {self._shown} does not answer; waiting for it")
        until = monotonic() + self._patience
        while (client := _connected(self._address)) is None:
            if monotonic() > until:
                raise AnalysisError(f"the Dask scheduler at {self._shown} does not answer any more", hint=_LATER)
            sleep(_PAUSE)
        self._client = client
        for ticket in self._asked:
            self._send(ticket)


def _connected(address: str) -> Any:  # noqa: ANN401 - a client of Dask's
    """Return a client of the scheduler at an address, None if it does not answer.

    Raises:
        UsageError: Dask is not installed, or the address is none.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError("--scheduler needs Dask", hint="Install 'ocianalyze[dask]'") from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is told in our words
    try:
        return Client(  # type: ignore[no-untyped-call] # Dask has types for a part of what it offers
            address, timeout=_CONNECT, set_as_default=False, name="ocianalyze"
        )
    except ValueError as error:
        raise UsageError(f"{without_login(address)!r} is not the address of a Dask scheduler") from error
    except (OSError, TimeoutError):
        return None


class _Local(threading.local):
    """What a thread of a Dask worker works with: images that it has open are its own."""

    token = ""
    worker: Worker | None = None


_own = _Local()


def _kept(documents: dict[str, StoredDocument]) -> dict[str, StoredDocument]:
    """Return the documents of an image, which stay in the cluster for the tasks that need them."""
    return documents


def _work(
    token: str,
    conditions: Conditions,
    task: Task,
    documents: dict[str, StoredDocument],
    data: Sequence[Outcome],
) -> Outcome:
    """Do a task on a worker of the cluster; `data` are the layers of an image, `token` stands for the run.

    Raises:
        UsageError: the worker has another version than the one that began the run.
    """
    if _own.worker is None or _own.token != token:
        if _own.worker is not None:
            _own.worker.close()
        seldom_collect()
        _own.worker, _own.token = Worker(conditions.here(os.environ)), token
    if isinstance(task, LayerTask):
        task = task._replace(image=task.image._replace(documents=documents))
    else:
        task = task._replace(documents=documents)
    handed: dict[str, bytes] = {}
    for one in data:
        if isinstance(one, Failed):
            return one
        if isinstance(one, LayerRead):
            handed.update(one.handed)
    return _own.worker.do(task, handed)


def _note(data: Outcome) -> Outcome:
    """Return what came of a layer without its result, which stays where it is."""
    return data._replace(handed={}) if isinstance(data, LayerRead) else data
