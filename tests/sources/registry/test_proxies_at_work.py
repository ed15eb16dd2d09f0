"""Real proxies pass requests on, or refuse to: then the message names the proxy and says what it answered."""

import base64
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import RegistryError
from tests.sources.registry.conftest import Registries
from tests.support.authorities import Authority, serving_with
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.fit import fit_image
from tests.support.forward_proxy import forward_proxy
from tests.support.images import BuiltImage, build
from tests.support.registries import PASSWORD, USER, free_port, registry_access
from tests.support.served import serving_image
from tests.support.tools import requires


@pytest.fixture(scope="module")
def image() -> BuiltImage:
    return build(fit_image(), compression="gzip")


def scan(host: str, **options: object) -> None:
    analyze(Source(reference=f"{host}/team/image:1.0", access=registry_access(**options)))


def failing(host: str, **options: object) -> str:
    with pytest.raises(RegistryError) as error:
        scan(host, **options)
    line = error.value.one_line()
    assert "canary" not in repr(error.value) + line
    assert line.isprintable()
    return line


# --- proxies of HTTP --------------------------------------------------------------------------------------------------


def test_plain_requests_go_through(image: BuiltImage) -> None:
    with fault_proxy(None, serving_image(image)) as registry, forward_proxy(registry=registry.host) as proxy:
        environment = {"HTTP_PROXY": f"http://us:secr%40et@{proxy.host}"}
        scan("registry.invalid", plain_http=True, environment=environment)
        assert {line.split("/v2/")[0] for line, _ in proxy.seen} == {"GET http://registry.invalid"}
        login = f"Basic {base64.b64encode(b'us:secr@et').decode()}"
        assert {headers["proxy-authorization"] for _, headers in proxy.seen} == {login}
        assert not any("proxy-authorization" in seen.headers for seen in registry.seen)
        proxy.seen.clear()
        scan(registry.host, plain_http=True, environment=environment)
        assert proxy.seen == [], "nobody asks a proxy for this machine"
        scan(registry.host, plain_http=True, proxy=f"http://{proxy.host}")
        assert proxy.seen, "unless that is wanted"


def test_the_storage_is_asked_through_the_same_proxy(image: BuiltImage) -> None:
    serve = serving_image(image)

    def leading(seen: Seen) -> Answer | None:
        away = Answer(status=307, headers={"Location": f"http://storage.invalid{seen.path}"})
        return away if seen.is_blob else serve(seen)

    with (
        fault_proxy(None, leading) as registry,
        fault_proxy(None, serve) as storage,
        forward_proxy(registry=registry.host, storage=storage.host) as proxy,
    ):
        scan("registry.invalid", plain_http=True, proxy=f"http://{proxy.host}")
        assert storage.seen
        line = failing(
            "registry.invalid",
            plain_http=True,
            proxy=f"http://{proxy.host}",
            environment={"NO_PROXY": "registry.invalid,storage.invalid"},
        )
        assert "cannot resolve the host name storage.invalid" in line


@requires("docker-registry", "skopeo", "openssl", "htpasswd")
def test_tls_goes_through_a_tunnel_which_sees_nothing(registries: Registries, tmp_path: Path) -> None:
    registry = registries("htpasswd", tls=True)
    assert registry.authority is not None
    (tmp_path / "ca.crt").write_bytes(registry.authority.read_bytes())
    with forward_proxy() as proxy:
        login = {"cert_dir": tmp_path, "username": USER, "password": PASSWORD}
        scan(registry.host, **login, proxy=f"http://{proxy.host}")
        assert {line for line, _ in proxy.seen} == {f"CONNECT {registry.host}"}
        assert not any("authorization" in headers for _, headers in proxy.seen)
        assert len(proxy.seen) <= 4, "connections are kept"


@requires("openssl")
def test_a_proxy_that_is_talked_to_with_tls(image: BuiltImage, tmp_path: Path) -> None:
    root = Authority(tmp_path)
    certificate = root.issue("both")
    with (
        fault_proxy(None, serving_image(image), tls=serving_with(*certificate)) as registry,
        fault_proxy(None, serving_image(image)) as plain,
        forward_proxy(tls=serving_with(*certificate)) as proxy,
        forward_proxy() as without,
    ):
        scan(registry.host, ca_files=(root.certificate,), proxy=f"https://{proxy.host}")
        scan(plain.host, plain_http=True, ca_files=(root.certificate,), proxy=f"https://{proxy.host}")
        line = failing(registry.host, tls_verify=False, proxy=f"https://u:canary@{proxy.host}")
        assert f"certificate of the proxy {proxy.host}" in line
        assert "not trusted" in line
        line = failing(registry.host, ca_files=(root.certificate,), proxy=f"https://{without.host}")
        assert f"the proxy {without.host} does not speak TLS" in line


REFUSALS = [
    (407, {"Proxy-Authenticate": 'Basic realm="x"'}, ("rejected the login (Basic)", "status 407", "user name")),
    (407, {"Proxy-Authenticate": "NTLM"}, ("requires a login (NTLM)", "cntlm")),
    (407, {"Proxy-Authenticate": "Negotiate, NTLM"}, ("requires a login (Negotiate, NTLM)",)),
    (407, {}, ("status 407",)),
]


