"""A way to a server on this machine that is as long, and as narrow, as a way through a network."""

import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from subprocess import Popen

_PIECE = 1 << 18
_MOST_ON_THE_WAY = 64 << 20
"""Bytes: more than any window of TCP, so that only the latency counts."""


@contextmanager
def delayed(host: str, seconds: float, *, rate: float | None = None) -> Iterator[str]:
    """Yield another address of the server at `host`, from which it takes `seconds` there and back.

    All connections together get at most `rate` bytes a second from it; None for as many as there are.

    The way is a process of its own, so that it takes no time of who measures.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = Popen([sys.executable, "-m", "benchmarks.latency", str(port), host, str(seconds / 2), str(rate or 0)])
    try:
        while process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.02)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


class _Line:
    """A line that so many bytes a second go through, one after the other; 0 for any number."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free = 0.0
        self._lock = threading.Lock()

    def through(self, size: int) -> float:
        """Return when the last of so many bytes that come now is through."""
        with self._lock:
            now = time.monotonic()
            self._free = max(now, self._free) + (size / self._rate if self._rate else 0)
            return self._free


def serve(port: int, host: str, seconds: float, rate: float) -> None:
    """Pass on what comes to a port of 127.0.0.1, and the answers, at `rate` bytes a second, each `seconds` later."""
    line = _Line(rate)
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            near, _ = listener.accept()
            threading.Thread(target=_connect, args=(near, host, seconds, line), daemon=True).start()


def _connect(near: socket.socket, host: str, seconds: float, line: _Line) -> None:
    time.sleep(2 * seconds)  # what a handshake takes
    name, _, port = host.partition(":")
    with near, socket.create_connection((name, int(port))) as far:
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = threading.Thread(target=_pump, args=(far, near, seconds, line), daemon=True)
        back.start()
        _pump(near, far, seconds, _Line(0))
        back.join()


def _pump(source: socket.socket, sink: socket.socket, seconds: float, line: _Line) -> None:
    """Pass on all bytes from one to the other, each when its time has come."""
    way: deque[tuple[float, bytes]] = deque()
    changed = threading.Condition()

    def receive() -> None:
        piece = b"x"
        while piece:
            piece = b""
            with suppress(OSError):
                piece = source.recv(_PIECE)
            with changed:
                changed.wait_for(lambda: sum(len(late) for _, late in way) < _MOST_ON_THE_WAY)
                way.append((line.through(len(piece)) + seconds, piece))
                changed.notify_all()

    threading.Thread(target=receive, daemon=True).start()
    while True:
        with changed:
            changed.wait_for(lambda: way)
            due, piece = way.popleft()
            changed.notify_all()
        time.sleep(max(0.0, due - time.monotonic()))
        with suppress(OSError):
            if not piece:
                sink.shutdown(socket.SHUT_WR)
                return
            sink.sendall(piece)


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
