"""Settings: which file counts, what it sets, and that nothing misspelt is passed over."""

import re
from datetime import date
from pathlib import Path

import pytest

from ocianalyze.errors import UsageError
from ocianalyze.rules.rule import Severity
from ocianalyze.settings.files import find_settings, load_settings, user_file
from ocianalyze.settings.model import Settings
from ocianalyze.sources.registry.access import HostSettings

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"

FULL = """
profile = ["studio-jupyterlab", "studio-code-editor"]
platform = "linux/amd64"
select = ["KRN", "user-unsupported"]
ignore = "KRN008"
fail-on = "warning"
size-limit = "30GB"
driver-version = "535.104.05"
app-image-config = "aws/config.json"
dockerfile = "Dockerfile"
baseline = "old/main.json"
docs-url = "https://docs.example.com/ocianalyze"
format = "json"
color = "never"
verify = true
jobs = 2

[severity]
usr001 = "note"

[limits]
max-steps = 100
max-memory = "1GiB"

[[waive]]
rule = "reserved-directory-used"
path = "/opt/ml/**"
reason = "a training image"
expires = 2027-01-31

[[waive]]
rule = "KRN001"
reason = "no notebook"

[registry."registry.example.com:5000"]
mirror = "mirror.example.com/cache"
cert-dir = "certs"
ca-file = ["ca.pem", "/etc/ssl/other.pem"]
client-cert = "client.pem"
auth-realm = "gitlab.example.com"
timeout = 120
proxy = "http://proxy.example.com:3128"

[registry."127.0.0.1:5000"]
plain-http = true
tls-verify = false
"""


def write(directory: Path, text: str, name: str = "ocianalyze.toml") -> Path:
    """Write a file with settings."""
    path = directory / name
    path.write_text(text)
    return path


def test_everything_that_can_be_set(tmp_path: Path) -> None:
    path = write(tmp_path, FULL)
    settings = load_settings(path)
    assert settings.profile == ["studio-jupyterlab", "studio-code-editor"]
    assert (settings.select, settings.ignore, settings.fail_on) == (["KRN", "user-unsupported"], ["KRN008"], "warning")
    assert (settings.size_limit, settings.driver_version) == (30_000_000_000, "535.104.05")
    assert settings.app_image_config == tmp_path / "aws" / "config.json"
    assert (settings.dockerfile, settings.baseline) == (tmp_path / "Dockerfile", tmp_path / "old" / "main.json")
    assert settings.docs_url == "https://docs.example.com/ocianalyze/"
    assert (settings.format, settings.color, settings.verify, settings.jobs) == (["json"], "never", True, 2)
    assert settings.severity == {"USR001": Severity.NOTE}
    assert settings.limits == {"max_steps": 100, "max_memory": 1 << 30}
    first, second = settings.waivers
    assert (first.rule, first.path, first.expires) == ("FSR001", "/opt/ml/**", date(2027, 1, 31))
    assert (second.path, second.expires, second.origin) == (None, None, "ocianalyze.toml: waiver 2")
    assert settings.registries == {
        "registry.example.com:5000": HostSettings(
            mirrors=("mirror.example.com/cache",),
            cert_dir=tmp_path / "certs",
            ca_files=(tmp_path / "ca.pem", Path("/etc/ssl/other.pem")),
            client=(tmp_path / "client.pem", tmp_path / "client.pem"),
            allowed_realms=("gitlab.example.com",),
            timeout=120.0,
            proxy="http://proxy.example.com:3128",
        ),
        "127.0.0.1:5000": HostSettings(plain_http=True, tls_verify=False),
    }
    assert settings.file == path
    assert set(Settings.model_fields) == {name for name in Settings.model_fields if getattr(settings, name)}


def test_the_table_of_pyproject_is_the_same(tmp_path: Path) -> None:
    table = re.sub(r"^(\[+)", r"\1tool.ocianalyze.", FULL, flags=re.MULTILINE)
    path = write(tmp_path, f"[project]\nname = 'x'\n[tool.ocianalyze]{table}", "pyproject.toml")
    own = load_settings(write(tmp_path, FULL))
    assert load_settings(path).model_dump() == own.model_dump()


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    write(inner, "[tool.ruff]\n", "pyproject.toml")
    project = write(tmp_path / "a", "[tool.ocianalyze]\n", "pyproject.toml")
    farther = write(tmp_path, "")
    assert find_settings(inner) == project
    assert find_settings(tmp_path) == farther
    nearer = write(tmp_path / "a", "")
    assert find_settings(inner) == nearer
    assert load_settings(nearer).model_dump() == Settings().model_dump()


