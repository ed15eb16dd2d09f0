"""The settings of a Jupyter server are those that the real one comes to, from arguments, files and variables."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.facts import Facts
from ocianalyze.facts.jupyter.directories import RUNTIME_DIRECTORY
from ocianalyze.facts.jupyter.options import unquoted
from ocianalyze.facts.jupyter.settings import JupyterSettings
from tests.rules.subjects import base, make_subject, program, python
from tests.support.tarballs import directory, file, symlink

SERVERS = Path(__file__).parents[2] / "support" / "jupyter_servers.py"
ENV = "prefix/etc/jupyter"
SERVER, LAB, BASE = (f"{ENV}/jupyter_{name}config.py" for name in ("server_", "lab_", ""))
JSON = f"{ENV}/jupyter_server_config.json"


@dataclass(frozen=True)
class Case:
    """What a server is started with."""

    argv: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    app: str = "lab"


def files(**texts: str) -> dict[str, str]:
    """Return configuration files by the names that they have here."""
    return {globals()[name]: text for name, text in texts.items()}


GOOD = ("--ip", "0.0.0.0", "--port", "8888", "--ServerApp.base_url=/jupyterlab/default", "--ServerApp.token=")  # noqa: S104
USER_FIRST = {"JUPYTER_PREFER_ENV_PATH": "off"}  # whatever the Python is that runs the tests
IP1, IP2 = "c.ServerApp.ip = '1.1.1.1'", "c.ServerApp.ip='2.2.2.2'"

PORT = "import os\nc.ServerApp.port = int(os.getenv('P', '77'))"
STACKS = '''\
import os
import subprocess
from pathlib import Path

c = get_config()  # noqa
c.ServerApp.ip = ""
c.ServerApp.open_browser = False
c.InlineBackend.figure_formats = {"png", "svg"}
SECTION = """\\
[req]
name = c.ServerApp.ip = "8.8.8.8"
"""


def command(port):
    if port:
        raise FileNotFoundError("if c.ServerApp")
    c = os.getenv("X", "")
    return [c, "--base={port}"]


c.ServerProxy.servers = {
    "editor": {
        "command": command,
    }
}
if "GEN_CERT" in os.environ:
    place = Path("/nowhere") / "a.pem"
    subprocess.check_call(
        [
            "openssl",
            f"-out={place}",
        ]
    )
    c.ServerApp.ip = "9.9.9.9"
    c.ServerApp.certfile = str(place)
if "NB_UMASK" in os.environ:
    os.umask(int(os.environ["NB_UMASK"], 8))
'''
"""In the manner of Jupyter Docker Stacks and of what is made from them."""

WORKSPACE = """\
import os
conf = get_config()
base = os.getenv("BASE", "/")
if base is not None and base != "/":
    conf.NotebookApp.base_url = base
cull = os.getenv("CULL", "false")
if cull and cull.lower().strip() != "false":
    seconds = 100
    try:
        seconds = int(cull)
    except ValueError:
        pass
    if seconds > 0:
        conf.MappingKernelManager.cull_idle_timeout = seconds
auth = os.getenv("AUTH", "false")
if auth and auth.lower().strip() != "false":
    if auth.lower().strip() == "<made>":
        pass
    elif auth.lower().strip() != "true":
        conf.NotebookApp.token = auth
else:
    conf.NotebookApp.token = ""
try:
    if not base.startswith("/"):
        base = "/" + base
    if os.path.exists("/nowhere/at/all"):
        conf.ServerApp.ip = "7.7.7.7"
except Exception:
    pass
