"""containerd's hosts.toml: who is asked for what, under which path, and with which certificates and headers."""

from pathlib import Path

import pytest

from ocianalyze.errors import UsageError
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.sources.registry.endpoints import Endpoint, endpoints
from ocianalyze.sources.registry.mirrors.registries_conf import RegistriesConf
from tests.support.registries import registry_access

DIGEST = f"sha256:{'a' * 64}"


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


def test_one_file_may_be_certificate_and_key(tmp_path: Path) -> None:
    path = write(tmp_path, "example.com", 'client = "both.pem"\nca = "ca.crt"')
    (own,) = asked(tmp_path, "example.com/x")
    assert own.how.client == (path.parent / "both.pem", path.parent / "both.pem")
    assert own.how.ca_files == (path.parent / "ca.crt",)


WRONG = [
    ("[host.'ftp://example.com']", "invalid host 'ftp://example.com'"),
    ("[host.'https://user:canary@example.com']", "invalid host"),
    ("[host.'https://example.com']\ncapabilities = ['pul']", "unknown capability 'pul'"),
    ("[host.'https://example.com']\nskip_verify = 1", "skip_verify: must be a valid boolean"),
    ("server = 5", "server: must be a valid string"),
    ("server", "not valid TOML"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_cannot_be_followed(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, "example.com", text)
    with pytest.raises(UsageError, match=message) as error:
        asked(tmp_path, "example.com/x")
    assert str(path) in error.value.message
