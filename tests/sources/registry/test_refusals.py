"""What registries, token servers and storage say when they refuse: it is shown, but not what is secret or harmful."""

import base64
import json
from urllib.parse import quote

import pytest

from ocianalyze.analysis import Source
from ocianalyze.errors import AuthenticationError, RegistryError
from ocianalyze.sources.registry import retries
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.registries import registry_access

HTML = {"Content-Type": "text/html"}
LOGIN = {"username": "me", "password": "canary-password"}


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "ATTEMPTS", 2)
    monkeypatch.setattr(retries, "_FIRST_PAUSE", 0.01)


def message(host: str, **options: object) -> str:
    """Return what is said when an image is asked for; it is always one line, and never long."""
    access = registry_access(**{"plain_http": True, **options})
    with pytest.raises(RegistryError) as error, Source(reference=f"{host}/team/image:1.0", access=access).open():
        pass
    line = error.value.one_line()
    assert line.isprintable()
    assert len(line) < 1000
    assert "canary" not in line + repr(error.value)
    return line


def said(code: object, text: object, **more: object) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": text, **more}]}).encode()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, said("DENIED", "the policy forbids it"), "status 403): DENIED: the policy forbids it."),
        (412, said("PROJECTPOLICYVIOLATION", "severity is high"), "(status 412): PROJECTPOLICYVIOLATION: severity"),
        (403, said("DENIED", "first\nsecond\r\x1b[2J\x07\u202eleft"), r"DENIED: first second \x1b[2J\x07\u202eleft"),
        (403, said("DENIED", "x" * 9000), "xxx..."),
        (403, b'{"errors": [{"code": "A", "message": "a"}, {"code": "B", "message": "b"}]}', "A: a; B: b"),
        (403, b'{"error": "invalid_scope", "error_description": "no such project"}', "invalid_scope: no such project"),
        (403, b'{"message": "requires a plan"}', "requires a plan"),
        (403, b'{"errors": null}', "status 403)."),
        (403, b'["x"]', "status 403)."),
        (403, said(1, 2), "status 403)."),
        (403, b"<html><head><TITLE lang=en>Access &lt;denied&gt;</TITLE>", "a web page, 'Access <denied>'"),
        (403, b"\xff\xfe", "status 403)."),
        (404, b"404 page not found\n", "not found: 404 page not found"),
        (500, b"<!doctype html><title>" + b"x" * 60_000, "(status 500): a web page"),
        (500, said("UNKNOWN", f"see https://x/y?sig={'canary'}&z=1 for more"), "see https://x/y for more"),
        (404, said("NAME_UNKNOWN", "repository name not known"), "there is no such repository: NAME_UNKNOWN"),
    ],
)
def test_what_a_registry_says(status: int, body: bytes, expected: str) -> None:
    headers = {"Content-Type": "text/plain; charset=utf-8" if body.startswith(b"404 ") else "application/json"}
    with fault_proxy(None, lambda _: Answer(status=status, headers=headers, body=body)) as registry:
        assert expected in message(registry.host)


def test_what_is_denied_may_not_exist() -> None:
    with fault_proxy(None, lambda _: Answer(status=401)) as registry:
        assert "the image may not exist" in message(registry.host)
    with fault_proxy(None) as registry:
        realm = f'Bearer realm="http://{registry.host}/token",service="s"'
        refusal = Answer(status=403, body=b'{"errors": [{"code": "DENIED", "message": "no access for you"}]}')
        ask = Answer(status=401, headers={"WWW-Authenticate": realm})
        registry.behaviour = lambda seen: refusal if seen.path.startswith("/token") else ask
        line = message(registry.host)
        assert f"the token server http://{registry.host} denied access to team/image" in line
        assert "DENIED: no access for you" in line
        assert "the image may not exist" in line


def test_a_password_that_the_registry_itself_refuses() -> None:
    challenge = Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'}, body=said("UNAUTHORIZED", "no"))
    with fault_proxy(None, lambda _: challenge) as registry:
        line = message(registry.host, **LOGIN)
        assert "UNAUTHORIZED: no. Check the user name and the password" in line
        assert line.count("may not exist") == 1
        assert message(registry.host).count("may not exist") == 1


def test_what_we_sent_is_not_told_if_it_is_repeated() -> None:
    """A registry that logs too much would make us show a password, a token or a signature."""
    login = base64.b64encode(b"me:canary-password").decode()

    def behave(seen: Seen) -> Answer:
        sent = seen.headers.get("authorization", "")
        if not sent:
            return Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        return Answer(status=403, body=said("DENIED", f"your {sent} is me:canary-password, isn't it"))

    with fault_proxy(None, behave) as registry:
        line = message(registry.host, **LOGIN)
        assert login not in line
        assert "your Basic *** is me:***, isn't it" in line


# --- storage ----------------------------------------------------------------------------------------------------------

