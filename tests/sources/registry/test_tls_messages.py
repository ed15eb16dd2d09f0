"""Each way in which TLS fails has its own message, which says what to do."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ocianalyze.analysis import Source
from ocianalyze.errors import RegistryError
from ocianalyze.sources.registry import retries
from ocianalyze.sources.registry.connections.peer import Peer
from tests.support.authorities import Authority, serving_with
from tests.support.fault_proxy import Answer, fault_proxy
from tests.support.forward_proxy import forward_proxy
from tests.support.registries import registry_access
from tests.support.tools import requires, run

pytestmark = requires("openssl")


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "ATTEMPTS", 2)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("root"))


def message(host: str, **options: object) -> str:
    """Return what is said when an image of a host is asked for."""
    with (
        pytest.raises(RegistryError) as error,
        Source(reference=f"{host}/team/image:1.0", access=registry_access(**options)).open(),
    ):
        pass
    line = error.value.one_line()
    assert line.isprintable()
    assert "SSL" not in line.replace("SSL_CERT", "")
    return line


@pytest.mark.parametrize(
    ("issued", "said"),
    [
        ({"begins": "20200101000000Z", "ends": "20210203000000Z"}, ("expired on 2021-02-03", "Renew it")),
        ({"begins": "20700101000000Z", "ends": "20710101000000Z"}, ("is not valid before 2070-01-01", "clock")),
        (
            {"names": "DNS:registry.example.com,DNS:*.example.org,IP:192.0.2.1"},
            ("is not for 127.0.0.1, but for registry.example.com, *.example.org, 192.0.2.1", "Use a name"),
        ),
        ({"names": ",".join(f"DNS:h{n}.example.com" for n in range(40))}, ("h4.example.com and 35 more",)),
    ],
)
def test_certificates(root: Authority, tmp_path: Path, issued: dict[str, str], said: tuple[str, ...]) -> None:
    leaf = Authority(tmp_path, "middle", root).issue("leaf", **issued)
    with fault_proxy(None, tls=serving_with(*leaf)) as registry:
        line = message(registry.host, ca_files=(tmp_path / "authority-middle/middle.crt",))
        assert all(word in line for word in said), line
        assert registry.seen == [], "whoever is looked at is sent nothing"


def test_an_authority_that_is_unknown(root: Authority) -> None:
    with fault_proxy(None, tls=serving_with(*root.issue("leaf"))) as registry:
        line = message(registry.host)
        assert "was issued by 'root of the tests', which is unknown here" in line
        assert "--ca-file" in line
        port = registry.host.partition(":")[2]
        with forward_proxy(registry=registry.host) as proxy:
            line = message(f"registry.invalid:{port}", environment={"HTTPS_PROXY": f"http://{proxy.host}"})
        assert f"(through the proxy {proxy.host}) is not trusted: it was issued by 'root of the tests'" in line
        assert "If the proxy inspects TLS" in line
        assert registry.seen == []


def test_a_server_without_tls() -> None:
    with fault_proxy(None, lambda _: Answer(status=200)) as registry:
        line = message(registry.host)
        assert "does not speak TLS" in line
        assert "--plain-http" in line


def test_a_server_with_tls_where_none_was_expected(root: Authority) -> None:
    """Go, nginx and Apache answer in plain HTTP; others with an alert, or not at all."""
    for body in (
        b"Client sent an HTTP request to an HTTPS server.\n",
        b"<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head>",
        b"<html>Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
    ):
        with fault_proxy(None, lambda _, body=body: Answer(status=400, body=body)) as registry:  # type: ignore[misc]
            line = message(registry.host, plain_http=True)
            assert "speaks TLS" in line
            assert "Remove --plain-http" in line
    for answer in (b"\x15\x03\x03\x00\x02\x02\x0a", b"\x15\x03\x01\x00\x02\x02\x46\n"):
        with saying(lambda connection, answer=answer: connection.sendall(answer)) as host:  # type: ignore[misc]
            assert "speaks TLS" in message(host, plain_http=True, timeout=5)
    with fault_proxy(None, tls=serving_with(*root.issue("leaf"))) as registry:
        assert "remove --plain-http" in message(registry.host, plain_http=True, timeout=5).replace("Remove", "remove")


def test_a_port_that_sends_us_to_tls(root: Authority) -> None:
    """As nginx does for its status 497: on one port, it redirects who comes without TLS, and wants a login with it."""
    context = serving_with(*root.issue("both"))

    def talk(connection: socket.socket) -> None:
        if connection.recv(1, socket.MSG_PEEK) == b"\x16":
            with context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(1 << 16)
                secure.sendall(b"HTTP/1.1 401 x\r\nContent-Length: 0\r\nWWW-Authenticate: Basic\r\n\r\n")
                return
        connection.recv(1 << 16)
        place = f"https://{host}/v2/team/image/manifests/1.0".encode()
        connection.sendall(b"HTTP/1.1 301 x\r\nContent-Length: 0\r\nLocation: " + place + b"\r\n\r\n")

    with saying(talk, listens=False) as host:
        line = message(host, plain_http=True, ca_files=(root.certificate,))
        assert f"https://{host} returned status 401 after a redirect from the registry http://{host}" in line
        assert "Remove --plain-http" in line


def test_a_certificate_that_is_demanded(root: Authority, tmp_path: Path) -> None:
    newest = serving_with(*root.issue("leaf"), asks=root.certificate, demands=True)
    older = serving_with(*root.issue("leaf2"), asks=root.certificate, demands=True)
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    wrong = Authority(tmp_path, "wrong").issue("client")
    for context in (newest, older):
        with fault_proxy(None, lambda _: Answer(status=404), tls=context) as registry:
            assert "client certificate" in message(registry.host, ca_files=(root.certificate,))
            line = message(registry.host, ca_files=(root.certificate,), client=wrong)
            assert "does not accept the client certificate" in line
    body = b"<html><head><title>400 No required SSL certificate was sent</title></head></html>"
    context = serving_with(*root.issue("nginx"))
    with fault_proxy(None, lambda _: Answer(status=400, body=body), tls=context) as registry:
        assert "requires a client certificate" in message(registry.host, ca_files=(root.certificate,))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
def test_a_version_that_is_too_old(root: Authority) -> None:
    context = serving_with(*root.issue("leaf"))
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with fault_proxy(None, tls=context) as registry:
        assert "versions of TLS that are too old" in message(registry.host, ca_files=(root.certificate,))


def test_a_server_that_never_ends_the_handshake() -> None:
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"\x16\x03\x03\x40\x00")
        while not stop.wait(0.05):
            connection.sendall(b"\x00")

    with saying(drip) as host:
        assert "nothing came for 0.4 seconds" in message(host, timeout=0.4)
        stop.set()


@contextmanager
def saying(talk: Callable[[socket.socket], object], *, listens: bool = True) -> Iterator[str]:
    """Run a server that says to everyone what `talk` says, once it has heard something if it `listens`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                if listens:
                    connection.recv(1 << 16)
                talk(connection)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


# --- what a certificate says ------------------------------------------------------------------------------------------


def test_a_certificate_is_read_as_openssl_reads_it(root: Authority) -> None:
    times = {"begins": "20491231235959Z", "ends": "20500101000000Z"}
    leaf, _ = root.issue("leaf3", names="DNS:a.example.com,IP:2001:db8::1,email:x@example.com", **times)
    peer = Peer.from_der(run("openssl", "x509", "-in", leaf, "-outform", "DER"))
    assert peer == Peer(
        issuer="root of the tests",
        subject="leaf3 of the tests",
        names=("a.example.com", "2001:db8::1"),
        begins=datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC),
        ends=datetime(2050, 1, 1, tzinfo=UTC),
    )


def test_what_is_no_certificate(root: Authority) -> None:
    der = run("openssl", "x509", "-in", root.certificate, "-outform", "DER")
    for length in range(0, len(der), 7):
        assert Peer.from_der(der[:length]) is None
    for position in range(len(der)):
        for value in (0x00, 0x80, 0xFF):
            peer = Peer.from_der(der[:position] + bytes((value,)) + der[position + 1 :])
            assert peer is None or isinstance(peer.issuer, str)
