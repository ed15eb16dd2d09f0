"""The command line: whatever is printed, in whichever form, holds no secret; and a login is for one host."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support.authorities import Authority, serving_with
from tests.support.compress import Compression
from tests.support.credentials import helper, write
from tests.support.fault_proxy import Answer, FaultProxy, Seen, fault_proxy
from tests.support.fit import fit_image
from tests.support.images import build
from tests.support.served import serving_image
from tests.support.tools import requires

IMAGE = build(fit_image(), compression="gzip")
USER, PASSWORD, TOKEN, SIGNATURE = "canary-user", "canary-password", "canary-token", "canary-signature"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def run(
    *arguments: str, stdin: str = "", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "ocianalyze", *arguments)
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OCIANALYZE_")}
    return subprocess.run(
        command, input=stdin, env={**clean, **(environment or {})}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_inspect_says_how_layers_are_stored_without_reading_them(compression: Compression) -> None:
    image = build(fit_image(), compression=compression)
    with fault_proxy(None, serving_image(image)) as registry:
        done = run("inspect", f"{registry.host}/team/image:1.0", "--plain-http")
        assert len(registry.blobs) == 1  # the config
    assert done.stdout.partition("stored as")[2].count(f"  {compression}  ") == len(image.layers)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A registry that gives tokens for a login, and redirects to signed URLs at another host."""

    registry: FaultProxy
    storage: FaultProxy


@pytest.fixture
def guarded() -> Iterator[Guarded]:
    with fault_proxy(None) as storage, fault_proxy(None) as registry:
        serve = serving_image(IMAGE)

        def behave(seen: Seen) -> Answer | None:
            if seen.path.startswith("/token"):
                is_known = seen.headers.get("authorization") == f"Basic {BASIC}"
                return (
                    Answer(status=200, body=json.dumps({"token": TOKEN}).encode()) if is_known else Answer(status=401)
                )
            if seen.headers.get("authorization") != f"Bearer {TOKEN}":
                header = f'Bearer realm="http://{registry.host}/token",service="s"'
                return Answer(status=401, headers={"WWW-Authenticate": header})
            if seen.is_blob:
                location = f"http://{storage.host}{seen.path}?X-Amz-Signature={SIGNATURE}"
                return Answer(status=307, headers={"Location": location})
            return serve(seen)

        registry.behaviour = behave
        storage.behaviour = lambda seen: serve(Seen(seen.number, seen.method, seen.path.partition("?")[0], {}))
        yield Guarded(registry, storage)


LOUD = {"OCIANALYZE_DEBUG": "1"}


@pytest.mark.parametrize("storage", ["fine", "refuses", "sends too much", "lies", "redirects"])
def test_no_secret_is_printed(guarded: Guarded, tmp_path: Path, storage: str) -> None:
    spoil: dict[str, Callable[[Seen], Answer | None]] = {
        "refuses": lambda seen: Answer(status=403, body=f"<Url>{seen.path}</Url>".encode()),
        "sends too much": lambda _: Answer(status=200, headers={"Content-Length": "9999999"}, cut_after=0),
        "lies": lambda seen: (
            replace(lie, body=lie.body[:30] + bytes(50) + lie.body[80:])
            if (lie := serve(seen)) and isinstance(lie.body, bytes)
            else None
        ),
        "redirects": lambda seen: Answer(status=302, headers={"Location": f"http://[bad{seen.path}"}),
    }
    serve = guarded.storage.behaviour
    guarded.storage.behaviour = lambda seen: (
        serve(seen) if seen.path.partition("?")[0].endswith(IMAGE.config.digest) else spoil.get(storage, serve)(seen)
    )
    (tmp_path / "password").write_text(PASSWORD + "\n")
    done = run(
        *("scan", f"{guarded.registry.host}/team/image:1.0", "--plain-http", "--verbose"),
        *("-f", "json", "-f", "table", "-o", "-", "-o", str(tmp_path / "table")),
        *("--username", USER, "--password-file", str(tmp_path / "password")),
        environment={**LOUD, "HTTPS_PROXY": f"http://proxy:{PASSWORD}@127.0.0.1:1"},
    )
    assert done.returncode in ((0, 1) if storage == "fine" else (3, 4)), done.stderr
    assert SIGNATURE in str(guarded.storage.seen), "the secrets were there"
    assert f"http://{guarded.storage.host}/v2/team/image/blobs/" in done.stderr, "it is told where it went"
    table = (tmp_path / "table").read_text()
    assert ("could not be analysed" in table) == ('"verdict": "error"' in done.stdout) == (storage != "fine")
    for secret in (PASSWORD, TOKEN, SIGNATURE, BASIC):
        assert secret not in done.stdout + done.stderr + table
    assert "Traceback" not in done.stderr


