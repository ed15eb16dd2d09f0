"""Reserved and hidden directories; the image's command and its ports."""

from typing import Any

import pytest

from ocianalyze.rules.profiles import JUPYTERLAB
from tests.rules.subjects import IPYKERNEL, base, findings, good, kernel, program, python
from tests.support.tarballs import Item, directory, file, symlink, whiteout

MOUNT_ROOT = {"KernelGatewayImageConfig": {"FileSystemConfig": {"MountPath": "/root"}}}
KERNEL = "usr/local/share/jupyter/kernels/k"


def test_reserved_directories() -> None:
    assert findings("FSR001", good()) == []
    layers = [[file("opt/ml/code/train.py", b"12345")], [file("opt/ml/b"), file("opt/.sagemakerinternal/x")]]
    found = findings("FSR001", *layers)
    assert [(severity, finding.path, finding.layer) for severity, finding in found] == [
        ("warning", "/opt/ml/code/train.py", 0),
        ("warning", "/opt/.sagemakerinternal/x", 1),
        ("warning", "/opt/ml/b", 1),
    ]
    assert found[0][1].data["bytes"] == 5


def test_reserved_directories_that_are_empty_deleted_or_no_directories() -> None:
    ((severity, _),) = findings("FSR001", [directory("opt/ml"), directory("opt/ml/input")])
    assert severity == "note"
    ((severity, _),) = findings("FSR001", [file("opt/ml/a")], [whiteout("opt/ml/a")])
    assert severity == "note"
    assert findings("FSR001", [file("opt/ml/a")], [whiteout("opt/ml")]) == []
    for item, expected in ((symlink("opt/ml", "/srv"), "warning"), (file("opt/ml"), "error")):
        ((severity, finding),) = findings("FSR001", [item])
        assert (severity, finding.path) == (expected, "/opt/ml")


def test_metadata() -> None:
    layers = [
        [file("opt/ml/metadata/resource-metadata.json", b"{}")],
        [symlink("opt/.sagemakerinternal/internal-metadata.json", "x")],
    ]
    assert [(severity, finding.layer) for severity, finding in findings("FSR007", *layers)] == [
        ("warning", 0),
        ("warning", 1),
    ]
    assert [severity for severity, _ in findings("FSR001", *layers)] == ["note", "note"]
    assert findings("FSR007", good()) == []


def test_home() -> None:
    home = "home/sagemaker-user"
    skeleton = [directory(home), file(f"{home}/.bashrc", b"x" * 3000), file(f"{home}/.cache/pip/a", b"x")]
    assert findings("FSR003", skeleton) == []
    assert findings("FSR003", [file(f"{home}/.npm/_logs/x.log"), file(f"{home}/.conda/environments.txt")]) == []
    ((severity, finding),) = findings("FSR003", [*skeleton, file(f"{home}/notebook.ipynb")])
    assert (severity, finding.data["count"]) == ("warning", 3)
    assert findings("FSR003", [directory(home)]) == []
    ((severity, finding),) = findings("FSR003", [Item(path=f"{home}/.cache/x", size=200_000)])
    assert severity == "note"
    assert finding.hint is not None
    assert "rm -rf /home/sagemaker-user/.cache" in finding.hint


def test_home_elsewhere() -> None:
    items = [file("home/sagemaker-user/a"), file("root/b")]
    ((_, finding),) = findings("FSR003", items, app_image_config=MOUNT_ROOT)
    assert finding.path == "/root/b"


def test_log_directories() -> None:
    layers = [
        [directory("var/log/studio", uid=1000), directory("var/log/studio/jupyterlab")],
        [file("var/log/studio/a", b"12")],
    ]
    assert findings("FSR002", layers[0], profile=JUPYTERLAB) == []
    ((severity, finding),) = findings("FSR002", *layers, profile=JUPYTERLAB)
    assert (severity, finding.layer, finding.data["bytes"]) == ("warning", 1, 2)
    assert findings("FSR002", *layers) == []
    ((severity, _),) = findings("FSR002", [symlink("var/log/studio", "/opt")], profile=JUPYTERLAB)
    assert severity == "warning"


@pytest.mark.parametrize(
    ("path", "severity"),
    [
        ("/home/sagemaker-user", None),
        ("/root/data", None),
        ("/home/jovyan/work", None),
        ("/", "error"),
        ("/usr", "error"),
        ("/usr/", "error"),
        ("/usr/local", "error"),
        ("/usr/local/bin", "error"),
        ("/link", "error"),
        ("/etc", "error"),
        ("/opt/ml", "warning"),
        ("/opt/ml/work", "warning"),
        ("/opt", None),
    ],
)
def test_mount_paths(path: str, severity: str | None) -> None:
    config = {"KernelGatewayImageConfig": {"FileSystemConfig": {"MountPath": path}}}
    items = [*good(), symlink("link", "usr/local/bin"), directory("opt")]
    found = findings("FSR004", items, app_image_config=config)
    assert [severity for severity, _ in found] == ([severity] if severity else [])
    assert findings("FSR004", items, app_image_config=config, profile=JUPYTERLAB) == []
    assert findings("FSR004", items) == []


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/home/sagemaker-user", False),
        ("/home/sagemaker-user/", False),
        ("home/sagemaker-user/work", False),
        ("/home/sagemaker-user/..", True),
        ("/home/sagemaker-user2", True),
        ("/opt", True),
        ("", True),
    ],
)
def test_working_directories(path: str, found: bool) -> None:  # noqa: FBT001 - a column of the table
    got = findings("FSR006", good(), config={"WorkingDir": path}, profile=JUPYTERLAB)
    assert [severity for severity, _ in got] == ["note"] * found
    assert findings("FSR006", good(), config={"WorkingDir": path}) == []


