"""containerd's hosts.toml: who is asked for what, under which path, and with which certificates and headers."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import UsageError
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.sources.registry.access import HostAccess, HostSettings
from ocianalyze.sources.registry.endpoints import Endpoint, endpoints
from ocianalyze.sources.registry.login.credentials import Credentials
from ocianalyze.sources.registry.mirrors.registries_conf import RegistriesConf
from tests.sources.registry.conftest import IMAGE
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.images import build
from tests.support.registries import registry_access
from tests.support.served import serving_image
from tests.support.tools import as_nobody

HUB_LOGIN = json.dumps({"auths": {"docker.io": {"auth": base64.b64encode(b"me:canary").decode()}}})


def asked(home: Path, name: str) -> list[Endpoint]:
    """Return where an image is asked for, for a user whose home is `home`."""
    access = registry_access(environment={"HOME": str(home)})
    return endpoints(RepositoryName.parse(name), RegistriesConf(access.environment), access)


def write(home: Path, host: str, text: str) -> Path:
    """Write the file for a host."""
    path = home / ".config" / "containerd" / "certs.d" / host / "hosts.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


HUB = """
server = "https://registry-1.docker.io"

[host."https://mirror.example.com"]
  capabilities = ["pull", "resolve"]
[host."http://10.0.0.1:5000/cache"]
  capabilities = ["pull"]
[host."https://harbor.example.com/v2/hub-proxy"]
  override_path = true
  skip_verify = true
  ca = ["harbor.crt", "/etc/ssl/other.crt"]
  client = [["client.cert", "client.key"]]
  [host."https://harbor.example.com/v2/hub-proxy".header]
    x-one = "1"
    x-two = ["a", "b"]
"""


def test_hosts_are_asked_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "docker.io", HUB)
    first, second, third, server = asked(tmp_path, "ubuntu:24.04")
    assert [str(one) for one in (first, second, third, server)] == [
        "https://mirror.example.com", "http://10.0.0.1:5000/cache", "https://harbor.example.com/v2/hub-proxy",
        "https://registry-1.docker.io",
    ]  # fmt: skip
    assert [one.path("manifests", "24.04") for one in (first, second, third, server)] == [
        "/v2/library/ubuntu/manifests/24.04?ns=docker.io",
        "/cache/v2/library/ubuntu/manifests/24.04?ns=docker.io",
        "/v2/hub-proxy/library/ubuntu/manifests/24.04?ns=docker.io",
        "/v2/library/ubuntu/manifests/24.04",
    ]
    assert [one.resolves for one in (first, second, third, server)] == [True, False, True, True]
    assert [one.is_mirror for one in (first, second, third, server)] == [True, True, True, False]
    assert (third.how.tls_verify, third.how.headers) == (False, {"x-one": "1", "x-two": "a, b"})
    assert third.how.ca_files == (path.parent / "harbor.crt", Path("/etc/ssl/other.crt"))
    assert third.how.client == (path.parent / "client.cert", path.parent / "client.key")
    assert first.how.tls_verify
    assert not first.how.headers


def test_which_directory_counts(tmp_path: Path) -> None:
    write(tmp_path, "_default", 'server = "https://all.example.com"')
    write(tmp_path, "example.com_5000_", 'server = "https://inside.example.com"\nskip_verify = true')
    write(tmp_path, "example.com", "[host.'one.example.com']")
    assert [str(one) for one in asked(tmp_path, "example.com:5000/x")] == ["https://inside.example.com"]
    assert [str(one) for one in asked(tmp_path, "example.com/x")] == ["https://one.example.com", "https://example.com"]
    assert [str(one) for one in asked(tmp_path, "other.example.com/x")] == ["https://all.example.com"]
    (only,) = asked(tmp_path, "example.com:5000/x")
    assert (only.how.tls_verify, only.is_mirror, only.namespace) == (False, False, "example.com:5000")


def test_what_is_said_of_a_host_counts_for_that_host_alone(tmp_path: Path) -> None:
    """Who answers instead of a registry is reached as settings say of it, not as they say of the registry."""
    write(tmp_path, "example.com", 'server = "inside.example.net"\nskip_verify = true\n[host."one.example.net"]')
    hosts = {
        "example.com": HostSettings(client=(Path("a"), Path("b")), allowed_realms=("a.example",), plain_http=True),
        "inside.example.net": HostSettings(tls_verify=True, timeout=5.0),
    }
    access = registry_access(environment={"HOME": str(tmp_path)}, hosts=hosts)
    one, own = endpoints(RepositoryName.parse("example.com/x"), RegistriesConf(access.environment), access)
    assert one.how == HostAccess(attempts=2)
    assert own.how == HostAccess(timeout=5.0)


def test_one_file_may_be_certificate_and_key(tmp_path: Path) -> None:
    path = write(tmp_path, "example.com", 'client = "both.pem"\nca = "ca.crt"')
    (own,) = asked(tmp_path, "example.com/x")
    assert own.how.client == (path.parent / "both.pem", path.parent / "both.pem")
    assert own.how.ca_files == (path.parent / "ca.crt",)


def test_a_mirror_without_a_domain_is_not_docker_hub(tmp_path: Path) -> None:
    """Who has a name that no image could have gets no login of Docker Hub, where such names are images."""
    write(tmp_path, "docker.io", "[host.'http://mirror']\n[host.'http://my_mirror:5000']\n[host.'index.docker.io']")
    environment = {"HOME": str(tmp_path), "DOCKER_AUTH_CONFIG": HUB_LOGIN}
    access = registry_access(environment=environment, username="me", password="canary")  # noqa: S106
    for given, of_hub in ((access, "the given"), (replace(access, username=None), "the entry docker.io")):
        one, two, three, server = endpoints(RepositoryName.parse("ubuntu"), RegistriesConf(environment), given)
        assert [place.name.registry for place in (one, two, three, server)] == [
            "mirror", "my_mirror:5000", "docker.io", "docker.io",
        ]  # fmt: skip
        credentials = Credentials(given, own=server.name.registry)
        assert [credentials.find(place.name) for place in (one, two)] == [None, None]
        assert str(credentials.find(server.name)).find(of_hub) > 0
        assert one.path("manifests", "1") == "/v2/library/ubuntu/manifests/1?ns=docker.io"


def test_an_address_of_ipv6(tmp_path: Path) -> None:
    write(tmp_path, "[::1]_5000_", "[host.'one.example.net']")
    assert [one.host for one in asked(tmp_path, "[::1]:5000/x")] == ["one.example.net", "[::1]:5000"]


def test_a_directory_that_is_not_for_us_is_passed_over() -> None:
    """Root's containerd may keep its files to itself."""
    with TemporaryDirectory() as directory:
        home = Path(directory)
        place = write(home, "example.com", "[host.'one.example.net']").parent
        write(home, "_default", "[host.'two.example.net']")
        for parent in (home, home / ".config", home / ".config" / "containerd", place.parent):
            parent.chmod(0o755)
        with as_nobody():
            assert len(asked(home, "example.com/x")) == 2
        place.chmod(0)
        with as_nobody():
            assert [one.host for one in asked(home, "example.com/x")] == ["two.example.net", "example.com"]
        place.chmod(0o755)
        (place / "hosts.toml").chmod(0)
        with as_nobody():
            assert [one.host for one in asked(home, "example.com/x")] == ["two.example.net", "example.com"]
        place.parent.chmod(0)
        with as_nobody():
            assert [one.host for one in asked(home, "example.com/x")] == ["example.com"]
        place.parent.chmod(0o755)
        place.chmod(0o755)