def test_a_wrong_login_is_not_printed_either(guarded: Guarded) -> None:
    done = run(
        *("inspect", f"{guarded.registry.host}/team/image:1.0", "--plain-http", "--username", USER, "--password-stdin"),
        stdin="canary-wrong\n",
        environment=LOUD,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (4, "", 1)
    assert "denied access to team/image (with the given user name and password" in done.stderr
    assert "canary-wrong" not in done.stderr


def test_a_login_of_the_environment_is_for_its_host(guarded: Guarded) -> None:
    host = guarded.registry.host
    image = f"{host}/team/image:1.0"
    login = {"OCIANALYZE_REGISTRY_USERNAME": USER, "OCIANALYZE_REGISTRY_PASSWORD": PASSWORD}
    done = run("inspect", image, "--plain-http", environment={**login, "OCIANALYZE_REGISTRY_HOST": host})
    assert done.returncode == 0, done.stderr
    guarded.registry.seen.clear()
    done = run("inspect", image, "--plain-http", environment={**login, "OCIANALYZE_REGISTRY_HOST": "ghcr.io"})
    assert done.returncode == 4
    assert all(BASIC not in str(seen.headers) for seen in guarded.registry.seen)
    done = run("inspect", image, "--plain-http", environment=login)
    assert (done.returncode, "OCIANALYZE_REGISTRY_HOST" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--password-stdin",), "no --username"),
        (("--username", "x", "--password-stdin", "--password-file", "y"), "cannot be combined"),
        (("--username", "x", "--password-stdin", "--app-image-config", "-"), "cannot be both"),
        (("--username", "x", "--password-file", "/nowhere"), "/nowhere cannot be read"),
        (("--username", "x", "--bearer-token-file", "/nowhere"), "cannot be combined with --username"),
        (("--bearer-token-file", "/nowhere"), "/nowhere cannot be read"),
        (("--bearer-token-file", "/dev/null"), "/dev/null contains no token"),
        (("--username", "x", "--password-file", "/dev/zero"), "has more than 65,536 bytes"),
        (("--mirror", "x"), "--mirror: invalid mirror 'x'"),
        (("--mirror", "http://me:secret@x.example"), "--mirror: invalid mirror 'http://…@x.example'. Leave out"),
        (("--mirror", "https://x.example=y.example"), "--mirror: 'https://x.example' is not the name of a registry"),
        (("--tls-verify=maybe",), "maybe"),
        *((("--timeout", value), "is not a time limit") for value in ("0", "-1", "nan", "inf", "86401")),
        (("--timeout", "x"), "--timeout"),
        (("--ca-file", "/nowhere"), "--ca-file: /nowhere cannot be read"),
    ],
)
def test_logins_that_are_none(options: tuple[str, ...], message: str) -> None:
    done = run("scan", "127.0.0.1:1/team/image", *options, stdin="secret\n")
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


KEY = json.dumps({"type": "service_account", "private_key": f"-----BEGIN\n{PASSWORD}\n-----END"}, indent=2)


