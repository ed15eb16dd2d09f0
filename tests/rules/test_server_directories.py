"""The directories of a Jupyter server: which keep it from starting, and what the finding says of them."""

from typing import Any

import pytest

from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, JUPYTERLAB
from tests.rules.subjects import base, findings, python
from tests.rules.test_apps import OPTIONS, exec_form, jupyter_image, shell_form
from tests.support.tarballs import Item, directory, file, symlink, whiteout

NOBODY = "root:x:0:0:root:/root:/bin/bash\n"
TWO = f"{NOBODY}ubuntu:x:1000:1000::/home/ubuntu:/bin/bash\nsagemaker-user:x:1000:100::/home/sagemaker-user:/bin/bash\n"
BELOW_HOME = ".local/share/jupyter/runtime"
START = f"jupyter lab {OPTIONS}"


def lacks(
    options: str = "", *more: Item, env: tuple[str, ...] = (), user: str = "1000", before: str = "", passwd: str = ""
) -> list[tuple[str, str, str]]:
    """Return the problem, the directory and the hint of what APP012 finds of a server."""
    config = shell_form(f"{before}exec {START} {options}") | {"User": user, "WorkingDir": "/home/sagemaker-user"}
    config["Env"] = [*config.get("Env", ()), *env]
    items = [*jupyter_image(), directory("root", mode=0o700), *more]
    if passwd:
        items = [*(item for item in items if item.path != "etc/passwd"), file("etc/passwd", passwd.encode())]
    found = findings("APP012", items, config=config, profile=JUPYTERLAB)
    for severity, finding in found:
        assert severity == ("undecided" if finding.data["problem"] == "unknown" else "error")
    return [(finding.data["problem"], finding.data["directory"], finding.hint or "") for _, finding in found]


