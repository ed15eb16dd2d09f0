"""Registries that mean harm: each ends in an error of ours, soon, in one line that no terminal obeys."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import OcianalyzeError
from ocianalyze.sources.registry import retries
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.fit import fit_image
from tests.support.images import build
from tests.support.registries import registry_access
from tests.support.served import serving_image

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "ATTEMPTS", 2)


@contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a server that says to everyone what `talk` says."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                connection.recv(1 << 16)
                talk(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def saying(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)


def for_ever(start: bytes, piece: bytes, pause: float = 0.0) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            time.sleep(pause)

    return talk


def redirect(location: bytes) -> Callable[[socket.socket], None]:
    return saying(b"HTTP/1.1 307 x\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n")


def challenge(value: bytes) -> Callable[[socket.socket], None]:
    return saying(b"HTTP/1.1 401 x\r\nContent-Length: 0\r\nWWW-Authenticate: " + value + b"\r\n\r\n")


BOMB = gzip.compress(bytes(64 << 20))
HOSTILE: dict[str, tuple[Callable[[socket.socket], None], str]] = {
    "headers without end": (for_ever(OK, b"X-Header: x\r\n"), "closed the connection|stopped"),
    "a header without end": (for_ever(OK + b"X: ", b"x" * 1000), "closed the connection|stopped"),
    "a status line without end": (for_ever(b"HTTP/1.1 ", b"x"), "closed the connection|stopped"),
    "continue for ever": (for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "closed the connection|stopped"),
    "headers that drip": (for_ever(OK + b"X: ", b"x", 0.05), "closed the connection|stopped"),
    "a body that drips": (for_ever(OK + b"Content-Length: 100000\r\n\r\n", b"x", 0.05), "stopped"),
    "a body without end": (for_ever(OK + b"\r\n", b"x" * 65536), "too large"),
    "chunks that drip": (for_ever(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.05), "stopped"),
    "trailers without end": (
        for_ever(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: x\r\n"),
        "closed the connection|stopped",  # some Pythons count trailers, as all count headers
    ),
    "a chunk of no size": (saying(OK + b"Transfer-Encoding: chunked\r\n\r\nnone\r\nx"), "closed the connection"),
    "a chunk of negative size": (saying(OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nx"), "closed the connection"),
    "a length that is no number": (saying(OK + b"Content-Length: \xb2\r\n\r\n{}"), "neither"),
    "a negative length": (saying(OK + b"Content-Length: -1\r\n\r\n{}"), "neither|closed the connection"),
    "nothing": (saying(b""), "closed the connection"),
    "no HTTP": (saying(b"220 mail.example.com ESMTP\r\n"), "closed the connection"),
    "a bomb": (
        saying(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB),
        "too large",
    ),
    "a deep document": (saying(OK + b"\r\n" + b"[" * 100_000), "JSON"),
    "an error without end": (for_ever(b"HTTP/1.1 404 x\r\n\r\n", b"[" * 65536), "not found"),
    "a deep error": (saying(b"HTTP/1.1 403 x\r\n\r\n" + b"[" * 30_000), "denied access"),
    "an error that is none": (saying(b'HTTP/1.1 500 x\r\n\r\n{"errors": [{"code": ["x"]}, 5, null]}'), "500"),
    "a redirect to no host": (redirect(b"http://[::1"), "an invalid URL"),
    "a redirect to no port": (redirect(b"http://x:99999999/"), "an invalid URL"),
    "a redirect with user information": (redirect(b"http://user:canary@127.0.0.1/"), "an invalid URL"),
    "a redirect with control characters": (redirect(b"ftp://h/\x1b]0;owned\x07\x9b31m"), "an invalid URL"),
    "a redirect that is very long": (redirect(b"ftp://" + b"x" * 60_000), "an invalid URL"),
    "a gigantic challenge": (challenge(b"Bearer " + b" " * 60_000 + b"!"), "token server"),
    "a challenge with control characters": (challenge(b'Bearer realm="https://\x1b[31m\x07"'), "token server"),
    "a realm that is no URL": (challenge(b'Bearer realm="https://[::1"'), "token server"),
    "a realm without a port": (challenge(b'Bearer realm="https://x:y/"'), "token server"),
    "a pause that is no number": (saying(b"HTTP/1.1 503 x\r\nRetry-After: \xb2\r\n\r\n"), "503"),
    "a pause until no day": (saying(b"HTTP/1.1 503 x\r\nRetry-After: 99 Foo 99999999 99:99:99 +99999\r\n\r\n"), "503"),
    "a pause that is negative": (saying(b"HTTP/1.1 503 x\r\nRetry-After: -5\r\n\r\n"), "503"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_ends_soon_and_well(name: str) -> None:
    talk, message = HOSTILE[name]
    with server(talk) as host:
        start = time.monotonic()
        with pytest.raises(OcianalyzeError, match=message) as error:
            analyze(Source(reference=f"{host}/team/image:1.0", access=registry_access(plain_http=True, timeout=0.3)))
        assert time.monotonic() - start < 10
    line = error.value.one_line()
    assert line.isprintable()
    assert len(line) < 600
    assert "canary" not in line


def test_a_layer_that_fails_waits_for_no_other() -> None:
    """One layer is damaged while another one never ends: nobody waits for the latter."""
    image = build(fit_image(), compression="gzip")
    serve = serving_image(image)
    first = image.layers[0].stored
    content = first.content
    assert isinstance(content, bytes)

    def behave(seen: Seen) -> Answer | None:
        if seen.path.endswith(first.digest):
            return Answer(status=200, body=content[:-20] + bytes(20), delay=0.2)
        if any(seen.path.endswith(layer.stored.digest) for layer in image.layers):
            return Answer(status=200, body=bytes(10), headers={"Content-Length": "100"}, delay=20)
        return serve(seen)

    before = threading.active_count()
    with fault_proxy(None, behave) as proxy:
        start = time.monotonic()
        with pytest.raises(OcianalyzeError, match="layer 0"):
            analyze(Source(reference=f"{proxy.host}/x/y", access=registry_access(plain_http=True), jobs=3))
        end = time.monotonic() + 5
        while time.monotonic() < end and any(t.name.startswith("layer") for t in threading.enumerate()):
            time.sleep(0.02)
        assert not any(thread.name.startswith("layer") for thread in threading.enumerate())
        assert time.monotonic() - start < 10
    assert threading.active_count() <= before + 5
