"""Credential helpers: real programs, those that work and those that do not."""

import json
import pickle
from pathlib import Path
from time import monotonic

import pytest

from ocianalyze.errors import AuthenticationError
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.sources.registry.login import helpers, logins
from ocianalyze.sources.registry.login.credentials import Credentials
from tests.support.credentials import NAME, basic, find, helper, user, write
from tests.support.registries import registry_access


def test_helpers_are_asked(tmp_path: Path) -> None:
    helper(tmp_path, "mine", """read server; printf '{"ServerURL":"x","Username":"of %s","Secret":"s"}' "$server" """)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    stored = write(tmp_path / "stored.json", auths={"registry.example.com": {}}, credsStore="mine")
    assert user(registry_access(authfile=stored, environment=environment)) == "of registry.example.com"
    assert user(registry_access(authfile=stored, environment=environment), "ubuntu") == "of https://index.docker.io/v1/"
    one = write(tmp_path / "one.json", credHelpers={"registry.example.com": "mine"}, auths={NAME: basic("no")})
    assert user(registry_access(authfile=one, environment=environment)) == "of registry.example.com"
    assert find(registry_access(authfile=one, environment=environment), "other.example.com/x") is None


def test_many_images_of_a_registry_are_opened_with_one_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = tmp_path / "count"
    helper(tmp_path, "mine", f"""echo x >> {count}; printf '{{"Username":"of %s","Secret":"s"}}' "$(cat)" """)
    file = write(tmp_path / "auth.json", credsStore="mine")
    access = registry_access(authfile=file, environment={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    for name in ("registry.example.com/a", "registry.example.com/b", "ubuntu", "registry.example.com/c"):
        assert find(access, name) is not None
    assert count.read_text() == "x\n" * 2
    other = pickle.loads(pickle.dumps(access))  # noqa: S301 - our own
    assert find(other, "ubuntu") is not None
    assert count.read_text() == "x\n" * 3
    monkeypatch.setattr(logins, "LIFETIME", 0)
    for _ in range(2):
        assert find(registry_access(authfile=file, environment=access.environment), "ubuntu") is not None
    assert count.read_text() == "x\n" * 5


def test_a_helper_without_credentials_is_no_error(tmp_path: Path) -> None:
    helper(tmp_path, "empty", "echo 'credentials not found in native keychain'; exit 1")
    file = write(tmp_path / "auth.json", credsStore="empty")
    warnings: list[str] = []
    access = registry_access(authfile=file, environment={"PATH": f"{tmp_path}:/bin"}, warn=warnings.append)
    assert find(access) is None
    assert warnings == []


@pytest.mark.parametrize("name", ["../../evil", "a b", "x;touch /tmp/y", "$(id)", "a/b", "\n"])
def test_helper_names_are_checked(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / "auth.json", credsStore=name)
    with pytest.raises(AuthenticationError, match="invalid credential helper name"):
        find(registry_access(authfile=file))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 3", "failed with status 3"),
        ("echo no json", "answered something else than a user name and a secret"),
        ("echo '[]'", "answered something else"),
        ('echo \'{"Username": "me"}\'', "answered something else"),
        ("head -c 2000000 /dev/zero", "printed more than"),
        ("sleep 60", "did not answer within 0.5 s"),  # a child holds the pipe open
        ("exec >&-; exec sleep 60", "did not answer"),
        (
            "echo 'pass not initialized: exit status 1: Error: try \"pass init\".'; exit 1",
            "failed: pass not initialized",
        ),
        ("echo 'You do not currently have an active account.' >&2; exit 1", "failed: You do not currently have"),
        ("head -c 2000000 /dev/zero >&2; exit 4", "failed"),
        ("printf 'a\\033[31mred\\nnext'; exit 1", r"failed: a\x1b\[31mred next"),
    ],
)
def test_helpers_that_misbehave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str) -> None:
    monkeypatch.setattr(helpers, "_SECONDS", 0.5)
    helper(tmp_path, "bad", script)
    file = write(tmp_path / "auth.json", credsStore="bad")
    warnings: list[str] = []
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    access = registry_access(authfile=file, environment=environment, warn=warnings.append)
    name = RepositoryName.parse(NAME)
    credentials = Credentials(access, own=name.registry)
    assert credentials.find(name) is None
    (warning,) = warnings
    assert warning.startswith(f"docker-credential-bad, the credential helper in {file}, ")
    assert warning.endswith("; registry.example.com is asked without its credentials")
    assert said.replace("\\[", "[") in warning
    assert len(warning) < 800
    assert warning.isprintable()
    assert credentials.tried[0] == str(file)
    assert credentials.tried[1].startswith("docker-credential-bad, which ")


def test_an_agent_that_a_helper_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    answer = json.dumps({"Username": "me", "Secret": "s"})
    helper(tmp_path, "agent", f"sleep 60 & echo '{answer}'")
    file = write(tmp_path / "auth.json", credsStore="agent")
    start = monotonic()
    assert user(registry_access(authfile=file, environment={"PATH": f"{tmp_path}:/usr/bin:/bin"})) == "me"
    assert monotonic() - start < 10


@pytest.mark.parametrize(
    "script",
    [
        """echo '{"Username": "me", "Secret": "canary"}'; exit 1""",
        "echo password=canary >&2; exit 1",
        "echo 'Authorization: Basic canary' >&2; exit 1",
        f"echo canary{'x' * 60}; exit 1",
        "echo me canary",
        """echo '{"Username": "me", "Secret": ["canary"]}'""",
    ],
)
def test_what_a_helper_printed_tells_no_secret(tmp_path: Path, script: str) -> None:
    helper(tmp_path, "bad", script)
    file = write(tmp_path / "auth.json", credsStore="bad")
    warnings: list[str] = []
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    assert find(registry_access(authfile=file, environment=environment, warn=warnings.append)) is None
    assert len(warnings) == 1
    assert "canary" not in warnings[0]


def test_a_helper_that_is_not_installed(tmp_path: Path) -> None:
    """The next place is asked: what one program lacks, another may have."""
    write(tmp_path / "config/containers/auth.json", credHelpers={"registry.example.com": "nowhere"})
    write(tmp_path / ".docker/config.json", auths={"registry.example.com": basic("docker")})
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    warnings: list[str] = []
    assert user(registry_access(environment=environment, warn=warnings.append)) == "docker"
    assert [warning.partition(", ")[0] for warning in warnings] == ["docker-credential-nowhere"]
    assert "is not on PATH" in warnings[0]


def test_a_helper_that_may_not_be_run(tmp_path: Path) -> None:
    (tmp_path / "docker-credential-text").write_text("no program")
    (tmp_path / "docker-credential-text").chmod(0o644)
    file = write(tmp_path / "auth.json", credsStore="text")
    warnings: list[str] = []
    access = registry_access(authfile=file, environment={"PATH": str(tmp_path)}, warn=warnings.append)
    assert find(access) is None
    assert "cannot be run" in warnings[0] or "is not on PATH" in warnings[0]


# What the helpers of clouds print is in their documentation: docker-credential-gcr, README; gcloud auth docker-helper;
# chrismellard/docker-credential-acr-env, pkg/credhelper, which has a refresh token for the user ``<token>``.


def test_helpers_of_google(tmp_path: Path) -> None:
    answer = json.dumps({"Secret": "ya29.x", "Username": "_dcgcloud_token"})
    helper(
        tmp_path, "gcloud", f"test \"$1\" = get && host=$(cat) && test $host = europe-docker.pkg.dev && echo '{answer}'"
    )
    answer = json.dumps({"ServerURL": "europe-docker.pkg.dev", "Username": "_dcgcr_2_1_32_token", "Secret": "ya29.x"})
    helper(tmp_path, "gcr", f"test \"$1\" = get && host=$(cat) && echo '{answer}'")
    for program, expected in (("gcloud", "_dcgcloud_token"), ("gcr", "_dcgcr_2_1_32_token")):
        file = write(tmp_path / "config.json", credHelpers={"europe-docker.pkg.dev": program, "gcr.io": program})
        access = registry_access(authfile=file, environment={"PATH": f"{tmp_path}:/usr/bin:/bin"})
        found = find(access, "europe-docker.pkg.dev/project/repository/image:1")
        assert found is not None
        assert (found.username, found.secret, found.is_identity_token) == (expected, "ya29.x", False)


def test_the_helper_of_azure(tmp_path: Path) -> None:
    answer = json.dumps({"ServerURL": "team.azurecr.io", "Username": "<token>", "Secret": "refresh"})
    helper(tmp_path, "acr-env", f"host=$(cat) && echo '{answer}'")
    file = write(tmp_path / "config.json", credHelpers={"team.azurecr.io": "acr-env"})
    found = find(registry_access(authfile=file, environment={"PATH": f"{tmp_path}:/usr/bin:/bin"}), "team.azurecr.io/i")
    assert found is not None
    assert (found.secret, found.is_identity_token) == ("refresh", True)