def problems(*given: Any, **more: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    return [(problem, path) for problem, path, _ in lacks(*given, **more)]


def test_a_server_with_all_its_directories() -> None:
    assert lacks() == []
    assert lacks("--notebook-dir=/srv", directory("srv")) == []
    assert lacks("--notebook-dir=/home/sagemaker-user") == []
    assert lacks("--notebook-dir=/link", directory("srv"), symlink("link", "srv")) == []
    assert lacks(env=("JUPYTER_RUNTIME_DIR=/run/jupyter",), user="0") == []
    assert lacks("", directory("srv", uid=1000), env=("XDG_DATA_HOME=/srv/data",)) == []


@pytest.mark.parametrize(
    ("option", "items", "expected"),
    [
        ("--notebook-dir=/srv/none", [], ("missing", "/srv/none")),
        ("--ServerApp.root_dir=/home/sagemaker-user/work", [directory("home/sagemaker-user/work")], ("hidden", "")),
        ("--ServerApp.root_dir=/opt/ml/x", [directory("opt/ml/x")], ("hidden", "")),
        ("--ServerApp.root_dir=/srv", [file("srv", b"")], ("not-a-directory", "/srv")),
        ("--ServerApp.root_dir=/root/x", [directory("root/x")], ("unreachable", "/root/x")),
        ("--ServerApp.preferred_dir=/srv", [directory("srv")], ("outside", "/srv")),
        ("--ServerApp.root_dir=/link", [symlink("link", "/none")], ("missing", "/link")),
        ("/srv/none.ipynb", [], ("missing", "/srv/none.ipynb")),
        ("--ServerApp.root_dir=/proc/1/cwd", [], ("unknown", "/proc/1/cwd")),
        ('--ServerApp.root_dir="$AWS_REGION"', [], ("unknown", "...")),
    ],
)
def test_directories_that_have_to_exist(option: str, items: list[Item], expected: tuple[str, str]) -> None:
    ((problem, path),) = problems(option, *items)
    assert problem == expected[0]
    assert path.startswith(expected[1])


def test_a_script_may_make_it() -> None:
    assert problems("--notebook-dir=/srv/none", before="mkdir -p /srv/none; ") == [("unknown", "/srv/none")]
    assert problems("--notebook-dir=/srv/none", before="mkdir -p /srv/other; ") == [("missing", "/srv/none")]
    assert problems(env=("JUPYTER_DATA_DIR=/srv/d",), before="mkdir -p /srv/d; ") == [("unknown", "/srv/d/runtime")]


@pytest.mark.parametrize(
    ("env", "items", "expected"),
    [
        ("HOME=/root", [], [("unreachable", "/root/.local/share/jupyter/runtime")]),
        ("HOME=/none", [], [("unwritable", "/none/.local/share/jupyter/runtime")]),
        ("HOME=/srv", [directory("srv", uid=1000)], []),
        ("HOME=/srv", [directory("srv", uid=7, gid=100, mode=0o775)], []),
        (
            "HOME=/srv",
            [directory("srv", uid=7, gid=100, mode=0o755)],
            [("unwritable", "/srv/" + BELOW_HOME)],
        ),
        ("JUPYTER_RUNTIME_DIR=/srv", [directory("srv")], [("unwritable", "/srv")]),
        ("JUPYTER_RUNTIME_DIR=/srv", [directory("srv", mode=0o777)], []),
        ("JUPYTER_RUNTIME_DIR=/srv/x", [file("srv", b"")], [("not-a-directory", "/srv/x")]),
        (
            "JUPYTER_DATA_DIR=/srv",
            [directory("srv", mode=0o777), directory("srv/runtime")],
            [("unwritable", "/srv/runtime")],
        ),
        ("XDG_DATA_HOME=/srv", [], [("unwritable", "/srv/jupyter/runtime")]),
        ("JUPYTER_RUNTIME_DIR=/opt/ml/x", [], [("unknown", "/opt/ml/x")]),
        ("X=", [directory("home", mode=0o700)], [("unreachable", "/home/sagemaker-user/.local/share/jupyter/runtime")]),
    ],
)
def test_the_runtime_directory(env: str, items: list[Item], expected: list[tuple[str, str]]) -> None:
    assert problems("", *items, env=(env,)) == expected


def test_home_is_that_of_the_first_user_with_the_id() -> None:
    assert lacks(user="sagemaker-user", passwd=TWO) == [
        ("unwritable", "/home/ubuntu/.local/share/jupyter/runtime", "Set 'ENV HOME=/home/sagemaker-user'")
    ]
    assert lacks("", directory("home/ubuntu", uid=1000), user="sagemaker-user", passwd=TWO) == []
    assert problems(user="1000:100", passwd=NOBODY) == [("unwritable", "/.local/share/jupyter/runtime")]


def test_hints_are_lines_for_this_image() -> None:
    ((_, _, hint),) = lacks("--notebook-dir=/srv/none")
    assert hint == "Make it: 'USER root', 'RUN mkdir -p /srv/none && chown 1000:100 /srv/none', 'USER 1000'"
    ((_, _, hint),) = lacks("'--notebook-dir=/srv/a;b $(c)'")
    assert r"""'RUN mkdir -p "/srv/a;b \$(c)" && chown""" in hint
    ((_, _, hint),) = lacks("--notebook-dir=/root/x", directory("root/x"))
    assert "chmod a+rx /root" in hint


def test_other_apps_have_no_such_server() -> None:
    config = exec_form("jupyter", "lab", "--notebook-dir=/none")
    for profile in (CLASSIC, CODE_EDITOR):
        assert findings("APP012", jupyter_image(), config=config, profile=profile) == []


def test_https_and_other_hosts() -> None:
    def of(*options: str) -> list[tuple[str, str]]:
        config = shell_form(" ".join((START, *options)))
        found = findings("APP002", jupyter_image(), config=config, profile=JUPYTERLAB)
        return [(severity, finding.data["cause"]) for severity, finding in found]

    assert of() == []
    assert of("--certfile=/a.pem") == [("error", "https")]
    assert of("--ServerApp.keyfile=/a.key") == [("error", "https")]
    assert of("--ServerApp.allow_remote_access=False") == [("warning", "remote-access")]
    assert of("--ServerApp.allow_remote_access=True") == []


def test_pythonhome_of_another_python() -> None:
    def of(*env: str) -> list[str]:
        config = exec_form("jupyter", "lab", *OPTIONS.split()) | {"Env": ["PATH=/usr/local/bin:/bin", *env]}
        found = findings("APP002", [*jupyter_image(), *python("opt/old", "3.8")], config=config, profile=JUPYTERLAB)
        return [finding.data["cause"] for _, finding in found]

    assert of() == of("PYTHONHOME=") == of("PYTHONHOME=/usr/local") == []
    assert of("PYTHONHOME=/opt/old") == of("PYTHONHOME=/none:/none") == ["python-home"]


def test_the_working_directory_may_be_closed() -> None:
    def of(profile: str, options: str = "", path: str = "/root/x", user: str = "1000") -> list[tuple[str, str]]:
        config = shell_form(f"{START} {options}") | {"WorkingDir": path, "User": user}
        items = [*base(), *jupyter_image(), directory("root", mode=0o700), directory("root/x")]
        found = findings("RTM005", items, config=config, profile=profile)
        return [(severity, finding.data["problem"]) for severity, finding in found]

    assert of(JUPYTERLAB) == of(JUPYTERLAB, path="/root") == [("error", "unreachable")]
    assert of(JUPYTERLAB, "--notebook-dir=/home/sagemaker-user") == of(CODE_EDITOR) == [("warning", "unreachable")]
    assert (
        of(JUPYTERLAB, user="0") == of(JUPYTERLAB, path="/home/sagemaker-user/x") == of(JUPYTERLAB, path="/srv") == []
    )


def test_the_layer_to_blame_is_the_one_that_closed_or_removed_it() -> None:
    config = shell_form(f"{START} --notebook-dir=/srv/x") | {"User": "1000"}

    def layer_of(*layers: list[Item]) -> int | None:
        ((_, finding),) = findings("APP012", jupyter_image(), *layers, config=config, profile=JUPYTERLAB)
        return finding.layer

    made = [directory("srv"), directory("srv/x"), file("srv/x/a", b"")]
    assert layer_of(made, [whiteout("srv/x")], [file("srv/b", b"")]) == 2
    assert layer_of(made, [directory("srv", mode=0o700)], [directory("srv", mode=0o700), file("srv/c", b"")]) == 2
    assert layer_of([file("srv/x", b"")]) == 1
    assert layer_of([file("srv/y", b"")]) is None