WRONG = [
    ('fail_on = "error"', 1, "fail_on: unknown key", "Did you mean 'fail-on'?"),
    ("\n\nprofil = []", 3, "profil: unknown key", "Did you mean 'profile'?"),
    ("xyz = 1", 1, "xyz: unknown key", None),
    ("file = 'x'", 1, "file: unknown key", None),
    ('profile = "studio"', 1, "profile.1: unknown profile 'studio'", None),
    ('profile = ["studio-classic",\n "studio-jupiterlab"]', 1, "profile.2", "Did you mean 'studio-jupyterlab'?"),
    ('select = ["KRN999"]', 1, "select.1: unknown rule 'KRN999'", None),
    ('ignore = ["kernel-hiden"]', 1, "ignore.1: unknown rule", "Did you mean 'kernel-hidden'?"),
    ('fail-on = "eror"', 1, "fail-on: unknown value 'eror'", "Did you mean 'error'?"),
    ('[severity]\nKRN001 = "warn"', 2, "severity.KRN001: unknown value 'warn'", "Did you mean 'warning'?"),
    (
        '[registry."example.com"]\nmirrors = "x.example.com"',
        2,
        "registry.example.com.mirrors: unknown key",
        "Did you mean 'mirror'?",
    ),
    ('[registry."example.com"]\nmirror = "x"', 2, "registry.example.com.mirror.1: invalid mirror 'x'", None),
    (
        '[registry."example.com/team"]\ntimeout = 1',
        1,
        "registry.example.com/team: 'example.com/team' is not the name",
        "Leave out the path: host[:port]",
    ),
    (
        '[registry."example.com"]\nauth-realm = "https://gitlab.example.com/jwt/auth"',
        2,
        "registry.example.com.auth-realm.1: invalid token server 'https://gitlab.example.com/jwt/auth'",
        "Write its host alone: gitlab.example.com",
    ),
    (
        '[registry."example.com"]\nauth-realm = "a,b"',
        2,
        "registry.example.com.auth-realm.1: invalid token server 'a,b'",
        "Use the form host[:port]",
    ),
    (
        '[registry."example.com"]\nmirror = "http://u:pw@h.example"',
        2,
        "registry.example.com.mirror.1: invalid mirror 'http://…@h.example'",
        None,
    ),
    (
        '[registry."example.com"]\nproxy = "ftp://me:canary@proxy.example"',
        2,
        "registry.example.com.proxy: the proxy: unsupported proxy type 'ftp'",
        None,
    ),
    ('[registry."example.com"]\ntimeout = 0', 2, "registry.example.com.timeout: must be greater than 0", None),
    ('[registry."example.com"]\nclient-key = "x"', 1, "registry.example.com: client-key needs client-cert", None),
    ('[severity]\nKRN999 = "note"', 2, "severity.KRN999: unknown rule 'KRN999'", None),
    ('[severity]\nKRN = "note"', 2, "severity.KRN: unknown rule 'KRN'", None),
    ('size-limit = "big"', 1, "size-limit: 'big' is not a size such as", None),
    ("size-limit = 30", 1, "size-limit: 30 without a unit means 30 bytes; add a unit, such as 30GB", None),
    ("size-limit = -1", 1, "size-limit: ", None),
    ("driver-version = 535", 1, "driver-version: must be a string", None),
    (
        'driver-version = "new"',
        1,
        "driver-version: invalid driver version 'new'",
        "Use digits and dots, such as 535.104.05",
    ),
    ('verify = "yes"', 1, "verify: must be true or false", None),
    ("jobs = 0", 1, "jobs: ", None),
    ('jobs = "2"', 1, "jobs: must be an integer", None),
    ("[limits]\nmax-stesp = 1", 2, "limits.max-stesp: unknown limit", "Did you mean 'max-steps'?"),
    ("[limits]\nmax_steps = 1", 2, "limits.max_steps: unknown limit", "Did you mean 'max-steps'?"),
    ("waive = 1", 1, "waive: must be a list", None),
    ('[[waive]]\nrule = "KRN001"', 1, "waive.1.reason: is missing", None),
    ('[[waive]]\nrule = "KRN001"\nraeson = "x"', 3, "waive.1.raeson: unknown key", "Did you mean 'reason'?"),
    ('[[waive]]\nrule = "KRN001"\nreason = " "', 3, "waive.1.reason: must not be empty", None),
    ('[[waive]]\nrule = "KRN"\nreason = "x"', 2, "waive.1.rule: unknown rule 'KRN'", None),
    ('[[waive]]\nrule="KRN001"\nreason="x"\npath="opt/*"', 4, "waive.1.path: must be an absolute path", None),
    (
        '[[waive]]\nrule="KRN001"\nreason="x"\n[[waive]]\nrule="KRN001"\nreason="x"\nexpires="2027-01-31"',
        7,
        "waive.2.expires: must be a date, such as 2027-01-31, without quotes",
        None,
    ),
]