@pytest.mark.parametrize(("status", "headers", "said"), REFUSALS)
def test_a_proxy_that_wants_a_login(status: int, headers: dict[str, str], said: tuple[str, ...]) -> None:
    with forward_proxy() as proxy:
        proxy.refusal = status, headers, b"<html>Access denied</html>"
        url = f"http://user:canary@{proxy.host}"
        for options in ({"plain_http": True, "environment": {"HTTP_PROXY": url}}, {"environment": {"ALL_PROXY": url}}):
            line = failing("registry.invalid", **options)
            assert all(word in line for word in (f"the proxy {proxy.host}", "registry.invalid", *said)), line
        assert len(proxy.seen) == 2, "it is asked once each"


@pytest.mark.parametrize("status", [403, 502, 503])
def test_a_proxy_that_refuses_the_way(status: int) -> None:
    with forward_proxy() as proxy:
        proxy.refusal = status, {}, b"<html><title>Blocked by policy</title></html>"
        line = failing("registry.invalid", environment={"HTTPS_PROXY": f"http://{proxy.host}"})
        what = "refused to connect to" if status == 403 else "could not reach"
        assert f"the proxy {proxy.host} {what} https://registry.invalid (status {status})" in line
        assert "NO_PROXY" in line


def test_a_proxy_that_answers_by_itself() -> None:
    with forward_proxy() as proxy:
        environment = {"HTTP_PROXY": f"http://{proxy.host}"}
        for status in (200, 403):
            proxy.refusal = status, {"Content-Type": "text/html"}, b"<HTML><title>Blocked &amp; logged</title></HTML>"
            line = failing("registry.invalid", plain_http=True, environment=environment)
            assert f"through the proxy {proxy.host}" in line
            assert "a web page, 'Blocked & logged'" in line


def test_a_proxy_that_cannot_be_used() -> None:
    for proxy, said in (
        ("http://us:canary@127.0.0.1:1", "the proxy 127.0.0.1:1 refused the connection"),
        ("http://us:canary@proxy.invalid:1", "the proxy proxy.invalid:1 has a host name that cannot be resolved"),
        ("socks5h://us:canary@127.0.0.1:1", "the proxy 127.0.0.1:1 refused the connection"),
        ("socks5h://us:canary@proxy.invalid:1", "the proxy proxy.invalid:1 has a host name that cannot be resolved"),
    ):
        for plain in (True, False):
            assert said in failing("registry.invalid", plain_http=plain, environment={"ALL_PROXY": proxy})
    with fault_proxy(None, lambda _: Answer(status=400)) as server:
        line = failing("registry.invalid", environment={"ALL_PROXY": f"socks5h://{server.host}"}, timeout=1)
        assert f"the proxy {server.host} does not answer in SOCKS: connection timed out" in line
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            listener.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        line = failing("registry.invalid", environment={"ALL_PROXY": f"socks5h://{address}"})
        assert f"the proxy {address} does not speak this version of SOCKS" in line


# --- proxies of SOCKS -------------------------------------------------------------------------------------------------


@contextmanager
def microsocks(*options: str) -> Iterator[str]:
    """Run Debian's SOCKS5 server."""
    port = free_port()
    process = subprocess.Popen(["microsocks", "-i", "127.0.0.1", "-p", str(port), *options], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@requires("microsocks", "openssl")
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_socks(image: BuiltImage, tmp_path: Path, scheme: str) -> None:
    root = Authority(tmp_path)
    context = serving_with(*root.issue("leaf"))
    with (
        microsocks("-u", "user", "-P", "se cret") as proxy,
        fault_proxy(None, serving_image(image)) as plain,
        fault_proxy(None, serving_image(image), tls=context) as secure,
    ):
        url = f"{scheme}://user:se%20cret@{proxy}"
        scan(plain.host.replace("127.0.0.1", "localhost"), plain_http=True, proxy=url)
        scan(secure.host, ca_files=(root.certificate,), proxy=url)
        line = failing(secure.host, proxy=url)
        assert f"(through the proxy {proxy}) is not trusted: it was issued by" in line
        line = failing(secure.host, proxy=f"{scheme}://user:canary@{proxy}")
        assert f"the proxy {proxy} requires another login" in line
        line = failing("127.0.0.1:1", proxy=url)
        assert f"the proxy {proxy} cannot reach https://127.0.0.1:1" in line


@requires("microsocks")
def test_who_resolves_names() -> None:
    """``socks5h`` leaves it to the proxy, which here knows no such name either, and says so for itself."""
    with microsocks() as proxy:
        line = failing("registry.invalid", environment={"ALL_PROXY": f"socks5h://{proxy}"})
        assert f"the proxy {proxy} cannot reach https://registry.invalid" in line
        line = failing("registry.invalid", environment={"ALL_PROXY": f"socks5://{proxy}"})
        assert "cannot resolve the host name registry.invalid" in line
