"""A real forward proxy: it passes plain requests on, and opens tunnels for TLS (RFC 9110, section 9.3.6)."""

import http.client
import socket
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

    `routes` has the places, as `host:port`, to which tunnels for other names lead.
    """

    host: str
    routes: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def forward_proxy() -> Iterator[ForwardProxy]:
    """Run a proxy as long as the context lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    proxy = ForwardProxy(f"127.0.0.1:{server.server_port}")
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

    def do_GET(self) -> None:
        self._record()
        target = urlsplit(self.path)
        path = target._replace(scheme="", netloc="").geturl()
        passed = {key: value for key, value in self.headers.items() if not key.lower().startswith("proxy-")}
        with (
            closing(http.client.HTTPConnection(target.netloc, timeout=30)) as connection,
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
        proxy: ForwardProxy = self.server.proxy  # type: ignore[attr-defined]
        host, _, port = proxy.routes.get(self.path, self.path).rpartition(":")
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