@pytest.mark.parametrize(("text", "line", "message", "hint"), WRONG, ids=[item[2] for item in WRONG])
def test_what_is_not_known_names_the_line_and_the_key(
    tmp_path: Path, text: str, line: int, message: str, hint: str | None
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_settings(path)
    assert caught.value.message.startswith(f"{path}:{line}: {message}")
    assert hint is None or caught.value.hint == hint
    project = write(
        tmp_path,
        "[tool.ocianalyze]\n" + re.sub(r"^(\[+)", r"\1tool.ocianalyze.", text, flags=re.MULTILINE),
        "pyproject.toml",
    )
    if not text.startswith(("[severity", "[limits")):
        with pytest.raises(UsageError, match=re.escape(f"{project}:{line + 1}: {message}")):
            load_settings(project)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a = \nb", "is not valid TOML: .*line 1"),
        (b"a = 1\na = 2", "is not valid TOML"),
        (b"\xff", "is not UTF-8"),
        (b"#" * (1 << 20) + b"\n", "is larger than 1 MiB"),
        (b"a=" + b"[" * 100_000, "is not valid TOML"),
    ],
)
def test_what_is_no_toml_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "ocianalyze.toml"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        load_settings(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        load_settings(tmp_path / "none.toml")


def test_a_project_file_that_may_have_settings_is_not_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "broken =", "pyproject.toml")
    with pytest.raises(UsageError, match="not valid TOML"):
        find_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.ocianalyse]", "unknown table [tool.ocianalyse]"),
        ("[tool]\nocianalyze = 1", "tool.ocianalyze: must be a table"),
        ("[[tool.ocianalyze]]", "tool.ocianalyze: must be a table"),
    ],
)
def test_a_project_file_whose_table_is_misspelt_is_not_passed_over(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text, "pyproject.toml")
    with pytest.raises(UsageError, match=re.escape(message)):
        find_settings(tmp_path)
    with pytest.raises(UsageError, match=re.escape(message)):
        load_settings(path)


def test_a_project_file_that_is_named_must_have_the_table(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no table"):
        load_settings(write(tmp_path, "[tool.ruff]", "pyproject.toml"))


LOWERING = {
    "plain-http": "plain-http = true",
    "tls-verify": "tls-verify = false",
    "auth-realm": 'auth-realm = ["evil.example.com"]',
    "proxy": 'proxy = "http://evil.example.com"',
    "mirror": 'mirror = "evil.example.com"',
    "client-cert": 'client-cert = "/home/user/me.pem"',
}


@pytest.mark.parametrize("key", LOWERING)
def test_a_file_that_was_only_found_lowers_no_security(tmp_path: Path, key: str) -> None:
    for prefix, name in (("", "ocianalyze.toml"), ("tool.ocianalyze.", "pyproject.toml")):
        for host in ("example.com:5000", "Example.COM:5000"):
            path = write(tmp_path, f'[{prefix}registry."{host}"]\n{LOWERING[key]}\n', name)
            assert load_settings(path).registries
            with pytest.raises(UsageError, match=rf"{name}(:2)?: registry\.example\.com:5000\.{key} lowers security"):
                load_settings(path, was_found=True)


@pytest.mark.parametrize(
    "text",
    [
        'registry."example.com".tls-verify = false',
        'registry = { "example.com" = { tls-verify = false } }',
        '[registry]\n"example.com".tls-verify = false',
        '[registry]\n"example.com" = { tls-verify = false, timeout = 1 }',
        "[registry.localhost]\n[registry.'EXAMPLE.com']\n\"tls-verify\" = false",
        '[registry."index.docker.io"]\ntls-verify = false',
        '[registry]\n"example\\u002ecom"."tls-verif\\u0079" = false',
    ],
)
def test_no_spelling_of_a_found_file_lowers_security(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, f"{text}\n")
    assert any(said.tls_verify is False for said in load_settings(path).registries.values())
    with pytest.raises(UsageError, match="tls-verify lowers security"):
        load_settings(path, was_found=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("example.com", "Example.com"),
        ("docker.io", "registry-1.docker.io"),
        ("index.docker.io", "docker.io"),
        ("LOCALHOST:5000", "localhost:5000"),
    ],
)
def test_two_tables_for_one_registry_are_an_error(tmp_path: Path, one: str, other: str) -> None:
    path = write(tmp_path, f'[registry."{one}"]\ntimeout = 1\n[registry."{other}"]\ntimeout = 2\n')
    with pytest.raises(UsageError, match=f"registry: {one!r} and {other!r} name the same registry"):
        load_settings(path)


def test_what_lowers_no_security_may_be_found(tmp_path: Path) -> None:
    keys = 'plain-http = false\ntls-verify = true\nproxy = ""\nca-file = "ca.pem"\ntimeout = 5'
    assert load_settings(write(tmp_path, f'[registry."example.com"]\n{keys}'), was_found=True).registries


def test_certificates_of_a_found_file_are_beside_it(tmp_path: Path) -> None:
    """Else a repository could have our client certificates shown to a host of its own."""
    ours = tmp_path / "home" / "certs.d"
    ours.mkdir(parents=True)
    (ours / "me.cert").write_text("")
    place = tmp_path / "repository"
    (place / "inside").mkdir(parents=True)
    (place / "inside" / "ca.crt").write_text("")
    (place / "linked").symlink_to(ours)
    (place / "links").mkdir()
    (place / "links" / "me.cert").symlink_to(ours / "me.cert")
    for where, is_allowed in (
        ("inside", True),
        ("missing", True),
        (str(ours), False),
        ("../home/certs.d", False),
        ("linked", False),
        ("links", False),
        ("~/certs.d", True),
    ):
        path = write(place, f'[registry."example.com"]\ncert-dir = "{where}"\n')
        assert load_settings(path).registries
        if is_allowed:
            assert load_settings(path, was_found=True).registries
            continue
        with pytest.raises(UsageError, match=r"toml:2: registry\.example\.com\.cert-dir lowers security"):
            load_settings(path, was_found=True)


def test_the_users_own_file_says_how_registries_are_reached(tmp_path: Path) -> None:
    assert user_file({"HOME": str(tmp_path)}) is None
    place = tmp_path / ".config" / "ocianalyze"
    place.mkdir(parents=True)
    own = write(place, '[registry."example.com"]\ntls-verify = false\ntimeout = 5\n[registry.localhost]\ntimeout = 1\n')
    assert user_file({"HOME": str(tmp_path)}) == user_file({"XDG_CONFIG_HOME": str(tmp_path / ".config")}) == own
    nearest = load_settings(write(tmp_path, '[registry."example.com"]\ntimeout = 9'), was_found=True)
    assert nearest.beside(load_settings(own)).registries == {
        "example.com": HostSettings(tls_verify=False, timeout=9.0),
        "localhost": HostSettings(timeout=1.0),
    }


def test_the_examples_of_the_page_can_be_loaded_and_show_every_key(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(# ocianalyze\.toml\n.*?)```", page, flags=re.DOTALL)
    shown = set[str]()
    for block in blocks:
        shown |= load_settings(write(tmp_path, block)).model_fields_set
    assert shown == set(Settings.model_fields)
