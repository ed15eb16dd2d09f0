"""Challenges and tokens: for which scopes they are asked, who may see a credential, and what is said of refusals."""

import base64
import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from ocianalyze.analysis import Source
from ocianalyze.errors import AuthenticationError, RegistryError
from ocianalyze.sources.registry.login import realms
from ocianalyze.sources.registry.login.tokens import scopes_of
from tests.support.fault_proxy import Answer, FaultProxy, Seen, fault_proxy
from tests.support.fit import fit_image
from tests.support.images import build
from tests.support.registries import registry_access
from tests.support.served import serving_image

SERVE = serving_image(build(fit_image(), compression="gzip"))
BASIC = "Basic " + base64.b64encode(b"me:canary").decode()
OWN = "repository:team/image:pull"


def read(host: str, **options: object) -> None:
    access = registry_access(plain_http=True, **options)
    with Source(reference=f"{host}/team/image:1.0", access=access).open(read_layers=False) as image:
        assert image.config.config.user


def login() -> dict[str, object]:
    return {"username": "me", "password": "canary"}


def scopes(seen: Seen) -> list[str]:
    return parse_qs(urlsplit(seen.path).query).get("scope", [])


def token(value: str = "good", status: int = 200) -> Answer:
    return Answer(status=status, body=json.dumps({"token": value, "expires_in": 300}).encode())


def challenge(header: str) -> Answer:
    return Answer(status=401, headers={"WWW-Authenticate": header})


def guarded(
    registry: FaultProxy, parameters: str, *, issues: Callable[[Seen], Answer], accepts: str = "Bearer good"
) -> None:
    """Have a registry want a token, with some further parameters in its challenge."""

    def behave(seen: Seen) -> Answer | None:
        if seen.path.startswith("/token"):
            return issues(seen)
        if seen.headers.get("authorization") == accepts:
            return SERVE(seen)
        return challenge(f'Bearer realm="http://{registry.host}/token",service="s"{parameters}')

    registry.behaviour = behave


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (OWN, [OWN]),
        ("repository:inside/image:pull", ["repository:inside/image:pull"]),
        ("repository:a:pull,push repository:b:push registry:catalog:*", ["repository:a:pull"]),
        ("repository:a:*", ["repository:a:pull"]),
        ("repository:a:metadata_read,pull,delete", ["repository:a:metadata_read,pull"]),
        ("repository(plugin):a:pull", ["repository(plugin):a:pull"]),
        ("repository:host:5000/a:pull", ["repository:host:5000/a:pull"]),
        (" ".join(f"repository:{number}:pull" for number in range(20)), [f"repository:{n}:pull" for n in range(4)]),
        (f"repository:{'x' * 600}:pull", []),
        ("pull", []),
        ("", []),
        ("repository:ä\x00:pull", []),
    ],
)
def test_which_scopes_of_a_challenge_are_asked_for(stated: str, expected: list[str]) -> None:
    assert scopes_of(stated) == expected


def test_a_token_is_asked_for_with_the_scope_of_the_challenge_besides_our_own() -> None:
    inside = "repository:inside/image:pull"
    with fault_proxy(None) as registry:
        guarded(
            registry,
            ',scope="repository:inside/image:pull,push registry:catalog:*"',
            issues=lambda seen: token() if scopes(seen) == [OWN, inside] else token("other"),
        )
        read(registry.host)


def test_a_scope_that_is_not_ours_to_ask_for_is_left_out() -> None:
    """Behind a proxy that rewrites names, nobody may read what we call the repository."""
    inside = "repository:inside/image:pull"
    with fault_proxy(None) as registry:
        guarded(
            registry,
            f',scope="{inside}"',
            issues=lambda seen: token() if scopes(seen) == [inside] else Answer(status=403),
        )
        read(registry.host)


def test_another_scope_is_asked_for_when_the_first_is_insufficient() -> None:
    wanted = "repository:team/image:metadata_read"
    with fault_proxy(None) as registry:

        def behave(seen: Seen) -> Answer | None:
            if seen.path.startswith("/token"):
                return token("good" if wanted in scopes(seen) else "too-little")
            if seen.headers.get("authorization") == "Bearer good":
                return SERVE(seen)
            realm = f'Bearer realm="http://{registry.host}/token",service="s"'
            is_first = "authorization" not in seen.headers
            return challenge(realm if is_first else f'{realm},scope="{wanted}",error="insufficient_scope"')

        registry.behaviour = behave
        read(registry.host)
        assert sum(seen.path.startswith("/token") for seen in registry.seen) == 2


def test_a_registry_that_always_wants_more_is_given_up() -> None:
    with fault_proxy(None) as registry:

        def behave(seen: Seen) -> Answer:
            if seen.path.startswith("/token"):
                return token(f"token-{seen.number}")
            scope = f"repository:{seen.number}:pull"
            header = f'Bearer realm="http://{registry.host}/token",scope="{scope}",error="insufficient_scope"'
            return challenge(header)

        registry.behaviour = behave
        with pytest.raises(AuthenticationError, match="denied access"):
            read(registry.host)
        assert len(registry.seen) < 12


