"""Proxies: which requests go through one is what the usual variables say, and a real one passes them on."""

import base64
from pathlib import Path

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import RegistryError
from ocianalyze.sources.registry.proxies import proxy_for
from tests.sources.registry.conftest import Registries
from tests.support.forward_proxy import forward_proxy
from tests.support.registries import PASSWORD, USER, registry_access
from tests.support.tools import requires

PROXY = "http://proxy.example.com:3128"


@pytest.mark.parametrize(
    ("environment", "url", "expected"),
    [
        ({}, "https://a.example.com/", None),
        ({"HTTPS_PROXY": PROXY}, "https://a.example.com/", PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, "https://a.example.com/", PROXY),
        ({"HTTPS_PROXY": PROXY}, "http://a.example.com/", None),
        ({"HTTP_PROXY": PROXY}, "http://a.example.com/", PROXY),
        ({"ALL_PROXY": PROXY}, "https://a.example.com/", PROXY),
        ({"HTTPS_PROXY": "proxy.example.com:3128"}, "https://a.example.com/", PROXY),
    ],
)
def test_which_variable_counts(environment: dict[str, str], url: str, expected: str | None) -> None:
    assert proxy_for(url, environment) == expected


@pytest.mark.parametrize(
    ("exempt", "host", "is_exempt"),
    [
        ("*", "a.example.com", True),
        ("example.com", "a.example.com", True),
        ("example.com", "example.com", True),
        (".example.com", "a.example.com", True),
        (".example.com", "example.com", False),
        ("*.example.com", "a.example.com", True),
        ("ample.com", "example.com", False),
        ("b.org, Example.COM", "a.example.com:5000", True),
        ("example.com:5000", "a.example.com:5000", True),
        ("example.com:5000", "a.example.com", False),
        ("10.0.0.0/8", "10.1.2.3:5000", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.30", False),
        ("::1", "[::1]:5000", True),
        ("[::1]:5000", "[::1]:5000", True),
        ("fe80::/10", "[fe80::1]", True),
        ("10.0.0.0/99,x/8", "10.1.2.3", False),
        (",", "a.example.com", False),
    ],
)
def test_who_is_exempt(exempt: str, host: str, is_exempt: bool) -> None:  # noqa: FBT001
    environment = {"HTTPS_PROXY": PROXY, "NO_PROXY": exempt}
    assert proxy_for(f"https://{host}/v2/", environment) == (None if is_exempt else PROXY)


def test_a_kind_that_is_not_supported() -> None:
    with pytest.raises(RegistryError, match="socks5") as error:
        proxy_for("https://a.example.com/", {"ALL_PROXY": "socks5://user:canary@proxy.example.com"})
    assert "canary" not in error.value.one_line()


@requires("docker-registry", "skopeo", "openssl", "htpasswd")
def test_plain_requests_go_through(registries: Registries) -> None:
    host = registries().host
    with forward_proxy() as proxy:
        environment = {"HTTP_PROXY": f"http://us:secret@{proxy.host}"}
        access = registry_access(plain_http=True, environment=environment)
        analyze(Source(reference=f"{host}/team/image:1.0", access=access))
        assert {line.split("/v2/")[0] for line, _ in proxy.seen} == {f"GET http://{host}"}
        login = f"Basic {base64.b64encode(b'us:secret').decode()}"
        assert {headers["proxy-authorization"] for _, headers in proxy.seen} == {login}
        proxy.seen.clear()
        exempt = registry_access(plain_http=True, environment={**environment, "NO_PROXY": "127.0.0.0/8"})
        analyze(Source(reference=f"{host}/team/image:1.0", access=exempt))
        assert proxy.seen == []


@requires("docker-registry", "skopeo", "openssl", "htpasswd")
def test_tls_goes_through_a_tunnel_which_sees_nothing(registries: Registries, tmp_path: Path) -> None:
    registry = registries("htpasswd", tls=True)
    assert registry.authority is not None
    (tmp_path / "ca.crt").write_bytes(registry.authority.read_bytes())
    with forward_proxy() as proxy:
        access = registry_access(
            cert_dir=tmp_path,
            username=USER,
            password=PASSWORD,
            environment={"https_proxy": f"http://{proxy.host}"},
        )
        analyze(Source(reference=f"{registry.host}/team/image:1.0", access=access))
        assert {line for line, _ in proxy.seen} == {f"CONNECT {registry.host}"}
        assert not any("authorization" in headers for _, headers in proxy.seen)


def test_a_proxy_that_is_not_there() -> None:
    access = registry_access(environment={"HTTPS_PROXY": "http://us:canary@127.0.0.1:1"})
    with pytest.raises(RegistryError, match="proxy") as error:
        analyze(Source(reference="registry.example.com/team/image", access=access))
    assert "canary" not in repr(error.value) + error.value.one_line()
