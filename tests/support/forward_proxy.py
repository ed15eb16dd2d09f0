"""A real forward proxy: it passes plain requests on, and opens tunnels for TLS (RFC 9110, section 9.3.6)."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.support.fault_proxy import ask

_PIECE = 1 << 16


@dataclass(slots=True)
class ForwardProxy:
    """A running proxy: where it listens, and which requests came, as `METHOD target`, with their headers.

    `names` leads names that only the proxy knows to a port of 127.0.0.1. `refusal` is what it answers to all, if it
    lets nobody through: a status, headers and a body.
    """

    host: str
    names: dict[str, str] = field(default_factory=dict)
    refusal: tuple[int, dict[str, str], bytes] | None = None
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def forward_proxy(*, tls: ssl.SSLContext | None = None, **names: str) -> Iterator[ForwardProxy]:
    """Run a proxy as long as the context lasts, which knows `NAME.invalid` for each of the `names`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    proxy = ForwardProxy(f"127.0.0.1:{server.server_port}", {f"{name}.invalid": place for name, place in names.items()})
    server.proxy = proxy  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _record(self) -> None:
        headers = {key.lower(): value for key, value in self.headers.items()}
        self.server.proxy.seen.append((f"{self.command} {self.path}", headers))  # type: ignore[attr-defined]

    def _refused(self) -> bool:
        refusal = self.server.proxy.refusal  # type: ignore[attr-defined]
        if refusal is not None:
            status, headers, body = refusal
            self.send_response(status)
            for key, value in {"Content-Length": str(len(body)), "Connection": "close", **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)
        return refusal is not None

    def _place(self, target: str) -> str:
        names = self.server.proxy.names  # type: ignore[attr-defined]
        return str(names.get(target.partition(":")[0], target))

    def do_GET(self) -> None:
        self._record()
        if self._refused():
            return
        target = urlsplit(self.path)
        path = target._replace(scheme="", netloc="").geturl()
        passed = {key: value for key, value in self.headers.items() if not key.lower().startswith("proxy-")}
        with (
            closing(http.client.HTTPConnection(self._place(target.netloc), timeout=30)) as connection,
            closing(ask(connection, path, passed)) as response,
        ):
            self.send_response(response.status)
            for key, value in response.getheaders():
                self.send_header(key, value)
            self.end_headers()
            while piece := response.read(_PIECE):
                self.wfile.write(piece)

    def do_CONNECT(self) -> None:
        self._record()
        if self._refused():
            return
        host, _, port = self._place(self.path).rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as other:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pump, args=(other, self.connection), daemon=True)
            back.start()
            _pump(self.connection, other)
            back.join(5)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(_PIECE):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