@pytest.mark.parametrize(("ending", "kept"), [("", ""), ("\n", ""), ("\r\n", ""), ("\n\n", "\n"), (" \r", " \r")])
def test_a_password_of_several_lines(tmp_path: Path, ending: str, kept: str) -> None:
    serve = serving_image(IMAGE)
    expected = "Basic " + base64.b64encode(f"_json_key:{KEY}{kept}".encode()).decode()
    with fault_proxy(None) as registry:
        registry.behaviour = lambda seen: (
            serve(seen)
            if seen.headers.get("authorization") == expected
            else Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="r"'})
        )
        command = ("inspect", f"{registry.host}/team/image:1.0", "--plain-http", "--username", "_json_key")
        (tmp_path / "key.json").write_bytes(f"{KEY}{ending}".encode())
        stdin = (tmp_path / "key.json").read_bytes()
        for options in (("--password-stdin",), ("--password-file", str(tmp_path / "key.json"))):
            with_bytes = subprocess.run(
                (sys.executable, "-m", "ocianalyze", *command, *options), input=stdin, capture_output=True, check=False
            )
            assert with_bytes.returncode == 0, with_bytes.stderr
        done = run(*command, environment={"OCIANALYZE_REGISTRY_PASSWORD": f"{KEY}{kept}"})
        assert done.returncode == 0, done.stderr


def test_passwords_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    done = run("inspect", "127.0.0.1:1/a/b", "--username", "x", "--password-file", str(tmp_path / "binary"))
    assert (done.returncode, "it is not text" in done.stderr) == (2, True)
    done = run("inspect", "127.0.0.1:1/a/b", "--username", "x", "--password-stdin", stdin="\n")
    assert (done.returncode, "the registry password is empty" in done.stderr) == (2, True)
    done = run("inspect", "127.0.0.1:1/a/b", "--username", "x", "--password-stdin", stdin="y" * 70_000)
    assert (done.returncode, "the password in standard input has more than" in done.stderr) == (2, True)


def test_a_bearer_token_from_a_file_or_a_variable(tmp_path: Path) -> None:
    serve = serving_image(IMAGE)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    with fault_proxy(None) as registry:
        registry.behaviour = lambda seen: (
            serve(seen) if seen.headers.get("authorization") == f"Bearer {TOKEN}" else Answer(status=401)
        )
        image = ("inspect", f"{registry.host}/team/image:1.0", "--plain-http")
        done = run(*image, "--bearer-token-file", str(tmp_path / "token"), environment=LOUD)
        assert done.returncode == 0, done.stderr
        variables = {"OCIANALYZE_REGISTRY_TOKEN": TOKEN, "OCIANALYZE_REGISTRY_HOST": registry.host}
        assert run(*image, environment=variables).returncode == 0
        registry.seen.clear()
        done = run(*image, environment={**variables, "OCIANALYZE_REGISTRY_HOST": "ghcr.io"})
        assert done.returncode == 4
        assert TOKEN not in str(registry.seen) + done.stderr
        done = run(*image, environment={**variables, "OCIANALYZE_REGISTRY_USERNAME": USER})
        assert (done.returncode, "are both set" in done.stderr) == (2, True)
        done = run(*image, environment={"OCIANALYZE_REGISTRY_TOKEN": TOKEN})
        assert (done.returncode, "OCIANALYZE_REGISTRY_HOST is not" in done.stderr) == (2, True)


def test_a_helper_that_fails_is_told_of_once(tmp_path: Path) -> None:
    """A public image of several layers is read; the message of a private one names the helper, too."""
    serve = serving_image(IMAGE)
    broken = helper(tmp_path, "pass", "printf 'pass not initialized\\033[2J'; exit 1")
    file = write(tmp_path / "config.json", credsStore="pass")
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    with fault_proxy(None) as registry:

        def behave(seen: Seen) -> Answer | None:
            if seen.path.startswith("/token"):
                return Answer(status=200, body=b'{"token": "anonymous", "expires_in": 1}')
            if seen.headers.get("authorization") == "Bearer anonymous" and "private" not in seen.path:
                return serve(seen)
            return Answer(status=401, headers={"WWW-Authenticate": f'Bearer realm="http://{registry.host}/token"'})

        registry.behaviour = behave
        options = ("--plain-http", "--authfile", str(file), "--no-cache", "--fail-on", "never")
        done = run("scan", f"{registry.host}/team/image:1.0", *options, environment=environment)
        assert done.returncode == 0, done.stderr
        (line,) = [line for line in done.stderr.splitlines() if broken.name in line]
        assert line.startswith(
            f"ocianalyze: {broken.name}, the credential helper in {file}, failed: pass not initialized"
        )
        assert "\x1b" not in done.stderr
        done = run("scan", f"{registry.host}/team/image:1.0", *options, "--quiet", environment=environment)
        assert (done.returncode, done.stderr) == (0, "")
        done = run("inspect", f"{registry.host}/team/private:1.0", *options[:3], environment=environment)
        assert done.returncode == 4
        assert f"{broken.name}, which failed: pass not initialized" in done.stderr.splitlines()[-1]


