"""Connections that are watched from the start, and that keep what a proxy or a certificate said when they fail."""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from urllib3.exceptions import ConnectTimeoutError

from ocianalyze.sources.registry.connections.certificates import unverified
from ocianalyze.sources.registry.connections.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3.response import HTTPResponse

    from ocianalyze.sources.registry.connections.watchdog import Watch, Watchdog

_SUCCESSES: Final = range(200, 300)
_TUNNEL: Final = ("_tunnel_host", "_tunnel_port", "_tunnel_headers", "_tunnel_scheme")
"""Where a connection keeps what it asks a proxy for."""
WATCH: Final = "ocianalyze_watch"
"""The attribute of a response that holds the watch over its connection."""
PEER: Final = "ocianalyze_peer"
"""The attribute of an error of a certificate that holds what it says."""


class TunnelRefusedError(OSError):
    """A proxy does not let us through; `asks_for` has its ``Proxy-Authenticate`` headers."""

    def __init__(self, status: int, asks_for: str) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.asks_for = asks_for


class Watched:
    """What our connections have in common, whatever they are made of: nothing of them is waited for without end."""

    sock: Any

    def __init__(self, dog: Watchdog, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as urllib3 has it
        super().__init__(*args, **options)
        self._dog = dog
        self._setup: list[tuple[Watch, socket.socket]] = []

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        # TLS takes the socket over, so a second one is watched that leads to the same connection.
        second = socket.fromfd(made.fileno(), made.family, made.type, made.proto)
        watch = self._dog.watch(second)
        watch.start()
        self._setup.append((watch, second))
        return made

    def connect(self) -> None:
        """Connect, with all that belongs to it: the way through a proxy, and TLS."""
        try:
            super().connect()  # type: ignore[misc]
        except Exception as error:
            if any(watch.was_broken for watch, _ in self._setup):
                raise ConnectTimeoutError(self, "the connection was not ready in time") from error
            raise
        finally:
            while self._setup:
                watch, second = self._setup.pop()
                watch.release()
                second.close()

    def _tunnel(self) -> None:
        """Ask the proxy to let us through (RFC 9110, section 9.3.6), and keep what it says if it does not."""
        connection: Any = self
        name, port, headers, _ = (vars(self)[name] for name in _TUNNEL)
        target = f"[{name}]:{port}" if ":" in name and not name.startswith("[") else f"{name}:{port}"
        headers = {"Host": target, **headers}
        lines = [f"CONNECT {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        connection.send("\r\n".join(lines).encode("latin-1"))
        response = connection.response_class(self.sock, method="CONNECT")
        try:
            response.begin()
            if response.status not in _SUCCESSES:
                asks_for = ", ".join(response.headers.get_all("Proxy-Authenticate") or ())
                raise TunnelRefusedError(response.status, asks_for)
        finally:
            response.close()

    def getresponse(self) -> HTTPResponse:
        """Return the answer once its head has come, and with it the watch over the rest."""
        connection: Any = self.sock
        watch = self._dog.watch(getattr(connection, "socket", connection))  # TLS within TLS, to a proxy, wraps one
        try:
            with watch.waiting():
                response: HTTPResponse = super().getresponse()  # type: ignore[misc]
        except BaseException:
            watch.release()
            raise
        setattr(response, WATCH, watch)
        return response


class WatchedTls(Watched):
    """The same with TLS: an error of a certificate brings with it what the certificate says."""

    def connect(self) -> None:
        """Connect, and look at the certificate if it is not trusted."""
        tunnel = {name: value for name, value in vars(self).items() if name in _TUNNEL}
        try:
            super().connect()
        except ssl.SSLCertVerificationError as error:
            if self.sock is not None:
                self.sock.close()
            vars(self).update(tunnel)
            with self._trusting_everybody(), suppress(Exception):  # what matters is the first error
                super().connect()
                setattr(error, PEER, Peer.from_der(self.sock.getpeercert(binary_form=True)))
            raise

    def request(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as urllib3 has it
        """Send a request; if the server has hung up, urllib3 reads what it said before, such as an alert of TLS."""
        try:
            super().request(*args, **options)  # type: ignore[misc]
        except (ssl.SSLEOFError, ConnectionResetError) as error:
            raise BrokenPipeError from error

    @contextmanager
    def _trusting_everybody(self) -> Iterator[None]:
        """Connect to anybody within the block, for no other purpose than to look; then the connection ends."""
        this: Any = self
        context, this.ssl_context = this.ssl_context, unverified()
        needed, this.cert_reqs = this.cert_reqs, ssl.CERT_NONE
        try:
            yield
        finally:
            if self.sock is not None:
                self.sock.close()
                self.sock = None
            this.ssl_context, this.cert_reqs = context, needed
