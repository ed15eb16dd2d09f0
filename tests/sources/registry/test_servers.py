"""The servers that people run: Debian's registry and the newest one, alone, with logins, and as a mirror of another."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import AuthenticationError, RegistryError
from ocianalyze.reports.report import Report
from ocianalyze.sources.registry.access import HostSettings, RegistryAccess
from tests.support.registries import PASSWORD, USER, Registry, registry, registry_access
from tests.support.tools import requires
from tests.test_analysis import comparable

pytestmark = requires("docker-registry", "registry-v3", "skopeo", "htpasswd", "openssl")

NAME = "team/image:1.0"
PROGRAMS = ["docker-registry", "registry-v3"]


@pytest.fixture(scope="module")
def expected(archive: Path) -> dict[str, Any]:
    return document(analyze(Source(reference=str(archive))))


@pytest.fixture(scope="module", params=PROGRAMS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, archive: Path
) -> Iterator[Registry]:
    with registry(tmp_path_factory.mktemp("server"), program=request.param) as running:
        running.push(f"oci-archive:{archive}", NAME)
        yield running


def document(report: Report) -> dict[str, Any]:
    return comparable(report.model_dump(by_alias=True))


def scan(name: str, access: RegistryAccess) -> Report:
    return analyze(Source(reference=name, access=access))


def test_an_image_by_tag_and_by_digest(server: Registry, expected: dict[str, Any]) -> None:
    access = registry_access(plain_http=True)
    report = scan(f"{server.host}/{NAME}", access)
    assert document(report.model_copy()) == expected
    by_digest = scan(f"{server.host}/team/image@{report.image.digest}", access)
    assert document(by_digest) == expected


def test_what_is_not_there(server: Registry) -> None:
    access = registry_access(plain_http=True)
    with pytest.raises(RegistryError, match=r"manifest unknown|no such image") as error:
        scan(f"{server.host}/team/image:1.O", access)
    assert error.value.hint == "Did you mean '1.0'?"
    with pytest.raises(RegistryError, match=r"no such image|no such repository"):
        scan(f"{server.host}/team/imag:1.0", access)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_password_and_tls(tmp_path: Path, archive: Path, program: str, expected: dict[str, Any]) -> None:
    with registry(tmp_path, "htpasswd", tls=True, program=program) as server:
        server.push(f"oci-archive:{archive}", NAME)
        assert server.authority is not None
        own = HostSettings(ca_files=(server.authority,))
        name = f"{server.host}/{NAME}"
        assert document(scan(name, RegistryAccess(own=own, username=USER, password=PASSWORD))) == expected
        with pytest.raises(AuthenticationError, match="with the given user name and password"):
            scan(name, RegistryAccess(own=own, username=USER, password="wrong"))  # noqa: S106
        with pytest.raises(AuthenticationError, match="without credentials"):
            scan(name, RegistryAccess(own=own))
        with pytest.raises(RegistryError, match="certificate"):
            scan(name, RegistryAccess(username=USER, password=PASSWORD))


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_pull_through_cache(tmp_path: Path, server: Registry, program: str, expected: dict[str, Any]) -> None:
    """It fetches what it lacks; and when its registry is gone it still has what was asked for once."""
    with ExitStack() as stack:
        cache = stack.enter_context(registry(tmp_path, program=program, cache_of=f"http://{server.host}"))
        access = RegistryAccess(
            hosts={server.host: HostSettings(plain_http=True, mirrors=(f"http://{cache.host}",))}, warn=pytest.fail
        )
        for _ in range(2):
            report = scan(f"{server.host}/{NAME}", access)
            assert report.image.read_from == [f"http://{cache.host}"]
            assert document(report) == expected
    told: list[str] = []
    access = RegistryAccess(hosts=access.hosts, warn=told.append)
    report = scan(f"{server.host}/{NAME}", access)
    assert report.image.read_from == [f"http://{server.host}"]
    assert len(told) == 1