XML = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{}</Code><Message>{}</Message><HostId>h</HostId></Error>'


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, XML.format("AccessDenied", "Access Denied"), ("AccessDenied: Access Denied.", "VPC endpoint")),
        (403, XML.format("AccessDenied", "Request has expired"), ("Request has expired", "Check the clock")),
        (403, XML.format("RequestTimeTooSkewed", "The difference is too large."), ("Set the clock",)),
        (
            403,
            "\ufeff" + XML.format("AuthenticationFailed", "Server failed\nto &quot;do&quot; it"),
            ('failed to "do" it',),
        ),
        (400, XML.format("ExpiredToken", "Invalid argument canary-signature"), ("ExpiredToken: Invalid argument ***",)),
        (403, XML.format("A", "&x;" * 2000) + '<!ENTITY x "y">', ("A: &x;&x;",)),
        (403, "<Error><Code>" + "x" * 60_000, ("status 403",)),
        (404, "", ("status 404",)),
        (
            403,
            XML.format("AccessDenied", "No") + "<Details>ci may not get objects</Details>",
            ("ci may not get objects",),
        ),
    ],
)
def test_what_storage_says(status: int, body: str, expected: tuple[str, ...]) -> None:
    refusal = Answer(status=status, headers={"Content-Type": "application/xml"}, body=body.encode())
    with fault_proxy(None, lambda _: refusal) as storage:
        to = f"http://{storage.host}/layer?X-Amz-Signature=canary-signature&x={quote('canary secret/')}"
        with fault_proxy(None, lambda _: Answer(status=307, headers={"Location": to})) as registry:
            line = message(registry.host)
            assert f"http://{storage.host} returned status {status} after a redirect from the registry" in line
            assert registry.host in line
            for word in expected:
                assert word in line, line


def test_another_registry_is_named_with_the_image_there() -> None:
    ask = Answer(status=401, headers={"WWW-Authenticate": 'Bearer realm="https://x.invalid/",service="x"'})
    with fault_proxy(None, lambda _: ask) as other:

        def to_other(seen: Seen) -> Answer:
            if "authorization" not in seen.headers:
                return Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            return Answer(status=307, headers={"Location": f"http://{other.host}/v2/mirror{seen.path[3:]}"})

        with fault_proxy(None, to_other) as gateway:
            line = message(gateway.host, **LOGIN)
        assert gateway.host in line
        assert f"Use the name of the image there: {other.host}/mirror/team/image:1.0" in line
        assert "authorization" not in other.seen[0].headers


def test_where_the_way_to_the_storage_ends() -> None:
    for place, expected in (("127.0.0.1:1", "refused the connection"), ("x.invalid", "cannot resolve the host name")):
        to = Answer(status=307, headers={"Location": f"http://{place}/x?canary"})
        with fault_proxy(None, lambda _, to=to: to) as registry:  # type: ignore[misc]
            line = message(registry.host)
            assert expected in line
            assert f"(the registry http://{registry.host} redirects there)" in line
    ask = Answer(status=401, headers={"WWW-Authenticate": 'Bearer realm="https://x.invalid/token"'})
    with fault_proxy(None, lambda _: ask) as registry:
        assert f"the token server of http://{registry.host}: cannot resolve the host name x" in message(registry.host)


# --- pages and limits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [HTML, {}, {"Content-Type": "application/json"}])
def test_a_login_page_in_front_of_the_registry(headers: dict[str, str]) -> None:
    body = b"\xef\xbb\xbf\r\n<!DOCTYPE HTML><html><head><title>\n Sign in - \x1b[1m Company</title>"
    with fault_proxy(None, lambda _: Answer(status=200, headers=headers, body=body)) as registry:
        line = message(registry.host)
        assert r"is not a part of an image but a web page, 'Sign in - \x1b[1m Company'" in line
        assert "login page" in line


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "3600"}, "which ends in 60 minutes"),
        ({"Retry-After": "100"}, "in 100 seconds"),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, "try again later"),
        (
            {"ratelimit-limit": "100;w=21600", "Retry-After": "21600"},
            "(100 requests in 6 hours), which ends in 6 hours",
        ),
        ({"X-RateLimit-Reset": "7200"}, "try again in 2 hours"),
        ({"RateLimit-Reset": "1"}, "which ends in 1 second "),
        ({"RateLimit-Reset": "-1", "ratelimit-limit": "x;w=0"}, "rate limit exceeded (status 429)"),
        ({"docker-ratelimit-source": "192.0.2.canary"}, "rate limit exceeded"),
    ],
)
def test_limits_say_when_they_end(headers: dict[str, str], expected: str) -> None:
    body = said("TOOMANYREQUESTS", "pulls are used up")
    with fault_proxy(None, lambda _: Answer(status=429, headers=headers, body=body)) as registry:
        line = message(registry.host)
        assert expected in line, line
        assert "pulls are used up" in line
        assert "Log in" in line


def test_limits_of_token_servers_and_of_other_statuses() -> None:
    with fault_proxy(None, lambda _: Answer(status=403, body=said("TOOMANYREQUESTS", "slow down"))) as registry:
        assert "rate limit exceeded (status 403)" in message(registry.host)
    with fault_proxy(None) as registry:
        ask = Answer(status=401, headers={"WWW-Authenticate": f'Bearer realm="http://{registry.host}/token"'})
        page = Answer(status=429, headers={"Retry-After": "7200"}, body=b"<html>Too many requests</html>")
        registry.behaviour = lambda seen: page if seen.path.startswith("/token") else ask
        line = message(registry.host, **LOGIN)
        assert "the token server" in line
        assert "which ends in 2 hours" in line
        assert "Log in" not in line


def test_a_page_instead_of_a_token() -> None:
    with fault_proxy(None) as registry:
        ask = Answer(status=401, headers={"WWW-Authenticate": f'Bearer realm="http://{registry.host}/token"'})
        page = Answer(status=200, body=b"<html><title>Sign in</title>")
        registry.behaviour = lambda seen: page if seen.path.startswith("/token") else ask
        assert "returned an invalid response" in message(registry.host)


def test_a_denial_is_an_error_of_authentication() -> None:
    with fault_proxy(None, lambda _: Answer(status=403)) as registry, pytest.raises(AuthenticationError):
        Source(reference=f"{registry.host}/a/b", access=registry_access(plain_http=True)).open().__enter__()