"""
"""In the manner of images that are told by variables what to set."""

PYTHON: list[tuple[str, dict[str, str]]] = [
    (STACKS, {}),
    (WORKSPACE, {}),
    (WORKSPACE, {"BASE": "x/y", "CULL": "50", "AUTH": "true"}),
    (WORKSPACE, {"BASE": "/x", "CULL": "no", "AUTH": "secret"}),
    (PORT, {}),
    (PORT, {"P": "78"}),
    (PORT, {"P": "none"}),
    ("c.ServerApp.port = 5\nif True:\n    c.ServerApp.ip = '1.2.3.4'", {}),
    ("import os; c.ServerApp.port = 5; c.ServerApp.ip = os.environ['IP']", {}),
    ("import os; c.ServerApp.port = 5; c.ServerApp.ip = os.environ['IP']", {"IP": "1.2.3.4"}),
    ("c.ServerApp.ip = '1.2' '.3.4'\nc.ServerApp.base_url = 'a\\'b' + r'\\d'", {}),
    ("c.ServerApp.allow_origin = c.ServerApp.base_url = '/x'", {}),
    ("import os\nif 'A' not in os.environ: c.ServerApp.port = 9; c.ServerApp.ip = '1.1.1.1'", {}),
    ("port = 5\nif port == 5 and not False:\n  c.ServerApp.port = port + 1\nelse:\n  c.ServerApp.port = 1", {}),
    ("from os import environ\nif environ.get('A') or environ.get('B', 'x') == 'y':\n  c.ServerApp.port = 6", {}),
    (
        "from os import environ\nif environ.get('A') or environ.get('B', 'x') == 'y':\n  c.ServerApp.port = 6",
        {"B": "y"},
    ),
    (
        "import os\nc.ServerApp.token = os.environ.get('T') or ''\nc.ServerApp.ip = '*' if 'ALL' in os.environ else ''",
        {},
    ),
    ("raise ValueError\nc.ServerApp.port = 6", {}),
    ("c.ServerApp.port = 6\nif True:\n    raise ValueError", {}),
    ("class A:\n    c = 5\n    def f(self, c):\n        c.update(1)\nc.ServerApp.port = 6", {}),
    ("c.ServerApp.port = 'x'\nc.ServerApp.port = 6", {}),
    ("with open('/dev/null') as f:\n    c.ServerApp.port = 6", {}),
    ("for n in (1, 2):\n    x = n\nc.ServerApp.port = 6", {}),
    ("import os\nos.environ['A'] = '5'\nif os.environ['A'] == '5':\n    c.ServerApp.port = 6", {}),
]

CASES = [
    Case(),
    Case(GOOD),
    Case((*GOOD, "--ServerApp.allow_origin=*")),
    Case(
        (
            "--ServerApp.ip=0.0.0.0",
            "--ServerApp.port=8888",
            "--ServerApp.allow_origin=*",
            "--ServerApp.token=''",
            "--ServerApp.base_url=/jupyterlab/default",
        )
    ),
    Case(("--ip=*", "--port=0", "--ServerApp.base_url", "a/b", "--IdentityProvider.token", "''", "--allow-root")),
    Case(("--ServerApp.ip", "'0.0.0.0'", "--NotebookApp.token=", "--NotebookApp.base_url=/x")),
    Case(("--LabApp.token=", "--LabApp.base_url=/y/", "--LabApp.ip=1.2.3.4", "--LabApp.port=99")),
    # What counts more of several.
    Case(("--ip", "0.0.0.0", "--ip", "1.1.1.1")),  # noqa: S104
    Case(("--ip=0.0.0.0", "--ServerApp.ip=1.1.1.1")),
    Case(("--ServerApp.ip=3.3.3.3", "--LabApp.ip=4.4.4.4")),
    Case(("--ServerApp.ip=3.3.3.3", "--NotebookApp.ip=4.4.4.4")),
    Case(("--LabApp.ip=3.3.3.3", "--NotebookApp.ip=4.4.4.4")),
    Case(("--JupyterApp.ip=5.5.5.5",)),
    Case(("--JupyterApp.ip=5.5.5.5", "--ServerApp.ip=6.6.6.6")),
    Case(("--ServerApp.ip=3.3.3.3",), files(SERVER="c.LabApp.ip='1.1.1.1'")),
    Case(("--ServerApp.ip=3.3.3.3",), files(SERVER="c.NotebookApp.ip='1.1.1.1'")),
    Case(("--ServerApp.token=a", "--IdentityProvider.token=b")),
    Case(("--IdentityProvider.token=b", "--PasswordIdentityProvider.token=c")),
    # What is refused, and what has no effect.
    Case((*GOOD, "--no-such-flag")),
    Case((*GOOD, "--no-such-flag=1")),
    Case((*GOOD, "--no-such-flag", "x")),
    Case((*GOOD, "--foo")),
    Case((*GOOD, "--foo", "--debug")),
    Case((*GOOD, "--foo=1", "--Foo.bar=2", "--token", "x")),
    Case((*GOOD, "--no-browser", "--debug", "--autoreload", "--no-script", "--collaborative", "--custom-css", "-y")),
    Case(("-ip=0.0.0.0",)),
    Case(("--ServerApp.token", "")),
    Case(("--ServerApp.token",)),
    Case(("--ServerApp.token", "--ip=0.0.0.0")),
    Case(("--ServerApp.ip", "-x")),
    Case(("--token=",)),
    Case(("--base_url=/x",)),
    Case(("--ServerApp.port=abc",)),
    Case(("--port", "0x22")),
    Case(("--ServerApp.allow_root=True",)),
    Case(("--ServerApp.allow_root", "1")),
    Case(("--ServerApp.allow_root=yes",)),
    Case(("--no-browser", "--ServerApp.root_dir=/tmp", "/tmp", "--ip=0.0.0.0")),  # noqa: S108
    Case(("--port", "8888", "--port-retries", "0", "--notebook-dir=/tmp", "-y", "--debug")),
    Case(("--ip=0.0.0.0", "--foo", "bar", "--Foo.bar=1", "--collaborative")),
    # Quotes.
    Case(('--ServerApp.ip="0.0.0.0"', '--ServerApp.token="a"')),
    Case(('--ServerApp.token=""',)),
    Case(('--IdentityProvider.token=""',)),
    Case(("--ServerApp.token=''", "--ServerApp.base_url='/a b/'", "--ServerApp.allow_origin='*'")),
    Case(("--ServerApp.token=\"'a'\"",)),
    # Passwords and variables.
    Case(("--certfile=/a.pem", "--keyfile", "/a.key")),
    Case(("--ServerApp.certfile=/a.pem",)),
    Case(files=files(SERVER="c.ServerApp.certfile = '/a.pem'\nc.NotebookApp.keyfile = u'/a.key'")),
    Case(("--ServerApp.password=sha1:x",)),
    Case(("--ServerApp.password=''",)),
    Case(("--ServerApp.password=sha1:x", "--ServerApp.token=''")),
    Case(("--PasswordIdentityProvider.hashed_password=sha1:x",)),
    Case(env={"JUPYTER_PORT": "9999", "JUPYTER_TOKEN": "abc", "JUPYTER_IP": "0.0.0.0"}),  # noqa: S104
    Case(("--ServerApp.token=''", "--port=7"), env={"JUPYTER_TOKEN": "abc", "JUPYTER_PORT": "9999"}),
    Case(env={"JUPYTER_TOKEN": ""}),
    # Files.
    Case(files=files(SERVER=IP1)),
    Case(
        files=files(SERVER='c = get_config()\nc.ServerApp.token = u""  # none\nc.ServerApp.ip="*"\n#c.ServerApp.port=1')
    ),
    Case(files=files(SERVER="conf = get_config()\nconf.ServerApp.port = 77\nc.NotebookApp.allow_root = True")),
    Case(files=files(LAB=IP2 + "\nc.ServerApp.token=''\nc.ServerApp.base_url='/z'")),
    Case(files=files(SERVER=IP1, LAB=IP2)),
    Case(("--ip=3.3.3.3",), files(SERVER=IP1, LAB=IP2)),
    Case(files=files(SERVER="c.LabApp.ip='1.1.1.1'", LAB="c.LabApp.ip='2.2.2.2'\nc.LabApp.token=''")),
    Case(files=files(SERVER=IP1, LAB="c.LabApp.ip='2.2.2.2'\nc.NotebookApp.ip='4.4.4.4'")),
    Case(files=files(BASE=IP1, LAB=IP2)),
    Case(files=files(BASE=IP1, SERVER=IP2)),
    Case(files={f"{ENV}/jupyter_notebook_config.py": "c.NotebookApp.ip='0.0.0.0'"}),
    Case(files={SERVER: IP1, "etc/jupyter/jupyter_server_config.json": '{"ServerApp": {"ip": "3.3.3.3"}}'}),
    Case(files=files(SERVER=IP1, JSON='{"ServerApp": {"ip": "3.3.3.3"}}')),
    Case(
        files={
            BASE: "",
            f"{ENV}/jupyter_config.json": '{"ServerApp": {"port": 5}}',
            "etc/jupyter/jupyter_server_config.py": IP1,
        }
    ),
    Case(files={"usr/local/etc/jupyter/jupyter_server_config.py": IP1, "etc/jupyter/jupyter_server_config.py": IP2}),
    Case(files={"home/jupyter_server_config.py": IP1}),
    Case(files={"etc/jupyter/jupyter_server_config.d/a.json": '{"ServerApp": {"ip": "3.3.3.3"}}'}),
    Case(env=USER_FIRST, files={"home/.jupyter/jupyter_server_config.py": IP1, SERVER: IP2}),
    Case(files=files(JSON='{"ServerApp": {"ip": "3.3.3.3"')),
    Case(files=files(JSON='{"ServerApp": {"ip": 5}}')),
    Case(files=files(JSON='{"ServerApp": {"port": "8889"}}')),
    Case(files=files(SERVER="c.ServerApp.port = '8889'")),
    Case(files=files(JSON='{"IdentityProvider": {"token": ""}, "ServerApp": {"allow_origin": "*"}}')),
    Case(files=files(SERVER="c.IdentityProvider.token='a'\nc.ServerApp.token=''")),
    Case(("--ServerApp.token=",), files(SERVER="c.IdentityProvider.token='a'")),
    Case(("--ServerApp.token=a",), files(LAB="c.IdentityProvider.token='b'")),
    Case(
        ("--config=ROOT/opt/jupyter_config.py",), {"opt/jupyter_config.py": IP2, SERVER: IP1 + "\nc.ServerApp.port=5"}
    ),
    Case(("--config", "ROOT/opt/jupyter_lab_config"), {"opt/jupyter_lab_config.py": IP2, BASE: "c.ServerApp.port=7"}),
    Case(
        ("--JupyterApp.config_file=ROOT/opt/jupyter_config.json",),
        {"opt/jupyter_config.json": '{"ServerApp": {"port": 6}}'},
    ),
    Case(env={"JUPYTER_CONFIG_DIR": "ROOT/cfg"} | USER_FIRST, files={"cfg/jupyter_server_config.py": IP1, SERVER: IP2}),
    Case(
        env={"JUPYTER_CONFIG_PATH": "ROOT/cfg:ROOT/more"},
        files={"cfg/jupyter_server_config.py": IP1, "more/jupyter_server_config.py": IP2},
    ),
    Case(env={"JUPYTER_NO_CONFIG": "1"}, files=files(SERVER=IP1)),
    Case(env={"JUPYTER_PREFER_ENV_PATH": "1"}, files={"home/.jupyter/jupyter_server_config.py": IP1, SERVER: IP2}),
    # What Python decides.
    *(Case(files=files(SERVER=text), env=env) for text, env in PYTHON),
    Case(files=files(BASE="import os\nos.environ['JUPYTER_TOKEN'] = 'abc'\nos.environ['P'] = '5'", LAB=PORT)),
    # The server without JupyterLab.
    Case(("--ip=0.0.0.0",), app="server"),
    Case(("--NotebookApp.token=", "--LabApp.ip=1.1.1.1"), app="server"),
    Case(files=files(LAB=IP1, BASE="c.ServerApp.port=7"), app="server"),
]


PLACES = {"opt/notebooks/a.ipynb": "{}", "opt/file": ""}
OPTIONS = (
    *("--notebook-dir=ROOT/opt/notebooks", "--notebook-dir=ROOT/opt/none", "--ServerApp.root_dir=ROOT/opt/file"),
    *("--ServerApp.root_dir=../opt/notebooks/", "--ServerApp.root_dir=opt/notebooks", "--ServerApp.root_dir="),
    *("--NotebookApp.notebook_dir=ROOT/no", "--LabApp.root_dir=ROOT/no", "--ServerApp.notebook_dir=ROOT/no"),
    *("--preferred-dir=ROOT/no", "--ServerApp.preferred_dir=ROOT/opt/notebooks", "--JupyterApp.root_dir=ROOT/no"),
    *("--FileContentsManager.root_dir=ROOT/no", "--FileContentsManager.root_dir=ROOT/opt"),
    *("--AsyncLargeFileManager.root_dir=ROOT/no", "--FileContentsManager.preferred_dir=no"),
    *("ROOT/opt/notebooks", "ROOT/opt/none", "ROOT/opt/notebooks/a.ipynb"),
)
DIRECTORIES = [
    *(Case((option,), files=PLACES) for option in OPTIONS),
    Case(("--ServerApp.root_dir=ROOT/no", "ROOT/opt/notebooks"), files=PLACES),
    Case(("--ServerApp.root_dir=ROOT/opt", "--ServerApp.notebook_dir=ROOT/no"), files=PLACES),
    Case(("--ServerApp.root_dir=ROOT/opt", "--ServerApp.preferred_dir=ROOT/opt/notebooks"), files=PLACES),
    Case(("--ServerApp.root_dir=ROOT/opt", "--FileContentsManager.preferred_dir=notebooks"), files=PLACES),
    Case(("--ServerApp.root_dir=ROOT/opt",), files={**PLACES, SERVER: "c.ServerApp.root_dir = '/nonexistent'"}),
    Case(files={**PLACES, SERVER: "c.ServerApp.root_dir = '/nonexistent'"}),
    Case(files={**PLACES, LAB: "c.LabApp.notebook_dir = '/nonexistent'"}),
    Case(files={**PLACES, JSON: '{"FileContentsManager": {"root_dir": "/nonexistent"}}'}),
    Case(("--ServerApp.root_dir=ROOT/no",), app="server"),
]


@cache
def real() -> list[dict[str, Any]]:
    """Return what the real servers make of the cases."""
    return ask(CASES)


def ask(cases: list[Case]) -> list[dict[str, Any]]:
    """Return what the real servers make of some cases."""
    run = subprocess.run(
        [sys.executable, str(SERVERS)],
        input=json.dumps([asdict(case) for case in cases]),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def settings_of(case: Case) -> JupyterSettings:
    """Return the settings that we find."""
    found = facts_of(case).jupyter["jupyterlab"]
    assert found is not None
    return found


def facts_of(case: Case) -> Facts:
    """Return what we make of a case: its files lie in an image whose Python is in `/prefix`."""
    command = "jupyter-lab" if case.app == "lab" else "jupyter-server"
    items = [
        *base(),
        *python("prefix"),
        program(f"prefix/bin/{command}", b"#!/prefix/bin/python3\n"),
        *(file(path, text.encode()) for path, text in case.files.items()),
    ]
    words = [word.replace("ROOT", "") for word in case.argv]
    env = {"PATH": "/prefix/bin", "HOME": "/home"} | {k: v.replace("ROOT", "") for k, v in case.env.items()}
    config = {"Entrypoint": [command], "Cmd": words, "Env": [f"{name}={value}" for name, value in env.items()]}
    return make_subject(items, config={**config, "WorkingDir": "/home"}).facts


def test_directories_are_refused_as_the_real_server_refuses_them() -> None:
    for case, outcome in zip(DIRECTORIES, ask(DIRECTORIES), strict=True):
        lacks = [lack for lack in facts_of(case).server_lacks if lack.purpose != RUNTIME_DIRECTORY]
        assert "error" not in outcome, case
        assert bool(lacks) == bool(outcome.get("refused")), (case, lacks)


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: str(CASES[number].argv)[:60])
def test_settings_are_those_of_the_real_server(number: int) -> None:
    found, expected = settings_of(CASES[number]), real()[number]
    if expected.get("refused"):
        assert found.refused is not None
        return
    assert "error" not in expected
    assert found.refused is None
    ip = found.ip.value
    assert ("" if ip == "*" else ip) == expected.pop("ip")
    assert "/" + str(found.base_url.value).strip("/") == "/" + expected.pop("base_url").strip("/")
    assert {name: getattr(found, name).value for name in expected} == expected


@pytest.mark.parametrize(
    "text",
    [
        "import os; c.ServerApp.ip = os.environ['AWS_REGION']",
        "import os\nif os.environ.get('SAGEMAKER_APP_TYPE'):\n    c.ServerApp.ip = 'x'",
        "import os\nif os.path.exists('/proc/x'):\n    c.ServerApp.ip = 'x'",
        "import os\nif os.path.exists('/home/sagemaker-user/x'):\n    c.ServerApp.ip = 'x'",
        "import os\nos.environ.update(x)\nif 'A' in os.environ:\n    c.ServerApp.ip = 'x'",
        "import fakes as os\nif 'A' in os.environ:\n    c.ServerApp.ip = 'x'",
        "c.ServerApp.ip = f'{x}'",
        "c.ServerApp.ip = '\\x41'",
        "c.ServerApp.ip += 'x'",
        "c.ServerApp.ip: str = 'x'",
        "try:\n    import x\n    c.ServerApp.ip = 'x'\nexcept ImportError:\n    pass",
        "for ip in x:\n    c.ServerApp.ip = ip",
        "while x():\n    c.ServerApp.ip = 'x'",
        "def f():\n    c.ServerApp.ip = 'x'\nf()",
        "def f():\n    c.update(x)\nc.ServerApp.ip = 'x'\nf()",
        "def f():\n    global ip\n    ip = 'x'\nip = 'y'\nf()\nc.ServerApp.ip = ip",
        "ip = 'x'\nfor ip in x:\n    pass\nc.ServerApp.ip = ip",
        "if x:\n    c = y\nc.ServerApp.ip = 'x'\nexec(z)",
        "if x:\n    raise ValueError\nc.ServerApp.port = 5",
        "c.ServerApp.ip = 'x'\nif x:\n    sys.exit()",
        "x = get_config\nx().ServerApp.ip = 'x'",
        "del c.ServerApp.ip",
        "c.ServerApp.ip = (",
        "c.ServerApp.ip = 'x",
        "if 1:\nc.ServerApp.ip = 'x'",
        "c.ServerApp.ip = 'x'\0",
        "(" * 500
        + ")" * 500
        + "\n"
        + "if x:\n"
        + "".join(" " * n + "if x:\n" for n in range(1, 90))
        + " " * 90
        + "c.x",
        "c['ServerApp']['ip'] = 'x'",
        "c.ServerApp.update({'ip': 'x'})\nc.update(x)",
        "load_subconfig('other.py')",
        "c.ServerApp['ip'] = 'x'",
        "c.ServerApp.update(ip='x')",
        "server = c.ServerApp\nserver.ip = 'x'",
        "from settings import apply\napply(c)",
    ],
)
def test_what_only_python_can_tell_is_unknown(text: str) -> None:
    assert not settings_of(Case(files=files(SERVER=text))).ip.known
    assert settings_of(Case(("--ip=1.1.1.1",), files(SERVER=text))).ip.value == "1.1.1.1"


def test_what_is_decided_elsewhere_is_unknown() -> None:
    assert not settings_of(Case(("--config=/opt/own.py",), {"opt/own.py": IP1})).ip.known
    assert not settings_of(Case(env={"JUPYTER_TOKEN_FILE": "/x"})).token.known
    assert not settings_of(Case(("--ServerApp.identity_provider_class=x.Y", "--ServerApp.token="))).token.known
    assert not settings_of(Case(files=files(JSON='{"ServerApp": {"ip": "a", "ip": "b"}}'))).ip.known
    linked = [*base(), *python("prefix"), program("prefix/bin/jupyter-lab", b"#!/prefix/bin/python3\n")]
    linked += [symlink("etc/jupyter/jupyter_server_config.py", "/opt/x.py"), file("opt/x.py", IP1.encode())]
    config = {"Cmd": ["jupyter-lab"], "Env": ["PATH=/prefix/bin"]}
    found = make_subject(linked, config=config).facts.jupyter["jupyterlab"]
    assert found is not None
    assert not found.ip.known


@pytest.mark.parametrize(("owner", "ip"), [(1000, "2.2.2.2"), (0, "1.1.1.1")])
def test_a_virtual_environment_of_the_users_own_counts_more(owner: int, ip: str) -> None:
    items = [*base(), *python("usr"), directory("venv", uid=owner), file("venv/pyvenv.cfg", b"home = /usr/bin\n")]
    items += [
        symlink("venv/bin/python3", "/usr/bin/python3"),
        program("venv/bin/jupyter-lab", b"#!/venv/bin/python3\n"),
    ]
    items += [file("cfg/jupyter_server_config.py", IP1.encode())]
    items += [file("venv/etc/jupyter/jupyter_server_config.py", IP2.encode())]
    config = {"Cmd": ["jupyter-lab"], "Env": ["PATH=/venv/bin", "JUPYTER_CONFIG_DIR=/cfg"]}
    found = make_subject(items, config=config).facts.jupyter["jupyterlab"]
    assert found is not None
    assert found.ip.value == ip


def test_what_the_users_directory_hides_does_not_count() -> None:
    items = [*base(), *python("prefix"), program("prefix/bin/jupyter-lab", b"#!/prefix/bin/python3\n")]
    items += [file("home/sagemaker-user/.jupyter/jupyter_server_config.py", IP1.encode())]
    found = make_subject(items, config={"Cmd": ["jupyter-lab"], "Env": ["PATH=/prefix/bin"]}).facts.jupyter[
        "jupyterlab"
    ]
    assert found is not None
    assert found.ip.value == "localhost"


def test_options_without_effect_are_named() -> None:
    assert settings_of(Case(("--token=", "--base_url=/x", "--foo=1"))).ignored == ("--token", "--base_url")
    assert unquoted('"') == '"'


@pytest.mark.parametrize(("mode", "ip"), [(0o644, "1.1.1.1"), (0o600, "localhost")])
def test_a_file_that_the_user_may_not_read_does_not_count(mode: int, ip: str) -> None:
    items = [*base(), *python("prefix"), program("prefix/bin/jupyter-lab", b"#!/prefix/bin/python3\n")]
    items += [file("etc/jupyter/jupyter_server_config.py", IP1.encode(), mode=mode)]
    config = {"Cmd": ["jupyter-lab"], "Env": ["PATH=/prefix/bin"], "User": "1000"}
    found = make_subject(items, config=config).facts.jupyter["jupyterlab"]
    assert found is not None
    assert found.ip.value == ip
