"""Every header that is sent is recorded: no credential ever reaches another host than the one that it is for."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import AuthenticationError, OcianalyzeError, RegistryError
from ocianalyze.oci.repository import RepositoryName
from tests.support.fault_proxy import Answer, FaultProxy, Seen, fault_proxy
from tests.support.registries import registry_access

USER, PASSWORD = "canary-user", "canary-password"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
CONFIG = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}}).encode()


@pytest.fixture
def other() -> Iterator[FaultProxy]:
    """Another host, which would like to know."""
    with fault_proxy(
        None, lambda _: Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="tell me"'})
    ) as proxy:
        yield proxy


def secrets(*proxies: FaultProxy) -> list[str]:
    """Return what of the credentials the hosts got to see."""
    told = [f"{seen.path} {seen.headers}" for proxy in proxies for seen in proxy.seen]
    encoded = BASIC.removeprefix("Basic ")
    return [text for text in told if any(secret in text for secret in (encoded, PASSWORD, "canary-token"))]


def scan(host: str, **options: object) -> None:
    access = registry_access(plain_http=True, username=USER, password=PASSWORD, **options)
    analyze(Source(reference=f"{host}/team/image:1.0", access=access))


def challenge(realm: str) -> Answer:
    header = f'Bearer realm="{realm}",service="s",scope="repository:team/image:pull"'
    return Answer(status=401, headers={"WWW-Authenticate": header})


@pytest.mark.parametrize(
    "realm",
    [
        "http://{other}/token",
        "https://{other}/token",
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/token",
        "file:///etc/passwd",
        "http://user:pass@{own}/token",
        "//{other}/token",
        "",
        "https://",
        "http://{own}@{other}/token",
        "http://{other}#@{own}/token",
        "http://{own}.evil.example/token",
    ],
)
def test_a_realm_elsewhere_gets_nothing(other: FaultProxy, realm: str) -> None:
    with fault_proxy(None) as registry:
        registry.behaviour = lambda _: challenge(
            realm.format(other=other.host.replace("127.0.0.1", "localhost"), own=registry.host)
        )
        with pytest.raises(AuthenticationError) as error:
            scan(registry.host)
        assert secrets(other, registry) == []
        assert other.seen == []
        assert PASSWORD not in repr(error.value) + error.value.one_line()


def test_a_realm_on_the_registry_s_own_host_does() -> None:
    with fault_proxy(None) as registry:

        def behave(seen: Seen) -> Answer:
            if seen.path.startswith("/token"):
                return Answer(status=200, body=b'{"token": "canary-token", "expires_in": 300}')
            if seen.headers.get("authorization") == "Bearer canary-token":
                return Answer(status=404)
            return challenge(f"http://{registry.host}/token?extra=1")

        registry.behaviour = behave
        with pytest.raises(RegistryError, match="not found"):
            scan(registry.host)
        first, token, second, tags = registry.seen
        assert "authorization" not in first.headers
        assert token.headers["authorization"] == BASIC
        assert token.path == "/token?extra=1&scope=repository%3Ateam%2Fimage%3Apull&service=s"
        assert second.headers["authorization"] == tags.headers["authorization"] == "Bearer canary-token"
        assert tags.path == "/v2/team/image/tags/list?n=1000", "which tags there are, as one is not"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_loses_the_credentials(other: FaultProxy, status: int) -> None:
    with fault_proxy(None) as registry:

        def behave(seen: Seen) -> Answer:
            if "authorization" not in seen.headers:
                return Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            return Answer(status=status, headers={"Location": f"http://{other.host}/v2/team/image/manifests/1.0"})

        registry.behaviour = behave
        with pytest.raises(RegistryError, match="after a redirect from the registry"):
            scan(registry.host)
        assert len(other.seen) == 1, "its challenge is not answered"
        assert secrets(other) == []
        assert secrets(registry)


def test_a_redirect_back_is_to_the_registry_again(other: FaultProxy) -> None:
    with fault_proxy(None) as registry:
        other.behaviour = lambda _: Answer(status=307, headers={"Location": f"http://{registry.host}/back"})

        def behave(seen: Seen) -> Answer:
            if "authorization" not in seen.headers:
                return Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            if seen.path == "/back":
                return Answer(status=404)
            return Answer(status=307, headers={"Location": f"http://{other.host}/x"})

        registry.behaviour = behave
        with pytest.raises(RegistryError):
            scan(registry.host)
        assert secrets(other) == []


def test_the_token_server_s_redirects_are_refused(other: FaultProxy) -> None:
    with fault_proxy(None) as registry:

        def behave(seen: Seen) -> Answer:
            if seen.path.startswith("/token"):
                return Answer(status=307, headers={"Location": f"http://{other.host}/token"})
            return challenge(f"http://{registry.host}/token")

        registry.behaviour = behave
        with pytest.raises(RegistryError, match="token server"):
            scan(registry.host)
        assert other.seen == []


def test_urls_of_foreign_layers_are_not_visited(other: FaultProxy) -> None:
    layer = {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "digest": f"sha256:{'1' * 64}",
        "size": 10,
        "urls": [f"http://{other.host}/layer"],
    }
    config = json.loads(CONFIG)
    config["rootfs"]["diff_ids"] = [f"sha256:{'2' * 64}"]
    raw_config = json.dumps(config).encode()
    from hashlib import sha256

    digest = f"sha256:{sha256(raw_config).hexdigest()}"
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "digest": digest,
            "size": len(raw_config),
        },
        "layers": [layer],
    }

    def behave(seen: Seen) -> Answer:
        if "/manifests/" in seen.path:
            return Answer(
                status=200, headers={"Content-Type": str(manifest["mediaType"])}, body=json.dumps(manifest).encode()
            )
        if seen.path.endswith(digest):
            return Answer(status=200, body=raw_config)
        return Answer(status=404)

    with fault_proxy(None, behave) as registry:
        with pytest.raises(OcianalyzeError):
            scan(registry.host)
        assert other.seen == []


def test_netrc_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login canary-user password canary-password\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    with fault_proxy(None, lambda _: Answer(status=404)) as registry:
        with pytest.raises(RegistryError):
            analyze(Source(reference=f"{registry.host}/team/image", access=registry_access(plain_http=True)))
        assert secrets(registry) == []
        assert all("authorization" not in seen.headers for seen in registry.seen)


def test_credentials_given_by_hand_are_for_the_image_s_registry_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror is another registry: it has credentials of its own or none."""
    ask = Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
    with fault_proxy(None, lambda _: ask) as mirror, fault_proxy(None, lambda _: ask) as registry:
        auth = tmp_path / "auth.json"
        auth.write_text(json.dumps({"auths": {mirror.host: {"auth": base64.b64encode(b"mirror:mirror").decode()}}}))
        monkeypatch.setattr(RepositoryName, "api_host", property(lambda name: _at(registry.host, name)))
        with pytest.raises(AuthenticationError):
            scan("docker.io", mirror=f"http://{mirror.host}", authfile=auth)
        assert mirror.seen
        assert registry.seen
        assert secrets(mirror) == []
        assert secrets(registry)


def _at(host: str, name: RepositoryName) -> str:
    """Return where Docker Hub is in a test, and every other registry where it is."""
    return host if name.registry == "docker.io" else name.registry


def test_a_mirror_of_docker_hub_is_told_of_no_other_image() -> None:
    with fault_proxy(None, lambda _: Answer(status=404)) as mirror, fault_proxy(None) as registry:
        registry.behaviour = lambda _: Answer(status=404)
        with pytest.raises(RegistryError, match="not found"):
            scan(registry.host, mirror=f"http://{mirror.host}")
        assert registry.seen
        assert mirror.seen == []
