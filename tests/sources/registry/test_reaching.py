"""The ways to real registries: certificates, mirrors, what skopeo has logged in to, tokens that end on the way."""

import base64
import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.errors import AuthenticationError, RegistryError, UsageError
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.sources.registry.access import RegistryAccess
from tests.sources.registry.conftest import Registries
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.registries import PASSWORD, USER, Guard, registry_access
from tests.support.tools import requires, run
from tests.test_analysis import ABOUT_THE_SOURCE, comparable

pytestmark = requires("docker-registry", "skopeo", "openssl", "htpasswd")


def scan(reference: str, access: RegistryAccess) -> dict[str, Any]:
    source = Source(reference=reference, access=access)
    return comparable(analyze(source, Policy(ignore=ABOUT_THE_SOURCE)).model_dump(by_alias=True))


@pytest.fixture(scope="module")
def expected(archive: Path) -> dict[str, Any]:
    return scan(str(archive), registry_access())


# --- certificates -----------------------------------------------------------------------------------------------------


def test_a_registry_that_wants_to_know_us(registries: Registries, tmp_path: Path, expected: dict[str, Any]) -> None:
    registry = registries(mutual=True)
    assert registry.cert_dir is not None
    reference = f"{registry.host}/team/image:1.0"
    assert scan(reference, registry_access(cert_dir=registry.cert_dir)) == expected
    (tmp_path / "ca.crt").write_bytes((registry.cert_dir / "ca.crt").read_bytes())
    with pytest.raises(RegistryError):
        scan(reference, registry_access(cert_dir=tmp_path))
    home = tmp_path / "home"
    found = home / ".config/containers/certs.d" / registry.host
    found.parent.mkdir(parents=True)
    found.symlink_to(registry.cert_dir)
    assert scan(reference, registry_access(environment={"HOME": str(home)})) == expected


def test_certificates_that_cannot_be_used(registries: Registries, tmp_path: Path) -> None:
    registry = registries(mutual=True)
    assert registry.cert_dir is not None
    reference = f"{registry.host}/team/image:1.0"
    for name in ("ca.crt", "client.cert"):
        (tmp_path / name).write_bytes((registry.cert_dir / name).read_bytes())
    with pytest.raises(RegistryError, match="no key"):
        scan(reference, registry_access(cert_dir=tmp_path))
    run(
        *("openssl", "rsa", "-aes128", "-passout", "pass:secret"),
        *("-in", registry.cert_dir / "client.key", "-out", tmp_path / "client.key"),
    )
    with pytest.raises(RegistryError, match="has a password"):
        scan(reference, registry_access(cert_dir=tmp_path))
    (tmp_path / "client.key").write_text("no key")
    with pytest.raises(RegistryError, match="cannot be used"):
        scan(reference, registry_access(cert_dir=tmp_path))
    with pytest.raises(RegistryError, match="cannot be read"):
        scan(reference, registry_access(cert_dir=tmp_path / "missing"))
    alone = tmp_path / "client.cert"
    with pytest.raises(RegistryError, match=r"client\.cert: no certificate with its key") as error:
        scan(reference, registry_access(client=(alone, alone)))
    assert "--client-key" in str(error.value.hint)


# --- credentials ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("guard", ["htpasswd", "token"])
def test_what_skopeo_logged_in_to(
    registries: Registries,
    guard: Guard,
    tmp_path: Path,
    expected: dict[str, Any],
) -> None:
    """`skopeo login` writes the file; we find it where skopeo would."""
    host = registries(guard).host
    file = tmp_path / "run/containers/auth.json"
    login = ("skopeo", "login", "--tls-verify=false", "--username", USER, "--password-stdin")
    run(*login, "--authfile", file, host, stdin=PASSWORD.encode())
    access = registry_access(plain_http=True, environment={"XDG_RUNTIME_DIR": str(tmp_path / "run")})
    assert scan(f"{host}/team/image:1.0", access) == expected


def test_a_login_is_for_one_host(registries: Registries) -> None:
    """As CI sets it for everything: it goes to the host that it was set for, and to no other."""
    host = registries("htpasswd").host
    access = registry_access(username=USER, password=PASSWORD, plain_http=True, login_host=host)
    scan(f"{host}/team/image:1.0", access)
    with pytest.raises(AuthenticationError, match="without credentials"):
        scan(f"{host}/team/image:1.0", replace(access, login_host="registry.example.com"))


def test_tokens_that_end_on_the_way(registries: Registries, expected: dict[str, Any]) -> None:
    """Each token lives for a second, the layers take longer, and the connection is cut often."""
    refused: list[str] = []
    issued: list[str] = []
    lock = threading.Lock()
    with fault_proxy(registries().host) as proxy:

        def behave(seen: Seen) -> Answer | None:
            if seen.path.startswith("/token"):
                with lock:
                    issued.append(f"{time.monotonic()}")
                    body = json.dumps({"token": issued[-1], "expires_in": 1}).encode()
                return Answer(status=200, body=body)
            token = seen.headers.get("authorization", "").removeprefix("Bearer ")
            if not token or time.monotonic() > float(token) + 1:
                refused.append(seen.path)
                header = f'Bearer realm="http://{proxy.host}/token",service="s"'
                return Answer(status=401, headers={"WWW-Authenticate": header})
            return Answer(cut_after=100_000, delay=0.2) if seen.is_blob else None

        proxy.behaviour = behave
        assert scan(f"{proxy.host}/team/image:1.0", registry_access(plain_http=True)) == expected
    assert len(issued) > 2
    assert len(refused) <= len(issued), "each is renewed in time, or once it is refused"


# --- mirrors ----------------------------------------------------------------------------------------------------------


def test_a_mirror_is_asked_first(registries: Registries, expected: dict[str, Any]) -> None:
    with fault_proxy(registries().host) as mirror:
        access = registry_access(mirror=f"http://{mirror.host}")
        assert scan("team/image:1.0", access) == expected
        assert mirror.blobs


def test_a_mirror_that_lacks_the_image_or_is_down_is_passed_over(
    registries: Registries, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = "team/image:1.0"
    hub = registries().host
    monkeypatch.setattr(
        RepositoryName, "api_host", property(lambda name: hub if name.registry == "docker.io" else name.registry)
    )
    with fault_proxy(None, lambda _: Answer(status=404)) as mirror:
        assert scan(reference, registry_access(plain_http=True, mirror=f"http://{mirror.host}/cache")) == expected
        assert [seen.path for seen in mirror.seen] == ["/v2/cache/team/image/manifests/1.0"]
    assert scan(reference, registry_access(plain_http=True, mirror="http://127.0.0.1:1")) == expected


def test_a_mirror_is_one_of_docker_hub_and_not_asked_for_other_images(
    registries: Registries, expected: dict[str, Any]
) -> None:
    with fault_proxy(None, lambda _: Answer(status=404)) as mirror:
        access = registry_access(plain_http=True, mirror=f"http://{mirror.host}")
        assert scan(f"{registries().host}/team/image:1.0", access) == expected
        assert mirror.seen == []


@pytest.mark.parametrize("mirror", ["", "ftp://mirror.example.com", "mirror", "http://", "a b.example.com", "x/y"])
def test_what_is_no_mirror(mirror: str) -> None:
    with pytest.raises(UsageError, match="invalid mirror"):
        scan("registry.invalid/team/image", registry_access(mirror=mirror))


def test_an_origin_is_compared_as_such() -> None:
    """A host in capitals, or with the scheme's own port, is still the registry itself: it gets its credentials."""
    from ocianalyze.sources.registry.access import HostAccess
    from ocianalyze.sources.registry.transport import Transport

    for host, origin in (
        ("Registry.Example.COM:443", "https://registry.example.com"),
        ("[::1]:80", "https://[::1]:80"),
    ):
        transport = Transport(host, HostAccess(), registry_access())
        assert transport.origin == origin
        transport.close()
    with fault_proxy(None) as registry:
        port = registry.host.partition(":")[2]
        login = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        ask = Answer(status=401, headers={"WWW-Authenticate": "Basic realm=x"})
        registry.behaviour = lambda seen: Answer(status=404) if seen.headers.get("authorization") == login else ask
        access = registry_access(plain_http=True, username=USER, password=PASSWORD)
        with pytest.raises(RegistryError, match="not found"):
            scan(f"LOCALHOST:{port}/team/image", access)