@requires("openssl")
def test_authorities_and_the_time_limit_from_variables(tmp_path: Path) -> None:
    """Several files are separated as directories are in PATH."""
    root, other = Authority(tmp_path), Authority(tmp_path, "other")
    context = serving_with(*root.issue("leaf"))
    with fault_proxy(None, serving_image(IMAGE), tls=context) as registry:
        name = f"{registry.host}/team/image:1.0"
        files = f"{other.certificate}:{root.certificate}"
        done = run("inspect", name, environment={"OCIANALYZE_CA_FILE": files, "OCIANALYZE_TIMEOUT": "20"})
        assert done.returncode == 0, done.stderr
        done = run("inspect", name, "--ca-file", str(other.certificate), "--ca-file", str(root.certificate))
        assert done.returncode == 0, done.stderr
        done = run("inspect", name, "--ca-file", str(other.certificate))
        assert (done.returncode, "not trusted" in done.stderr) == (4, True), done.stderr
    done = run("inspect", "127.0.0.1:1/a/b", environment={"OCIANALYZE_TIMEOUT": "0"})
    assert (done.returncode, "is not a time limit" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("TLS_VERIFY", "Use the option --tls-verify, which has no variable"),
        ("PASSWORD", "Did you mean OCIANALYZE_REGISTRY_PASSWORD?"),
        ("MIROR", "Did you mean OCIANALYZE_MIRROR?"),
    ],
)
def test_variables_that_are_none(name: str, hint: str) -> None:
    done = run("scan", "127.0.0.1:1/team/image", environment={f"OCIANALYZE_{name}": "x"})
    assert done.returncode == 2
    assert done.stderr.strip() == f"ocianalyze: unknown environment variable OCIANALYZE_{name}. {hint}"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"TIMEOUT": "abc"}, "OCIANALYZE_TIMEOUT: must be a number"),
        ({"PLAIN_HTTP": "http://x.example"}, "OCIANALYZE_PLAIN_HTTP: 'http://x.example' is not the name of a registry"),
        ({"REGISTRY_HOST": "x.example"}, "OCIANALYZE_REGISTRY_HOST is set, but neither"),
    ],
)
def test_values_of_variables_that_are_none(environment: dict[str, str], message: str) -> None:
    given = {f"OCIANALYZE_{name}": value for name, value in environment.items()}
    done = run("scan", "127.0.0.1:1/team/image", environment=given)
    assert done.returncode == 2
    assert done.stderr.startswith(f"ocianalyze: {message}")


def test_a_password_reaches_no_second_registry_by_diff() -> None:
    with fault_proxy(None, serving_image(IMAGE)) as first, fault_proxy(None, serving_image(IMAGE)) as second:
        images = [f"{one.host}/team/image:1.0" for one in (first, second)]
        login = ("--plain-http", "--username", "me", "--password-stdin")
        done = run("diff", *images, *login, stdin="secret\n")
        assert done.returncode == 2
        assert "--username is for one registry, but the images are in 2" in done.stderr
        assert not first.seen
        assert not second.seen


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("localhost:5000/team/image:", "It is not an image name either: 'localhost:5000/team/image:': invalid tag ''"),
        ("localhost:5000//image:1", "It is not an image name either: invalid image name"),
        ("localhost:99999/image", "It is not an image name either: 'localhost:99999/image': invalid registry name"),
        ("oci://registry.example.com/image:1", "Write docker://registry.example.com/image:1 to read"),
    ],
)
def test_what_is_neither_a_file_nor_a_name(image: str, message: str) -> None:
    done = run("inspect", image)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr
