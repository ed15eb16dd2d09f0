"""Which tags are named where one is not there."""

import json

import pytest

from ocianalyze.analysis import Source
from ocianalyze.errors import RegistryError
from ocianalyze.sources.registry import retries
from tests.sources.registry.conftest import Registries
from tests.support.fault_proxy import Answer, FaultProxy, fault_proxy
from tests.support.registries import registry_access
from tests.support.tools import requires


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "ATTEMPTS", 2)


def hint(registry: FaultProxy, name: str = "team/image:1.0") -> str:
    source = Source(reference=f"{registry.host}/{name}", access=registry_access(plain_http=True))
    with pytest.raises(RegistryError, match="there is no such image") as error, source.open():
        pass
    return str(error.value.hint)


UNKNOWN = Answer(status=404, body=b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "no"}]}')


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (["1.0.0", "2.0", "latest"], "Did you mean '1.0.0'"),
        (["main", "v9", "v30", "v8", "a", "b", "c"], "tags of this repository: v30, v9, v8"),
        ([], "log in if the repository is private"),
    ],
)
def test_the_nearest_tags_are_named(listed: list[str], expected: str) -> None:
    answer = Answer(status=200, body=json.dumps({"tags": listed}).encode())
    with fault_proxy(None, lambda seen: answer if "/tags/" in seen.path else UNKNOWN) as registry:
        assert expected in hint(registry)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
def test_a_registry_that_does_not_list_is_asked_once(status: int) -> None:
    with fault_proxy(None, lambda seen: Answer(status=status) if "/tags/" in seen.path else UNKNOWN) as registry:
        assert "log in if the repository is private" in hint(registry)
        assert sum("/tags/" in seen.path for seen in registry.seen) == 1
        registry.seen.clear()
        hint(registry, f"team/image@sha256:{'0' * 64}")
        assert not any("/tags/" in seen.path for seen in registry.seen)


@requires("docker-registry", "skopeo", "openssl", "htpasswd")
def test_a_real_registry(registries: Registries) -> None:
    registry = registries()
    source = Source(reference=f"{registry.host}/team/image:1.00", access=registry_access(plain_http=True))
    with pytest.raises(RegistryError, match="there is no such image") as error, source.open():
        pass
    assert error.value.hint == "Did you mean '1.0'?"
