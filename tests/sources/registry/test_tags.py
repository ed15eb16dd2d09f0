"""Lists of tags, page after page; and which tags are named where one is not there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ocianalyze.analysis import Source
from ocianalyze.errors import RegistryError
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.sources.registry import retries
from ocianalyze.sources.registry.access import HostAccess
from ocianalyze.sources.registry.authorization import Authorization
from ocianalyze.sources.registry.credentials import Credentials
from ocianalyze.sources.registry.tags import list_tags
from ocianalyze.sources.registry.transport import Transport
from tests.sources.registry.conftest import Registries
from tests.support.fault_proxy import Answer, FaultProxy, Seen, fault_proxy
from tests.support.registries import registry_access
from tests.support.tools import requires


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "ATTEMPTS", 2)


@contextmanager
def opened(host: str) -> Iterator[Transport]:
    transport = Transport(host, HostAccess(plain_http=True), registry_access())
    transport.authorization = Authorization(
        host=host,
        name=RepositoryName(host, "team/image", "1.0"),
        credentials=Credentials(registry_access(), own=host),
        fetch=transport.fetch_token,
        plain_http=True,
    )
    try:
        yield transport
    finally:
        transport.close()


def tags(host: str, most: int = 1000) -> list[str]:
    with opened(host) as transport:
        return list(list_tags(transport, "/v2/team/image/tags/list", most))


def pages(*contents: object, link: str = '</v2/team/image/tags/list?last={number}&n=2>; rel="next"') -> object:
    """Return the behaviour of a registry whose list has several pages, each with a link to the next."""

    def behave(seen: Seen) -> Answer:
        number = int(seen.path.partition("last=")[2].partition("&")[0] or 0)
        more = number + 1 < len(contents)
        headers = {"Link": link.format(number=number + 1, host=seen.headers["host"])} if more else {}
        return Answer(status=200, headers=headers, body=json.dumps({"tags": contents[number]}).encode())

    return behave


@pytest.mark.parametrize(
    "link",
    [
        '</v2/team/image/tags/list?last={number}&n=2>; rel="next"',
        "<http://{host}/v2/team/image/tags/list?last={number}&n=2>; rel=next",
        '<https://{host}/v2/team/image/tags/list?last={number}&n=2>;rel="next"',
        '<?last={number}>; title="x"; rel="next"',
    ],
)
def test_pages_are_followed(link: str) -> None:
    with fault_proxy(None, pages(["1", "2"], ["2", "3"], ["4"], link=link)) as registry:  # type: ignore[arg-type]
        assert tags(registry.host) == ["1", "2", "3", "4"]
        registry.seen.clear()
        assert tags(registry.host, 3) == ["1", "2", "3"]
        assert len(registry.seen) == 2


def test_a_list_that_never_ends_or_leads_away() -> None:
    with fault_proxy(None) as other, fault_proxy(None) as registry:
        for link in (
            "</v2/team/image/tags/list>; rel=next",
            f"<http://{other.host}/tags>; rel=next",
            "<http://[::1>; rel=next",
        ):
            answer = Answer(status=200, headers={"Link": link}, body=b'{"tags": ["1"]}')
            registry.behaviour = lambda _, answer=answer: answer  # type: ignore[misc]
            registry.seen.clear()
            assert tags(registry.host) == ["1"]
            assert len(registry.seen) <= 2
        assert other.seen == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"tags": null}', []),
        (b"[]", []),
        (b'{"tags": ["a", 1, "\\u001b[1m", "", "b c", "' + b"x" * 200 + b'", "b"]}', ["a", "b"]),
    ],
)
def test_what_is_no_tag_is_passed_over(body: bytes, expected: list[str]) -> None:
    with fault_proxy(None, lambda _: Answer(status=200, body=body)) as registry:
        assert tags(registry.host) == expected


@pytest.mark.parametrize("body", [b"<html>", b"no JSON", b'{"tags": [' + b"1," * (3 << 20)])
def test_a_list_that_is_none(body: bytes) -> None:
    with fault_proxy(None, lambda _: Answer(status=200, body=body)) as registry, pytest.raises(RegistryError):
        tags(registry.host)


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
    assert tags(registry.host) == ["1.0"]
    source = Source(reference=f"{registry.host}/team/image:1.00", access=registry_access(plain_http=True))
    with pytest.raises(RegistryError, match="there is no such image") as error, source.open():
        pass
    assert error.value.hint == "Did you mean '1.0'?"
