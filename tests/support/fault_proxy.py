"""A server between us and a real registry, which records what it is asked and spoils what it answers."""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import TypeAlias

_PIECE = 1 << 16
_HOP_BY_HOP = frozenset(("connection", "host", "keep-alive", "transfer-encoding"))


def ask(
    connection: http.client.HTTPConnection,
    path: str,
    headers: dict[str, str],
    method: str = "GET",
    body: bytes | None = None,
) -> http.client.HTTPResponse:
    """Return the answer to a request, its body not read yet."""
    connection.request(method, path, headers=headers, body=body)
    return connection.getresponse()


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that came: its number from 0, its path, its headers in lower case, and who the client is."""

    number: int
    method: str
    path: str
    headers: dict[str, str]
    certificate: object = None
    port: int = 0

    @property
    def is_blob(self) -> bool:
        """True for a request for a blob."""
        return "/blobs/" in self.path


@dataclass(slots=True)
class Answer:
    """What is answered instead of what the registry says, or what is done to that.

    Attributes:
        status: a status of our own; no registry is asked.
        headers: the headers that go with it, or that replace the registry's.
        body: the body that goes with it; a large one in a file, which is sent a piece at a time.
        cut_after: close the connection after so many bytes of the body.
        stall_after: send nothing more after so many bytes of the body.
        flip: the byte of the blob (counted from its start) that is altered.
        append: bytes that are sent behind the body, and counted in its length.
        whole: ask the registry without the range that was asked for.
        delay: wait so many seconds first.
    """

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Path = b""
    cut_after: int | None = None
    stall_after: int | None = None
    flip: int | None = None
    append: bytes = b""
    whole: bool = False
    delay: float = 0.0


Behaviour: TypeAlias = Callable[[Seen], Answer | None]


@dataclass(slots=True)
class FaultProxy:
    """A running proxy."""

    host: str
    seen: list[Seen]
    behaviour: Behaviour

    @property
    def blobs(self) -> list[Seen]:
        """The requests for blobs."""
        return [request for request in self.seen if request.is_blob]


@contextmanager
def fault_proxy(
    upstream: str | None,
    behaviour: Behaviour = lambda _: None,
    *,
    tls: ssl.SSLContext | None = None,
    address: str = "127.0.0.1",
) -> Iterator[FaultProxy]:
    """Run a proxy for the registry at `upstream`; None for a server that only ever answers by itself.

    With `tls` it speaks TLS, and `Seen.certificate` is what its clients show.
    """
    server = _Server((address, 0), _Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    proxy = FaultProxy(f"{address}:{server.server_port}", [], behaviour)
    server.proxy, server.upstream, server.numbers = proxy, upstream, count()  # type: ignore[attr-defined]
    server.stopped = threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield proxy
    finally:
        server.stopped.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Print nothing: clients that do not trust us go away in the middle of TLS."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve(b"")

    def do_HEAD(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def do_PUT(self) -> None:
        self.do_POST()

    def _serve(self, body: bytes) -> None:
        server = self.server
        proxy: FaultProxy = server.proxy  # type: ignore[attr-defined]
        headers = {key.lower(): value for key, value in self.headers.items()}
        if body:
            headers["(body)"] = body.decode()
        shown = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
        seen = Seen(next(server.numbers), self.command, self.path, headers, shown, self.client_address[1])  # type: ignore[attr-defined]
        proxy.seen.append(seen)
        answer = proxy.behaviour(seen) or Answer()
        if answer.delay:
            server.stopped.wait(answer.delay)  # type: ignore[attr-defined]
        if answer.status is not None:
            self._answer_ourselves(answer.status, answer)
            return
        passed = {key: value for key, value in headers.items() if key not in _HOP_BY_HOP and not key.startswith("(")}
        if answer.whole:
            passed.pop("range", None)
        with (
            closing(http.client.HTTPConnection(server.upstream, timeout=30)) as connection,  # type: ignore[attr-defined]
            closing(ask(connection, self.path, passed, self.command, body or None)) as response,
        ):
            back = {key: value for key, value in response.getheaders() if key.lower() not in _HOP_BY_HOP}
            if answer.append:
                back["Content-Length"] = str(int(back["Content-Length"]) + len(answer.append))
            pieces = iter(lambda: response.read(_PIECE), b"")
            self._answer(
                response.status, back | answer.headers, [*pieces, answer.append] if answer.append else pieces, answer
            )

    def _answer_ourselves(self, status: int, answer: Answer) -> None:
        if isinstance(answer.body, bytes):
            headers = {"Content-Length": str(len(answer.body)), **answer.headers}
            self._answer(status, headers, [answer.body], answer)
            return
        headers = {"Content-Length": str(answer.body.stat().st_size), **answer.headers}
        with answer.body.open("rb") as file:
            self._answer(status, headers, iter(lambda: file.read(_PIECE), b""), answer)

    def _answer(self, status: int, headers: dict[str, str], pieces: object, answer: Answer) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        first = int(headers.get("Content-Range", "bytes 0-").removeprefix("bytes ").partition("-")[0])
        sent = 0
        for piece in pieces:  # type: ignore[attr-defined]
            data = bytearray(piece)
            at = None if answer.flip is None else answer.flip - first - sent
            if at is not None and 0 <= at < len(data):
                data[at] ^= 1
            for limit in (answer.cut_after, answer.stall_after):
                if limit is not None and sent + len(data) > limit:
                    data = data[: max(0, limit - sent)]
            try:
                self.wfile.write(data if self.command != "HEAD" else b"")
            except OSError:
                self.close_connection = True
                return
            sent += len(data)
            if len(data) < len(piece):
                self.wfile.flush()
                if answer.stall_after is not None:
                    self.server.stopped.wait(20)  # type: ignore[attr-defined]
                self.close_connection = True
                with suppress(OSError):  # who asked may be gone
                    self.connection.shutdown(socket.SHUT_RDWR)
                return

    def log_message(self, *_: object) -> None:
        """Print nothing."""
