"""What registries say that they have: real ones, and those that mean harm."""

import json
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from ocianalyze.errors import AuthenticationError, NoMatchError, OcianalyzeError, RegistryError
from ocianalyze.oci.patterns import ImagePattern
from ocianalyze.sources.registry import listing
from ocianalyze.sources.registry.access import HostSettings
from ocianalyze.sources.registry.expanding import expand
from tests.sources.registry.conftest import Registries
from tests.support.fault_proxy import Answer, FaultProxy, Seen, fault_proxy
from tests.support.registries import PASSWORD, USER, certificates, registry_access

ACCESS = registry_access(plain_http=True)


def found(text: str, *, login: bool = False) -> list[str]:
    """Return the images that match a pattern, without the registry."""
    pattern = ImagePattern.parse(text)
    assert pattern is not None
    access = registry_access(plain_http=True, username=USER, password=PASSWORD) if login else ACCESS
    return [name.partition("/")[2] for name in expand(pattern, access)]


@pytest.mark.parametrize("guard", ["open", "htpasswd", "token"])
def test_a_real_registry_is_asked(registries: Registries, guard: str) -> None:
    registry = registries(guard)  # type: ignore[arg-type] # one of them
    source = f"docker://{registry.host}/team/image:1.0"
    credentials = () if guard == "open" else (f"--src-creds={USER}:{PASSWORD}",)
    for name in ("fleet/app:v1.9", "fleet/app:v1.10", "fleet/app:V2", "fleet/tool:v1.0", "other/app:v1.0"):
        registry.push(source, name, "--src-tls-verify=false", *credentials)
    host, login = registry.host, guard != "open"
    assert found(f"{host}/fleet/app:*", login=login) == ["fleet/app:V2", "fleet/app:v1.9", "fleet/app:v1.10"]
    assert found(f"{host}/fleet/*:v1.*", login=login) == ["fleet/app:v1.9", "fleet/app:v1.10", "fleet/tool:v1.0"]
    with pytest.raises(NoMatchError, match=r"no tag of .*/fleet/app matches v3"):
        found(f"{host}/fleet/app:v3*", login=login)
    with pytest.raises(NoMatchError, match=r"no tag of .*/fleet/\* matches latest"):
        found(f"{host}/fleet/*", login=login)
    with pytest.raises(NoMatchError, match=r"no repository of .* matches none/\*"):
        found(f"{host}/none/*", login=login)


@pytest.mark.parametrize("guard", ["htpasswd", "token"])
def test_who_may_not_list_is_told(registries: Registries, guard: str) -> None:
    host = registries(guard).host  # type: ignore[arg-type] # one of them
    for name in ("team/*", "team/image:*"):
        with pytest.raises(AuthenticationError, match="denied access"):
            found(f"{host}/{name}")


def paged(names: list[str], link: Callable[[str, int], str], key: str = "tags") -> Callable[[Seen], Answer]:
    """Return the behaviour of a registry that lists two names on a page."""

    def behave(seen: Seen) -> Answer:
        path, _, query = seen.path.partition("?")
        begin = int(query.partition("last=")[2].partition("&")[0] or 0)
        more = {"Link": link(path, begin + 2)} if begin + 2 < len(names) else {}
        return Answer(status=200, headers=more, body=json.dumps({key: names[begin : begin + 2]}).encode())

    return behave


@pytest.mark.parametrize(
    "link",
    [
        lambda path, last: f'<{path}?last={last}&n=2>; rel="next"',
        lambda path, last: f"</elsewhere{path}?n=2&last={last}>;rel=next",
        lambda path, last: f'<http://127.0.0.1:1{path}?last={last}>; title="a, b"; rel="next"',
        lambda path, last: f'<{path}?last=0>; rel="prev", <?last={last}>; REL="next"',
    ],
)
def test_pages_are_followed_where_the_list_is(link: Callable[[str, int], str]) -> None:
    with fault_proxy(None, paged(["1", "2", "3", "4", "5"], link)) as registry:
        assert found(f"{registry.host}/app:*") == ["app:1", "app:2", "app:3", "app:4", "app:5"]
        assert {seen.path.partition("?")[0] for seen in registry.seen} == {"/v2/app/tags/list"}
        assert len(registry.seen) == 3


