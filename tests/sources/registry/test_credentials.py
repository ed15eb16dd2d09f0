"""The credentials that people already have: found where skopeo and docker find them, and told to nobody."""

import base64
import os
import sys
from pathlib import Path

import pytest

from ocianalyze.errors import AuthenticationError
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.sources.registry.login.authfiles import plain_key
from ocianalyze.sources.registry.login.credentials import Credentials
from tests.support.credentials import NAME, basic, find, user, write
from tests.support.registries import registry_access


def test_files_are_asked_in_order(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = {"HOME": str(home), "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    write(home / ".dockercfg", **{"https://registry.example.com": basic("legacy")})
    assert user(registry_access(environment=environment)) == "legacy"
    files = [
        home / ".docker/config.json",
        home / ".config/containers/auth.json",
        tmp_path / "run/containers/auth.json",
    ]
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
    missing = Credentials(registry_access(environment={"REGISTRY_AUTH_FILE": "/nowhere"}), own="example.com")
    assert missing.find(RepositoryName.parse("example.com/x")) is None
    assert missing.tried == ["REGISTRY_AUTH_FILE: /nowhere, which does not exist"]


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


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{",
        '{"auths": []}',
        '{"credHelpers": "x"}',
        '{"auths": {"registry.example.com": {"auth": "%"}}}',
        '{"auths": {"registry.example.com": {"auth": "bm9jb2xvbg=="}}}',
        '{"auths": {"registry.example.com": {"auth": "YQ=Q=="}}}',
        '{"auths": {"registry.example.com": {"registrytoken": "two words"}}}',
    ],
)
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
    from ocianalyze.sources.registry.login import ecr

    assert ecr.is_ecr(registry) is is_ecr


@pytest.mark.skipif(sys.platform != "linux", reason="containers/image has the directory on Linux only")
def test_where_podman_keeps_what_root_logged_in_with() -> None:
    own = Path("/run/containers", str(os.getuid()), "auth.json")
    assert registry_access(environment={"HOME": "/home/me"}).auth_files()[0] == own
    assert own not in registry_access(environment={"XDG_RUNTIME_DIR": "/run/user/1000"}).auth_files()
    assert registry_access().auth_files() == [], "nothing is read for a program that names no environment"


def test_gitlab_s_variable_counts_for_more_than_files(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    write(tmp_path / ".docker/config.json", auths={key: basic("file") for key in ("registry.example.com", "ghcr.io")})
    variable = write(tmp_path / "variable", auths={"registry.example.com": basic("variable")}).read_text()
    access = registry_access(environment={**home, "DOCKER_AUTH_CONFIG": variable})
    assert (user(access), user(access, "ghcr.io/x/y")) == ("variable", "file")
    named = write(tmp_path / "named.json", auths={"registry.example.com": basic("named"), "quay.io": basic("named")})
    environment = {**home, "DOCKER_AUTH_CONFIG": variable, "REGISTRY_AUTH_FILE": str(named)}
    access = registry_access(environment=environment)
    assert [user(access, name) for name in (NAME, "quay.io/x/y", "ghcr.io/x/y")] == ["variable", "named", None]
    assert user(registry_access(environment=environment, authfile=named)) == "named", "what is typed counts most"
    for broken in ("/builds/config.json", "[]"):
        with pytest.raises(AuthenticationError, match="DOCKER_AUTH_CONFIG is not"):
            find(registry_access(environment={"DOCKER_AUTH_CONFIG": broken}))


@pytest.mark.parametrize(
    ("key", "plain"),
    [
        ("https://registry.example.com", "registry.example.com"),
        ("http://registry.example.com:5000/", "registry.example.com:5000"),
        ("https://registry.example.com/v1/", "registry.example.com"),
        ("https://registry.example.com/any/path", "registry.example.com"),
        ("registry.example.com/", "registry.example.com"),
        ("registry.example.com/team", "registry.example.com/team"),
        ("http://index.docker.io/v1/", "docker.io"),
        ("https://registry-1.docker.io", "docker.io"),
        ("ssh://registry.example.com", "ssh://registry.example.com"),
    ],
)
def test_keys_that_are_urls(key: str, plain: str) -> None:
    assert plain_key(key) == plain


def test_a_plain_key_counts_for_more_than_a_url(tmp_path: Path) -> None:
    for order in (1, -1):
        keys = ["http://registry.example.com", "registry.example.com", "https://registry.example.com/v2/"][::order]
        file = write(tmp_path / "auth.json", auths={key: basic(key.replace(":", "%")) for key in keys})
        assert user(registry_access(authfile=file)) == "registry.example.com"


def test_base64_as_people_have_it(tmp_path: Path) -> None:
    password = "ä" * 60 + "{\n}"
    auth = base64.b64encode(f"_json_key:{password}".encode()).decode()
    folded = "\r\n".join(auth[at : at + 76] for at in range(0, len(auth), 76))
    for form in (auth, f"{auth}\n", folded, auth.rstrip("="), f" {auth}"):
        found = find(
            registry_access(authfile=write(tmp_path / "a.json", auths={"registry.example.com": {"auth": form}}))
        )
        assert found is not None
        assert (found.username, found.secret) == ("_json_key", password)


def test_of_several_secrets_a_token_counts_first(tmp_path: Path) -> None:
    entry = basic("00000000-0000-0000-0000-000000000000", "") | {"identitytoken": "refresh"}
    found = find(registry_access(authfile=write(tmp_path / "a.json", auths={"registry.example.com": entry})))
    assert found is not None
    assert (found.is_identity_token, found.secret) == (True, "refresh")
    found = find(
        registry_access(
            authfile=write(tmp_path / "b.json", auths={"registry.example.com": entry | {"registrytoken": "bearer\n"}})
        )
    )
    assert found is not None
    assert (found.is_bearer_token, found.header) == (True, "Bearer bearer")
    assert "bearer" not in repr(found).lower().replace("bearer_token", "").replace("bearer token", "")


def test_a_given_token_is_for_the_registry_of_the_image_alone() -> None:
    access = registry_access(bearer_token="jwt")  # noqa: S106
    found = find(access)
    assert found is not None
    assert (found.header, found.is_bearer_token) == ("Bearer jwt", True)
    assert Credentials(access, own="docker.io").find(RepositoryName.parse(NAME)) is None
    elsewhere = registry_access(bearer_token="jwt", login_host="ghcr.io")  # noqa: S106
    assert find(elsewhere) is None