def test_what_a_mirror_gave_before_it_broke_off_is_told(tmp_path: Path) -> None:
    image = build(IMAGE, compression="gzip")
    large = max(image.layers, key=lambda layer: layer.stored.size).stored
    serve = serving_image(image)

    def break_off(seen: Seen) -> Answer | None:
        answer = serve(replace(seen, path=seen.path.partition("?")[0]))
        if answer is None or large.digest not in seen.path:
            return Answer(status=404)
        answer.cut_after = 100_000
        return answer

    with (
        fault_proxy(None, break_off) as mirror,
        fault_proxy(None, serve) as registry,
    ):
        file = f"server = 'http://{registry.host}'\n[host.'http://{mirror.host}']\ncapabilities = ['pull']\n"
        write(tmp_path, f"{registry.host.replace(':', '_')}_", file)
        access = registry_access(environment={"HOME": str(tmp_path)}, warn=lambda _: None)
        report = analyze(Source(reference=f"{registry.host}/team/image:1.0", access=access))
    assert set(report.image.read_from) == {f"http://{mirror.host}", f"http://{registry.host}"}


WRONG = [
    ("[host.'ftp://example.com']", "invalid host 'ftp://example.com'"),
    ("[host.'https://user:canary@example.com']", "invalid host"),
    ("[host.'https://:canary@example.com']", "invalid host"),
    ("[host.'https://example.com']\ncapabilities = ['pul']", "unknown capability 'pul'"),
    ("[host.'https://example.com']\nskip_verify = 1", "skip_verify: must be a valid boolean"),
    ("[host.'https://example.com'.header]\nX = 'canary…'", "invalid header 'X', or an invalid value of it$"),
    ('[host."https://example.com".header]\nX = "a\\r\\nY: canary"', "invalid header 'X', or an invalid value of it$"),
    ("[header]\n'A b' = 'canary'", "invalid header 'A b'"),
    ("server = 5", "server: must be a valid string"),
    ("server", "not valid TOML"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_cannot_be_followed(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, "example.com", text)
    with pytest.raises(UsageError, match=message) as error:
        asked(tmp_path, "example.com/x")
    assert str(path) in error.value.message
    assert "canary" not in error.value.one_line()