def test_an_identity_token_asks_with_scopes_in_one_parameter() -> None:
    with fault_proxy(None) as registry:

        def issues(seen: Seen) -> Answer:
            form = parse_qs(seen.headers.get("(body)", ""))
            is_right = form.get("refresh_token") == ["canary"] and form.get("grant_type") == ["refresh_token"]
            return token() if is_right and form.get("scope") == [f"{OWN} repository:x:pull"] else Answer(status=400)

        guarded(registry, ',scope="repository:x:pull"', issues=issues)
        azure = {"auth": base64.b64encode(b"00000000-0000-0000-0000-000000000000:").decode(), "identitytoken": "canary"}
        variable = json.dumps({"auths": {registry.host: azure}})
        read(registry.host, environment={"DOCKER_AUTH_CONFIG": variable})


@pytest.mark.parametrize("header", ["", "Negotiate", "Bearer", 'Bearer realm=""', 'Basic realm="r"'])
def test_a_registry_token_needs_no_token_server(header: str) -> None:
    with fault_proxy(None) as registry:

        def behave(seen: Seen) -> Answer | None:
            return SERVE(seen) if seen.headers.get("authorization") == "Bearer canary-jwt" else challenge(header)

        registry.behaviour = behave
        variable = json.dumps({"auths": {registry.host: {"registrytoken": "canary-jwt"}}})
        read(registry.host, environment={"DOCKER_AUTH_CONFIG": variable})
        read(registry.host, bearer_token="canary-jwt")  # noqa: S106
        with pytest.raises(AuthenticationError, match="with the given bearer token") as error:
            read(registry.host, bearer_token="canary-old")  # noqa: S106
        assert "canary" not in error.value.one_line()


def test_a_given_token_goes_neither_to_realms_nor_to_redirects() -> None:
    with fault_proxy(None, SERVE) as storage, fault_proxy(None) as registry:

        def behave(seen: Seen) -> Answer:
            if seen.is_blob:
                return Answer(status=307, headers={"Location": f"http://{storage.host}{seen.path}"})
            if seen.headers.get("authorization") == "Bearer canary":
                return SERVE(seen) or Answer()
            return challenge(f'Bearer realm="http://{registry.host}/token"')

        registry.behaviour = behave
        read(registry.host, bearer_token="canary")  # noqa: S106
        assert storage.seen
        assert "canary" not in str(storage.seen)
        assert all(not seen.path.startswith("/token") for seen in registry.seen)


def test_the_challenge_with_a_realm_counts() -> None:
    with fault_proxy(None) as registry:

        def behave(seen: Seen) -> Answer | None:
            if seen.path.startswith("/token"):
                return token()
            is_known = seen.headers.get("authorization") == "Bearer good"
            header = f'Bearer error="invalid_token", Negotiate, Bearer realm="http://{registry.host}/token"'
            return SERVE(seen) if is_known else challenge(header)

        registry.behaviour = behave
        read(registry.host)


@pytest.mark.parametrize(
    ("bearer", "answer"),
    [
        ("Bearer", None),
        ('Bearer realm="/token"', None),
        ('Bearer realm="https://tokens.example.com/token"', None),
        ('Bearer realm="http://tokens.example.com/token"', None),
        ('Bearer realm="http://HOST/token"', Answer(status=404)),
        ('Bearer realm="http://HOST/token"', Answer(status=401)),
        ('Bearer realm="http://HOST/token"', Answer(status=200, body=b"<html>")),
        ('Bearer realm="http://HOST/token"', Answer(status=200, body=b"{}")),
    ],
)
def test_basic_is_used_where_bearer_leads_nowhere(bearer: str, answer: Answer | None) -> None:
    with fault_proxy(None) as registry:
        accepted = BASIC

        def behave(seen: Seen) -> Answer | None:
            if seen.path.startswith("/token"):
                return answer
            if seen.headers.get("authorization") == accepted:
                return SERVE(seen)
            return challenge(f'{bearer.replace("HOST", registry.host)}, Basic realm="r"')

        registry.behaviour = behave
        read(registry.host, **login())
        accepted = "nobody"
        for options in (login(), {}):
            with pytest.raises(RegistryError, match="token server") as error:
                read(registry.host, **options)
            assert "canary" not in error.value.one_line()


def test_the_refusal_of_an_unknown_realm_names_host_and_port() -> None:
    with fault_proxy(None, lambda _: challenge('Bearer realm="https://tokens.example.com:8443/t"')) as registry:
        with pytest.raises(AuthenticationError, match=r"server tokens\.example\.com:8443 is not on the host") as error:
            read(registry.host, **login())
        assert "--auth-realm tokens.example.com" in str(error.value.hint)


