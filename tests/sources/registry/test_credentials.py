"""The credentials that people already have: found where skopeo and docker find them, and told to nobody."""

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.errors import AuthenticationError
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.sources.registry import helpers
from ocianalyze.sources.registry.access import RegistryAccess
from ocianalyze.sources.registry.credentials import Credential, Credentials
from tests.support.registries import registry_access

NAME = "registry.example.com/team/app/image:1.0"


def basic(user: str, password: str = "secret") -> dict[str, str]:  # noqa: S107 - no real one
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def write(path: Path, **document: Any) -> Path:  # noqa: ANN401
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def find(access: RegistryAccess, name: str = NAME) -> Credential | None:
    parsed = RepositoryName.parse(name)
    return Credentials(access, own=parsed.registry).find(parsed)


def user(access: RegistryAccess, name: str = NAME) -> str | None:
    found = find(access, name)
    return None if found is None else found.username


def helper(directory: Path, name: str, script: str) -> Path:
    """Make a credential helper, a real program."""
    path = directory / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_files_are_asked_in_order(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = {"HOME": str(home), "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    files = [
        home / ".docker/config.json",
        home / ".config/containers/auth.json",
        tmp_path / "run/containers/auth.json",
    ]
    assert user(registry_access(environment=environment)) is None
    for number, file in enumerate(files):
        write(file, auths={"registry.example.com": basic(f"user{number}")})
        assert user(registry_access(environment=environment)) == f"user{number}"
    named = write(tmp_path / "named.json", auths={"registry.example.com": basic("named")})
    environment["REGISTRY_AUTH_FILE"] = str(named)
    assert user(registry_access(environment=environment)) == "named"
    given = write(tmp_path / "given.json", auths={"registry.example.com": basic("given")})
    assert user(registry_access(environment=environment, authfile=given)) == "given"
    by_hand = registry_access(environment=environment, authfile=given, username="hand", password="p")  # noqa: S106
    assert user(by_hand) == "hand"
    other = RepositoryName.parse("other.example.com/x")
    assert Credentials(by_hand, own="registry.example.com").find(other) is None


def test_a_login_for_one_host() -> None:
    login = registry_access(username="me", password="p", login_host="index.docker.io")  # noqa: S106
    assert user(login, "ubuntu") == "me"
    credentials = Credentials(login, own="ghcr.io")
    assert credentials.find(RepositoryName.parse("ghcr.io/x/y")) is None
    assert credentials.tried == ["the login for index.docker.io, which is another registry"]


def test_tokens_of_docker_desktop_are_no_logins(tmp_path: Path) -> None:
    hub = "https://index.docker.io/v1/"
    keys = {hub: basic("login"), f"{hub}access-token": basic("token"), f"{hub}refresh-token": basic("token")}
    assert user(registry_access(authfile=write(tmp_path / "auth.json", auths=keys)), "ubuntu") == "login"


def test_docker_config_moves_docker_s_file(tmp_path: Path) -> None:
    write(tmp_path / "docker/config.json", auths={"registry.example.com": basic("moved")})
    environment = {"HOME": str(tmp_path / "home"), "DOCKER_CONFIG": str(tmp_path / "docker")}
    assert user(registry_access(environment=environment)) == "moved"


@pytest.mark.parametrize(
    ("keys", "name", "expected"),
    [
        (["registry.example.com", "registry.example.com/team"], NAME, "registry.example.com/team"),
        (
            ["registry.example.com/team", "registry.example.com/team/app/image", "registry.example.com/team/app"],
            NAME,
            "registry.example.com/team/app/image",
        ),
        (["registry.example.com/other", "registry.example.com"], NAME, "registry.example.com"),
        (["registry.example.com/team/ap"], NAME, None),
        (["example.com", "xregistry.example.com"], NAME, None),
        (["https://index.docker.io/v1/"], "ubuntu", "https://index.docker.io/v1/"),
        (["docker.io"], "library/ubuntu", "docker.io"),
        (["index.docker.io"], "docker.io/team/image", "index.docker.io"),
        (["https://registry.example.com/v2/"], NAME, "https://registry.example.com/v2/"),
        (["registry.example.com:5000"], NAME, None),
        (["registry.example.com"], "registry.example.com:5000/team/image", None),
    ],
)
def test_which_key_counts(tmp_path: Path, keys: list[str], name: str, expected: str | None) -> None:
    file = write(tmp_path / "auth.json", auths={key: basic(key.replace(":", "%")) for key in keys})
    found = user(registry_access(authfile=file), name)
    assert found == (None if expected is None else expected.replace(":", "%"))


def test_identity_tokens_and_plain_names(tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", auths={"registry.example.com": {"auth": "", "identitytoken": "refresh-me"}})
    found = find(registry_access(authfile=file))
    assert found is not None
    assert (found.is_identity_token, found.secret) == (True, "refresh-me")
    file = write(tmp_path / "b.json", auths={"registry.example.com": {"username": "plain", "password": "p"}})
    assert user(registry_access(authfile=file)) == "plain"
    file = write(tmp_path / "c.json", auths={"registry.example.com": {}})
    assert find(registry_access(authfile=file)) is None


def test_a_secret_is_shown_by_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "auth.json", auths={"registry.example.com": basic("user", "canary")})
    found = find(registry_access(authfile=file))
    access = registry_access(username="u", password="canary", environment={"X": "canary"})  # noqa: S106
    assert "canary" not in repr(found) + repr(access) + str(found)


def test_helpers_are_asked(tmp_path: Path) -> None:
    helper(tmp_path, "mine", """read server; printf '{"ServerURL":"x","Username":"of %s","Secret":"s"}' "$server" """)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    stored = write(tmp_path / "stored.json", auths={"registry.example.com": {}}, credsStore="mine")
    assert user(registry_access(authfile=stored, environment=environment)) == "of registry.example.com"
    assert user(registry_access(authfile=stored, environment=environment), "ubuntu") == "of https://index.docker.io/v1/"
    one = write(tmp_path / "one.json", credHelpers={"registry.example.com": "mine"}, auths={NAME: basic("no")})
    assert user(registry_access(authfile=one, environment=environment)) == "of registry.example.com"
    assert find(registry_access(authfile=one, environment=environment), "other.example.com/x") is None


def test_a_helper_without_credentials_is_no_error(tmp_path: Path) -> None:
    helper(tmp_path, "empty", "echo 'credentials not found in native keychain'; exit 1")
    file = write(tmp_path / "auth.json", credsStore="empty")
    assert find(registry_access(authfile=file, environment={"PATH": f"{tmp_path}:/bin"})) is None


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 3", "failed"),
        ("echo no json", "not valid JSON"),
        ("head -c 2000000 /dev/zero", "more than"),
        ("sleep 60", "did not answer"),  # a child holds the pipe open
        ("exec >&-; exec sleep 60", "did not answer"),
    ],
)
def test_helpers_that_misbehave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str) -> None:
    monkeypatch.setattr(helpers, "_SECONDS", 0.5)
    helper(tmp_path, "bad", script)
    file = write(tmp_path / "auth.json", credsStore="bad")
    with pytest.raises(AuthenticationError, match=message):
        find(registry_access(authfile=file, environment={"PATH": f"{tmp_path}:/usr/bin:/bin"}))