@pytest.mark.parametrize(
    ("items", "argv0", "hidden"),
    [
        (
            [program("home/sagemaker-user/bin/python")],
            "/home/sagemaker-user/bin/python",
            "/home/sagemaker-user/bin/python",
        ),
        (
            [symlink("opt/venv/bin/python", "/opt/ml/py/bin/python"), program("opt/ml/py/bin/python")],
            "/opt/venv/bin/python",
            "/opt/ml/py/bin/python",
        ),
        (
            [program("opt/run", b"#!/home/sagemaker-user/sh\n"), program("home/sagemaker-user/sh")],
            "/opt/run",
            "/home/sagemaker-user/sh",
        ),
        (
            [
                *python("home/sagemaker-user/py"),
                program("opt/venv/bin/python"),
                file("opt/venv/pyvenv.cfg", b"home = /home/sagemaker-user/py/bin\n"),
            ],
            "/opt/venv/bin/python",
            "/home/sagemaker-user/py/bin",
        ),
    ],
)
def test_needed_paths(items: list[Item], argv0: str, hidden: str) -> None:
    ((severity, finding),) = findings("FSR005", [*base(), *items], [kernel(KERNEL, (argv0, *IPYKERNEL))])
    assert (severity, finding.path, finding.layer) == ("error", hidden, 0)
    assert finding.data["kernel"] == "k"


def test_needed_paths_that_are_fine() -> None:
    path = {"Env": ["PATH=/home/sagemaker-user/.local/bin:/usr/local/bin:/usr/bin:/bin"]}
    assert findings("FSR005", good(), config=path) == []
    both = [*good(), program("home/sagemaker-user/.local/bin/python3.11"), kernel(KERNEL, ("python3.11", *IPYKERNEL))]
    assert findings("FSR005", both, config=path) == []
    work = {"WorkingDir": "/home/sagemaker-user/work"}
    assert findings("FSR005", good(), config=work) == []
    assert findings("FSR005", good(), config={"WorkingDir": "/opt/ml/code"}) == []
    code = [*good(), file("opt/ml/code/train.py")]
    ((severity, _),) = findings("FSR005", code, config={"WorkingDir": "/opt/ml/code"})
    assert severity == "warning"


@pytest.mark.parametrize(
    "config",
    [{}, {"Cmd": ["bash"]}, {"Cmd": ["/bin/sh"]}, {"Cmd": ["python3"]}, {"Entrypoint": None, "Cmd": None}],
)
def test_commands_not_worth_mentioning(config: dict[str, Any]) -> None:
    assert findings("APP005", good(), config=config) == []


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"Entrypoint": ["/entry.sh"], "Cmd": ["bash"]}, "ENTRYPOINT '/entry.sh'"),
        ({"Entrypoint": ["tini", "--", "x"]}, "no init process"),
        ({"Cmd": ["jupyter", "lab"]}, "CMD 'jupyter lab'"),
        ({"Cmd": ["/bin/sh", "-c", "PORT=1 exec start-notebook.sh"]}, "CMD 'PORT=1 exec start-notebook.sh'"),
        ({"Entrypoint": ["x" * 100]}, "..."),
    ],
)
def test_commands(config: dict[str, Any], text: str) -> None:
    items = [*good(), program("entry.sh", b"#!/bin/sh\nexport A=1\n")]
    ((severity, finding),) = findings("APP005", items, config=config)
    assert severity == "note"
    assert text in finding.message


@pytest.mark.parametrize(
    ("config", "severity", "claim"),
    [
        ({"ExposedPorts": {"8888/tcp": {}}}, "note", "expose"),
        ({"Healthcheck": {"Test": ["CMD-SHELL", "curl http://localhost:8888/api"]}}, "note", "healthcheck"),
        ({"Healthcheck": {"Test": ["CMD", "true"]}}, "note", "healthcheck"),
        ({"Cmd": ["jupyter", "lab", "--port", "8888"]}, "note", "command"),
        ({"Cmd": ["code-server", "--bind-addr=0.0.0.0:8888"]}, "warning", "command"),
        ({"Entrypoint": ["flask", "run", "-p8888"]}, "warning", "command"),
        ({"Env": ["JUPYTER_PORT=8888"]}, "note", "variable"),
        ({"Env": ["PORT=8888"]}, "warning", "variable"),
        ({"Env": ["API_URL=http://localhost:8888/"]}, "warning", "variable"),
    ],
)
def test_ports(config: dict[str, Any], severity: str, claim: str) -> None:
    ((found, finding),) = findings("APP010", good(), config=config)
    assert (found, finding.data["claim"]) == (severity, claim)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"ExposedPorts": {"8080/tcp": {}, "18888/tcp": {}}},
        {"Healthcheck": {"Test": ["NONE"]}},
        {"Healthcheck": {}},
        {"Cmd": ["sleep", "88880"]},
        {"Env": ["PORT=18888", "BUILD=8888", "PATH=/opt/8888/bin"]},
    ],
)
def test_ports_that_are_not_claimed(config: dict[str, Any]) -> None:
    assert findings("APP010", good(), config=config) == []