def answering(registry: FaultProxy, body: object, **headers: str) -> None:
    """Have a registry answer always the same."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    registry.behaviour = lambda _: Answer(status=200, headers=headers, body=content)


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ('<http://evil.example/v2/app/tags/list?last=1>; rel="next"', "continues on another host: 'evil.example'"),
        ('<//evil.example/?last=1>; rel="next"', "continues on another host"),
        ('</v2/app/tags/list?n=1000>; rel="next"', "does not end"),
        ('<?last=1>; rel="next"', "does not end"),
        ('</v2/app/tags/list>; rel="next"', "link to the next page is invalid"),
        ('<http://[::1/?a>; rel="next"', "link to the next page is invalid"),
        ('<?last=a b>; rel="next"', "link to the next page is invalid"),
        (f'<?last={"x" * 3000}>; rel="next"', "link to the next page is invalid"),
    ],
)
def test_links_that_lead_astray_are_refused(link: str, message: str) -> None:
    with fault_proxy(None) as registry, fault_proxy(None) as other:
        answering(registry, {"tags": ["1"]}, Link=link)
        with pytest.raises(RegistryError, match=message):
            found(f"{registry.host}/app:*")
        assert not other.seen
        assert len(registry.seen) <= 2


@pytest.mark.parametrize(
    "body",
    [b"", b"[1]", b"<html>", b'{"tags": "1"}', b'{"tags": [1]}', b'{"tags": {"1": 1}}', b'{"tags":["1"],"tags":["2"]}'],
)
def test_nonsense_is_an_error_of_the_registry(body: bytes) -> None:
    with fault_proxy(None) as registry:
        answering(registry, body)
        with pytest.raises((RegistryError, NoMatchError)):
            found(f"{registry.host}/app:*")


def test_names_that_are_none_are_passed_over() -> None:
    names = ["1.0", "../../etc", "a b", "\x1b[31m", "x" * 129, "", "1.0", "ok"]
    with fault_proxy(None) as registry:
        answering(registry, {"tags": names})
        assert found(f"{registry.host}/app:*") == ["app:1.0", "app:ok"]
        answering(registry, {"repositories": ["team/app", "/etc", "team//x", "Team/app", "team/../x"], "tags": ["1"]})
        assert found(f"{registry.host}/team/*:1") == ["team/app:1"]


def test_no_tags_at_all() -> None:
    with fault_proxy(None) as registry:
        for body in (b'{"name": "app", "tags": null}', b'{"name": "app", "tags": []}'):
            answering(registry, body)
            with pytest.raises(NoMatchError):
                found(f"{registry.host}/app:*")


def test_lists_without_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_MOST_PAGES", 20)

    def behave(seen: Seen) -> Answer:
        link = f'<?last={seen.number}>; rel="next"'
        return Answer(status=200, headers={"Link": link}, body=b'{"tags": []}')

    with fault_proxy(None, behave) as registry:
        with pytest.raises(RegistryError, match="does not end"):
            found(f"{registry.host}/app:*")
        assert len(registry.seen) == 20


def test_too_many_names_and_too_large_pages_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_MOST_BYTES", 1000)
    with fault_proxy(None) as registry:
        answering(registry, {"tags": ["x" * 100] * 20})
        with pytest.raises(RegistryError, match=r"a page is larger than 1,000 bytes"):
            found(f"{registry.host}/app:*")
    with fault_proxy(None, paged([str(n) for n in range(100)], lambda _, last: f'<?last={last}>; rel="next"')) as big:
        transport_access = ImagePattern(big.host, "app", "*")
        monkeypatch.setattr(listing.list_tags, "__defaults__", (10,))
        with pytest.raises(RegistryError, match="more than 10 entries"):
            expand(transport_access, ACCESS)


@pytest.mark.parametrize("status", [401, 403, 404, 405, 500])
def test_a_registry_without_a_catalogue(status: int) -> None:
    with fault_proxy(None, lambda _: Answer(status=status)) as registry, pytest.raises(OcianalyzeError) as raised:
        found(f"{registry.host}/team/*:1")
    assert raised.value.exit_code == 4
    assert "/NAME:1" in raised.value.one_line()


MOVED = """
[[registry]]
prefix = "{name}"
location = "{host}/inside{path}"
insecure = true
[[registry.mirror]]
location = "127.0.0.1:1/mirror"
"""


def lists(seen: Seen) -> Answer:
    """Be a registry that has two repositories below one."""
    if seen.path.startswith("/v2/_catalog"):
        return Answer(
            status=200, body=b'{"repositories": ["inside/team/app", "inside/team/b", "team/app", "inside2/x"]}'
        )
    if seen.path.startswith("/v2/inside/team/app/tags/list"):
        return Answer(status=200, body=b'{"tags": ["1"]}')
    return Answer(status=200, body=b'{"tags": []}')


@pytest.mark.parametrize(("name", "path"), [("example.com", ""), ("example.com/team", "/team")])
def test_a_registry_that_was_moved_is_asked_where_it_is(tmp_path: Path, name: str, path: str) -> None:
    file = tmp_path / "registries.conf"
    told: list[str] = []
    with fault_proxy(None, lists) as registry:
        file.write_text(MOVED.format(name=name, host=registry.host, path=path))
        access = registry_access(environment={"CONTAINERS_REGISTRIES_CONF": str(file)}, warn=told.append)
        patterns = ["example.com/team/app:*", "example.com/team/*:1", *(["example.com/*:1"] if not path else [])]
        for text in patterns:
            pattern = ImagePattern.parse(text)
            assert pattern is not None
            assert expand(pattern, access) == ["example.com/team/app:1"]
    assert all(text.startswith(f"https://{registry.host} is passed over") for text in told)


def test_a_mirror_lists_nothing() -> None:
    with fault_proxy(None, lists) as registry, fault_proxy(None, lists) as mirror:
        said = HostSettings(plain_http=True, mirrors=(f"http://{mirror.host}/hub",))
        access = registry_access(hosts={registry.host: said})
        for text in ("inside/team/*:1", "inside/*/*:1", "inside/team/app:*"):
            pattern = ImagePattern.parse(f"{registry.host}/{text}")
            assert pattern is not None
            assert expand(pattern, access) == [f"{registry.host}/inside/team/app:1"]
        pattern = ImagePattern(registry.host, "*/*/*", "1")
        assert expand(pattern, access) == [f"{registry.host}/inside/team/app:1"]
    assert not mirror.seen


def test_where_tls_is_not_checked_it_is_still_tried_first(tmp_path: Path) -> None:
    """A registry that speaks TLS gets no password without."""
    _, certificate, key = certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    challenge = Answer(status=401, headers={"WWW-Authenticate": "Basic realm=r"})
    file = tmp_path / "registries.conf"
    with fault_proxy(
        None, lambda seen: lists(seen) if "authorization" in seen.headers else challenge, tls=context
    ) as registry:
        file.write_text(MOVED.format(name="example.com", host=registry.host, path=""))
        environment = {"CONTAINERS_REGISTRIES_CONF": str(file)}
        access = registry_access(environment=environment, username=USER, password=PASSWORD)
        pattern = ImagePattern("example.com", "team/app", "*")
        assert expand(pattern, access) == ["example.com/team/app:1"]
        assert len(registry.seen) == 2