def test_a_realm_may_be_allowed_with_its_port() -> None:
    with fault_proxy(None, lambda _: token()) as tokens, fault_proxy(None) as registry:
        where = tokens.host.replace("127.0.0.1", "localhost")

        def behave(seen: Seen) -> Answer | None:
            is_known = seen.headers.get("authorization") == "Bearer good"
            return SERVE(seen) if is_known else challenge(f'Bearer realm="http://{where}/token"')

        registry.behaviour = behave
        with pytest.raises(AuthenticationError, match=f"without TLS: http://{where}/token; nothing was sent to it"):
            read(registry.host, **login(), allowed_realms=(where,))
        assert tokens.seen == []


@pytest.mark.parametrize(
    ("url", "allowed", "expected"),
    [
        ("https://gitlab.example.com/jwt/auth", ["other.example.com", "GitLab.example.com"], True),
        ("https://gitlab.example.com/jwt/auth", ["gitlab.example.com:443"], True),
        ("https://gitlab.example.com:443/jwt/auth", ["gitlab.example.com"], True),
        ("https://gitlab.example.com:8443/jwt/auth", ["gitlab.example.com"], True),
        ("https://gitlab.example.com:8443/jwt/auth", ["gitlab.example.com:8443"], True),
        ("https://gitlab.example.com:8443/jwt/auth", ["gitlab.example.com:443"], False),
        ("https://gitlab.example.com/jwt/auth", ["gitlab.example.com:80", "example.com"], False),
        ("http://gitlab.example.com/jwt/auth", ["gitlab.example.com:80"], True),
        ("https://[::1]:5001/token", ["[::1]"], True),
        ("https://[::1]:5001/token", ["[::1]:5001"], True),
        ("https://[::1]:5001/token", ["[::1]:5002", "[::2]"], False),
    ],
)
def test_which_token_servers_are_allowed(url: str, allowed: list[str], *, expected: bool) -> None:
    assert realms.is_allowed(urlsplit(url), allowed) is expected


@pytest.mark.parametrize(
    ("registry", "host", "port", "expected"),
    [
        ("registry-1.docker.io", "auth.docker.io", None, True),
        ("registry-1.docker.io", "auth.docker.io", 443, True),
        ("registry-1.docker.io", "auth.docker.io", 8443, False),
        ("registry-1.docker.io", "auth.docker.io.evil.example", None, False),
        ("registry.gitlab.com", "gitlab.com", None, True),
        ("registry.example.com", "gitlab.com", None, False),
        ("docker.elastic.co", "docker-auth.elastic.co", None, True),
        ("registry.digitalocean.com", "api.digitalocean.com", None, True),
        ("registry.suse.com", "scc.suse.com", None, True),
        ("registry.cn-shanghai.aliyuncs.com", "dockerauth.cn-shanghai.aliyuncs.com", None, True),
        ("registry.cn-shanghai.aliyuncs.com", "dockerauth.cn-hangzhou.aliyuncs.com", None, True),
        ("registry.cn-shanghai.aliyuncs.com", "dockerauth.eu-central-1.aliyuncs.com", None, False),
        ("registry.cn-shanghai.aliyuncs.com", "bucket.oss-cn-shanghai.aliyuncs.com", None, False),
        ("registry.cn-shanghai.aliyuncs.com", "dockerauth-vpc.cn-shanghai.aliyuncs.com", None, False),
        ("registry-vpc.cn-shanghai.aliyuncs.com", "dockerauth-vpc.cn-shanghai.aliyuncs.com", None, True),
        ("team-registry.eu-central-1.cr.aliyuncs.com", "dockerauth-ee.eu-central-1.aliyuncs.com", None, True),
        ("crpi-a1b2.cn-beijing.personal.cr.aliyuncs.com", "dockerauth.cn-hangzhou.aliyuncs.com", None, True),
        ("registry.cn-zhangjiakou.aliyuncs.com", "dockerauth-cn-zhangjiakou.aliyuncs.com", None, True),
        ("bucket.oss-cn-shanghai.aliyuncs.com", "dockerauth.cn-shanghai.aliyuncs.com", None, False),
    ],
)
def test_which_token_servers_are_known(registry: str, host: str, port: int | None, expected: bool) -> None:  # noqa: FBT001
    assert realms.belongs(host, registry, port) is expected


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("refuses", ["registry", "token server"])
@pytest.mark.parametrize("options", [{}, login()])
def test_who_is_denied_is_told_that_the_image_may_not_exist(
    status: int, refuses: str, options: dict[str, object]
) -> None:
    with fault_proxy(None) as registry:

        def behave(seen: Seen) -> Answer:
            if seen.path.startswith("/token"):
                return Answer(status=status) if refuses == "token server" else token()
            if "authorization" in seen.headers:
                return Answer(status=status)
            return challenge(f'Bearer realm="http://{registry.host}/token"')

        registry.behaviour = behave
        with pytest.raises(AuthenticationError, match=f"status {status}") as error:
            read(registry.host, **options)
        said = error.value.one_line()
        assert "the image may not exist" in said
        assert ("these credentials may not read it" in said) == bool(options)
        assert ("log in with 'docker login'" in said) == (not options)
