"""Connections of which nothing comes are broken off, and at the end all of them are.

A time limit for each read is not enough: who sends a byte now and then, headers or trailers without end, or
``100 Continue`` for ever, keeps every single read happy.
"""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from math import inf
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_NAP: Final = 1.0


class Watch:
    """One connection that is waited for; `was_broken` tells that it was given up."""

    def __init__(self, connection: socket.socket, dog: Watchdog) -> None:
        self._connection = connection
        self._dog = dog
        self.deadline = inf
        self.was_broken = False

    def start(self) -> None:
        """Break the connection off if it is not released, or waited for again, in time."""
        self.deadline = monotonic() + self._dog.seconds

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Break the connection off if the block takes too long."""
        self.start()
        try:
            yield
        finally:
            self.deadline = inf

    def break_off(self) -> None:
        """Make whoever waits for the connection wait no longer."""
        self.was_broken = True
        with suppress(OSError):  # of the plain socket, beneath TLS, which another thread is in
            socket.socket.shutdown(self._connection, socket.SHUT_RDWR)

    def release(self) -> None:
        """Leave the connection to others."""
        self._dog.forget(self)


class Watchdog:
    """Watches over all connections to a registry; `closed` is set once they are wanted no more."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.closed = Event()
        self._watches: set[Watch] = set()
        self._lock = Lock()
        self._thread: Thread | None = None

    def watch(self, connection: socket.socket) -> Watch:
        """Return the watch over a connection; who has it releases it."""
        watch = Watch(connection, self)
        with self._lock:
            self._watches.add(watch)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
        if self.closed.is_set():
            watch.break_off()
        return watch

    def forget(self, watch: Watch) -> None:
        """Watch it no longer."""
        with self._lock:
            self._watches.discard(watch)

    def close(self) -> None:
        """Break all connections off."""
        self.closed.set()
        with self._lock:
            watches = list(self._watches)
        for watch in watches:
            watch.break_off()

    def _run(self) -> None:
        while not self.closed.wait(min(self.seconds / 4, _LONGEST_NAP)):
            now = monotonic()
            with self._lock:
                overdue = [watch for watch in self._watches if watch.deadline < now]
            for watch in overdue:
                watch.break_off()