@pytest.mark.parametrize("name", ["../../evil", "a b", "x;touch /tmp/y", "$(id)", "a/b", "\n"])
def test_helper_names_are_checked(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / "auth.json", credsStore=name)
    with pytest.raises(AuthenticationError, match="invalid credential helper name"):
        find(registry_access(authfile=file))


def test_a_helper_that_is_not_installed(tmp_path: Path) -> None:
    file = write(tmp_path / "auth.json", credsStore="nowhere")
    with pytest.raises(AuthenticationError, match="not on PATH"):
        find(registry_access(authfile=file, environment={"PATH": str(tmp_path)}))


@pytest.mark.parametrize("content", ["[]", "{", '{"auths": []}', '{"auths": {"registry.example.com": {"auth": "%"}}}'])
def test_files_that_are_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "auth.json"
    file.write_text(content)
    with pytest.raises(AuthenticationError, match=str(file)):
        find(registry_access(authfile=file))
    with pytest.raises(AuthenticationError, match="does not exist"):
        find(registry_access(authfile=tmp_path / "missing"))


@pytest.mark.parametrize(
    ("registry", "is_ecr"),
    [
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com", True),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", True),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", True),
        ("123456789012.dkr-ecr.eu-west-1.on.aws", True),
        ("public.ecr.aws", True),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example", False),
        ("evil.example", False),
        ("12345678901.dkr.ecr.us-east-1.amazonaws.com", False),
        ("x.123456789012.dkr.ecr.us-east-1.amazonaws.com", False),
    ],
)
def test_which_registries_are_amazon_s(registry: str, is_ecr: bool) -> None:  # noqa: FBT001
    from ocianalyze.sources.registry import ecr

    assert ecr.is_ecr(registry) is is_ecr
