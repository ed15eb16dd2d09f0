"""Kernels are found as the real jupyter_core and jupyter_client find them, on the same tree on disk and in an image."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from ocianalyze.errors import UndecidedError
from ocianalyze.facts import READS, gather
from ocianalyze.facts.kernels.kernel import Listing
from tests.rules.subjects import IPYKERNEL, base, kernel, make_image, make_subject, program, python
from tests.support.filesystems import drawn
from tests.support.jupyter import CONNECTION_FILE, Case, ask, write
from tests.support.tarballs import Item, directory, file, symlink

PREFIX = "opt/py/share/jupyter/kernels"
USER = "data/u/.local/share/jupyter/kernels"
LOCAL = "usr/local/share/jupyter/kernels"
SHARE = "usr/share/jupyter/kernels"
IPYTHON = "data/u/.ipython/kernels"
NATIVE = "/opt/py/lib/python3.11/site-packages/ipykernel/resources"

TREE = [
    kernel(f"{PREFIX}/python3", ("python", *IPYKERNEL)),
    kernel(f"{LOCAL}/python3"),
    kernel(f"{USER}/MyKernel", ("python3.11", "{prefix}", "{resource_dir}/x", "{other}", "{connection_file}")),
    kernel(f"{SHARE}/mykernel"),
    kernel(f"{IPYTHON}/old"),
    file(f"{LOCAL}/broken/kernel.json", b"{"),
    kernel(f"{SHARE}/broken"),
    kernel(f"{LOCAL}/name with space"),
    directory(f"{LOCAL}/empty"),
    file(f"{LOCAL}/kernel.json", b"{}"),
    directory(f"{LOCAL}/directory/kernel.json"),
    kernel("srv/linked"),
    symlink(f"{LOCAL}/linked", "../../../../../srv/linked"),
    symlink(f"{LOCAL}/dangling", "../../../../../srv/nowhere"),
    file("srv/alone.json", b"{}"),
    symlink(f"{LOCAL}/file-linked/kernel.json", "../../../../../../srv/alone.json"),
    kernel("srv/j/kernels/python3", ("python3.10", *IPYKERNEL)),
    kernel("srv/j/kernels/.dot"),
    kernel("srv/user/share/jupyter/kernels/based"),
    kernel(f"{LOCAL}/provisioned", metadata={"kernel_provisioner": {"provisioner_name": "local-provisioner"}}),
    kernel(f"{LOCAL}/unprovisioned", metadata={"kernel_provisioner": {"provisioner_name": "nobody"}}),
    kernel(f"{LOCAL}/half-provisioned", metadata={"kernel_provisioner": {}}),
]
SERVER = [
    *python("opt/py", names=("python", "python3")),
    file("opt/py/lib/python3.11/site-packages/IPython/__init__.py"),
    program("opt/py/bin/jupyter-lab", b"#!/opt/py/bin/python\n"),
]
IPYKERNEL_PACKAGE = file("opt/py/lib/python3.11/site-packages/ipykernel/__init__.py")
VENV = [
    file("opt/py/pyvenv.cfg", b"home = /usr/bin\n"),
    program("opt/py/bin/python"),
    file("opt/py/lib/python3.11/site-packages/IPython/__init__.py"),
    *python("usr"),
]


def as_jupyter(listing: Listing) -> dict[str, Any]:
    """Return a listing in the terms of the real one."""
    visible = [item for item in listing.kernels if item.visible]
    listed = [item for item in visible if item.listed]
    return {
        "found": {item.name: item.directory for item in visible if item.origin != "conda" or item.problem is None},
        "listed": sorted(item.name for item in listed),
        "commands": {
            item.name: [word.replace("{connection_file}", CONNECTION_FILE) for word in item.command]
            for item in listed
            if item.spec.argv
        },
    }


def own(items: list[Item], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what the server of an image lists."""
    variables = {"HOME": "/data/u", "PATH": "/opt/py/bin", **environment}
    config = {"Env": [f"{name}={value}" for name, value in variables.items()]}
    image, filesystem = make_image([*base(), *items], config=config, reads=READS | {"/srv/*.json"})
    return as_jupyter(gather(image, filesystem).own)


def without_order(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: answer[key] for key in ("found", "listed", "commands")}


CASES: dict[str, tuple[list[Item], dict[str, str], Case]] = {
    "plain": ([*SERVER, *TREE], {}, Case()),
    "home": ([*SERVER, *TREE], {"HOME": "/srv/h"}, Case()),
    "path": ([*SERVER, *TREE], {"JUPYTER_PATH": "/srv/j/:/nowhere"}, Case()),
    "path-relative": ([*SERVER, *TREE], {"JUPYTER_PATH": ":srv/j"}, Case()),
    "data-dir": ([*SERVER, *TREE], {"JUPYTER_DATA_DIR": "/srv/j"}, Case()),
    "data-home": ([*SERVER, *TREE, kernel("srv/x/jupyter/kernels/x")], {"XDG_DATA_HOME": "/srv/x"}, Case()),
    "ipython-dir": ([*SERVER, *TREE], {"IPYTHONDIR": "/srv/j"}, Case()),
    "no-ipython": ([*python("opt/py", names=("python", "python3")), *TREE], {}, Case(ipython=False)),
    "user-base": ([*SERVER, *TREE], {"PYTHONUSERBASE": "/srv/user"}, Case()),
    "no-user-site": (
        [*SERVER, *TREE],
        {"PYTHONUSERBASE": "/srv/user", "PYTHONNOUSERSITE": "1"},
        Case(user_site=False),
    ),
    "prefer-environment": ([*SERVER, *TREE, kernel(f"{USER}/python3")], {"JUPYTER_PREFER_ENV_PATH": "1"}, Case()),
    "prefer-nothing": ([*SERVER, *TREE, kernel(f"{USER}/python3")], {"JUPYTER_PREFER_ENV_PATH": "No"}, Case()),
    "user-first": ([*SERVER, *TREE, kernel(f"{USER}/python3")], {}, Case()),
    "virtual": (
        [*VENV, *TREE, kernel(f"{USER}/python3")],
        {},
        Case(base_prefix="/usr", owned=False, user_site=False),
    ),
    "virtual-owned": (
        [*VENV, *TREE, kernel(f"{USER}/python3"), directory("opt/py", uid=1000)],
        {},
        Case(base_prefix="/usr", owned=True, user_site=False),
    ),
    "conda-owned": (
        [*SERVER, *TREE, kernel(f"{USER}/python3"), directory("opt/py", uid=1000)],
        {"CONDA_PREFIX": "/opt/py", "CONDA_DEFAULT_ENV": "x"},
        Case(owned=True),
    ),
    "conda-base-owned": (
        [*SERVER, *TREE, kernel(f"{USER}/python3"), directory("opt/py", uid=1000)],
        {"CONDA_PREFIX": "/opt/py", "CONDA_DEFAULT_ENV": "base"},
        Case(owned=True),
    ),
    "platform-dirs": (
        [*SERVER, *TREE, kernel("srv/d/jupyter/kernels/d")],
        {"JUPYTER_PLATFORM_DIRS": "1", "XDG_DATA_DIRS": "/srv/d:/usr/share"},
        Case(),
    ),
    "platform-dirs-default": ([*SERVER, *TREE], {"JUPYTER_PLATFORM_DIRS": "1"}, Case()),
    "in-usr-local": (
        [
            *python("usr/local", names=("python",)),
            program("usr/local/bin/jupyter", b"#!/usr/local/bin/python\n"),
            file("usr/local/lib/python3.11/site-packages/IPython/__init__.py"),
            *TREE,
        ],
        {"PATH": "/usr/local/bin"},
        Case(prefix="/usr/local", base_prefix="/usr/local", executable="/usr/local/bin/python"),
    ),
    "native": ([*SERVER, IPYKERNEL_PACKAGE], {}, Case(ipykernel=NATIVE)),
    "native-not-needed": ([*SERVER, IPYKERNEL_PACKAGE, *TREE], {}, Case(ipykernel=NATIVE)),
    "native-shadowed-by-broken": (
        [*SERVER, IPYKERNEL_PACKAGE, file(f"{LOCAL}/python3/kernel.json", b"{")],
        {},
        Case(ipykernel=NATIVE),
    ),
}


def test_the_same_kernels_are_found(tmp_path: Path) -> None:
    trees = []
    for name, (items, environment, case) in CASES.items():
        write(items, tmp_path / name)
        case.environment = {"HOME": "/data/u", **environment}
        trees.append((tmp_path / name, case))
    theirs = {name: without_order(answer) for name, answer in zip(CASES, ask(trees), strict=True)}
    ours = {name: own(items, environment) for name, (items, environment, _) in CASES.items()}
    for answer in (*theirs.values(), *ours.values()):  # its options are ipykernel's own business
        if NATIVE in answer["found"].values():
            answer["commands"]["python3"] = answer["commands"]["python3"][:1]
    assert ours == theirs
    assert "broken" in theirs["plain"]["found"]
    assert "broken" not in theirs["plain"]["listed"]
    assert theirs["native"]["found"] == {"python3": NATIVE}


_PLACES = (PREFIX, USER, LOCAL, SHARE, IPYTHON, "srv/j/kernels", "srv/k/kernels", "srv/user/share/jupyter/kernels")
_NAMES = ("python3", "A", "b.c", "x y", "\u00e9")
_CONTENTS = (
    b'{"argv": ["python", "{connection_file}"], "display_name": "x", "language": "y"}',
    b'{"argv": ["{prefix}/bin/{prefix}", "{resource_dir}", "{a-b}{connection_file}"]}',
    b'{"argv": ["python3.11"], "self": 1}',
    b'{"argv": []}',
    b"[]",
)
_kernels = st.dictionaries(
    st.tuples(st.sampled_from(_PLACES), st.sampled_from(_NAMES)), st.sampled_from(_CONTENTS), max_size=8
)
_variables = st.fixed_dictionaries(
    {},
    optional={
        "JUPYTER_PATH": st.sampled_from(["/srv/j", "/srv/j/:/srv/k", "/srv/k::/srv/j", "/usr/share/jupyter", ""]),
        "JUPYTER_DATA_DIR": st.sampled_from(["/srv/k", ""]),
        "JUPYTER_PREFER_ENV_PATH": st.sampled_from(["", "0", "FALSE", "1", "yes"]),
        "JUPYTER_PLATFORM_DIRS": st.sampled_from(["0", "1"]),
        "XDG_DATA_HOME": st.sampled_from(["/srv", "", " "]),
        "PYTHONUSERBASE": st.sampled_from(["/srv/user", "/opt/py"]),
        "IPYTHONDIR": st.sampled_from(["/srv/k", "/srv/j"]),
    },
)


def test_any_tree(tmp_path: Path) -> None:
    examples = drawn(st.tuples(_kernels, _variables), 150)
    trees, ours = [], []
    for number, (kernels, environment) in enumerate(examples):
        items = [*SERVER, *(file(f"{place}/{name}/kernel.json", text) for (place, name), text in kernels.items())]
        write(items, tmp_path / str(number))
        trees.append((tmp_path / str(number), Case(environment={"HOME": "/data/u", **environment})))
        ours.append(own(items, environment))
    for example, mine, theirs in zip(examples, ours, ask(trees), strict=True):
        assert mine == without_order(theirs), example


# ---- Studio Classic ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("JUPYTER_DATA_DIR=/srv/j", "srv/j/kernels"),
        ("XDG_DATA_HOME=/srv/x", "srv/x/jupyter/kernels"),
        ("IPYTHONDIR=/srv/i", "srv/i/kernels"),
        ("HOME=/srv/h", "srv/h/.local/share/jupyter/kernels"),
        ("PYTHONUSERBASE=/srv/b", "srv/b/share/jupyter/kernels"),
    ],
)
def test_variables(variable: str, place: str) -> None:
    subject = make_subject([*base(), kernel(f"{place}/k")], config={"Env": [variable]})
    assert [item.directory for item in subject.facts.kernels] == [f"/{place}/k"]


def test_jupyter_path_of_the_image_is_not_kept() -> None:
    items = [*base(), kernel("srv/j/kernels/k")]
    facts = make_subject(items, config={"Env": ["JUPYTER_PATH=/srv/j"]}).facts
    assert facts.kernels == ()
    assert [item.name for item in facts.own.kernels] == ["k"]


def test_the_prefix_of_python_comes_first() -> None:
    items = [*base(), *python("opt/py", names=("python",)), kernel(f"{PREFIX}/k"), kernel(f"{LOCAL}/k")]
    first, second = make_subject(items, config={"Env": ["PATH=/opt/py/bin"]}).facts.kernels
    assert (first.directory, first.place, first.visible) == (f"/{PREFIX}/k", "path", True)
    assert (second.shadowed_by, second.visible) == (f"/{PREFIX}/k", False)


def test_what_is_in_place_of_the_service_is_hidden() -> None:
    items = [*base(), kernel("opt/.sagemakerinternal/conda/share/jupyter/kernels/k")]
    (found,) = make_subject(items).facts.kernels
    assert found.hidden_by == "/opt/.sagemakerinternal"


def test_paths_without_measure() -> None:
    huge = "/" + "x" * 100_000
    names = (
        "HOME",
        "XDG_DATA_HOME",
        "JUPYTER_DATA_DIR",
        "JUPYTER_PATH",
        "IPYTHONDIR",
        "PYTHONUSERBASE",
        "XDG_DATA_DIRS",
    )
    config = {"Env": [*(f"{name}={huge}" for name in names), "JUPYTER_PLATFORM_DIRS=1"]}
    facts = make_subject([*base(), kernel(f"{LOCAL}/k")], config=config).facts
    assert max(len(item.path) for item in (*facts.classic.directories, *facts.own.directories)) < 4200
    assert facts.user.home == huge
    config["Env"][-2] += huge
    facts = make_subject([*base(), kernel(f"{LOCAL}/k")], config=config).facts
    with pytest.raises(UndecidedError, match="over the limit of 131,072"):
        assert facts.own


# ---- the server of the image's own ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "command", "executable"),
    [
        (b"#!/opt/py/bin/python3.11\n", [], "/opt/py/bin/python3.11"),
        (b"#!/usr/bin/env python3\n", [], "/usr/bin/python3"),
        (b"#!/bin/sh\n'''exec' \"/opt/py/bin/python\" \"$0\" \"$@\"\n' '''\n", [], "/opt/py/bin/python"),
        (b"#!/bin/sh\necho\n", [], "/usr/bin/python3"),
        (b"#!/usr/bin/python3\n", ["/opt/py/bin/python", "-m", "jupyterlab"], "/opt/py/bin/python"),
        (b"#!/usr/bin/python3\n", ["/bin/sh", "-c", "exec /opt/py/bin/jupyter-lab --ip=0"], "/opt/py/bin/python"),
        (b"#!/usr/bin/python3\n", ["/bin/sh", "-c", "it's"], "/usr/bin/python3"),
    ],
)
def test_the_server_of_the_image(script: bytes, command: list[str], executable: str) -> None:
    items = [
        *base(),
        *python("usr"),
        *python("opt/py", names=("python",)),
        program("usr/bin/env"),
        program("usr/bin/jupyter-lab", script),
        program("opt/py/bin/jupyter-lab", b"#!/opt/py/bin/python\n"),
    ]
    server = make_subject(items, config={"Cmd": command}).facts.own.server
    assert server.executable == executable
    assert server.replaced == {"python", "python3", "python3.11"}


def test_the_server_that_is_configured() -> None:
    items = [
        *base(),
        *python("usr/local", names=("python3", "python")),
        *python("opt/conda/envs/x", names=("python",)),
        program("usr/local/bin/jupyter-lab", b"#!/usr/local/bin/python3\n"),
        program("opt/conda/envs/x/bin/jupyter-lab", b"#!/opt/conda/envs/x/bin/python\n"),
        program("usr/local/bin/conda", b"#!/usr/local/bin/python3\n"),
        file("opt/conda/envs/x/conda-meta/history"),
        kernel("srv/j/kernels/k"),
    ]
    settings: dict[str, Any] = {
        "ContainerEntrypoint": ["/opt/conda/envs/x/bin/jupyter-lab"],
        "ContainerEnvironmentVariables": {"JUPYTER_PATH": "/srv/j"},
    }
    given = {"JupyterLabAppImageConfig": {"ContainerConfig": settings}}
    facts = make_subject(items, app_image_config=given).facts
    assert facts.own.server.prefix == "/opt/conda/envs/x"
    assert [item.name for item in facts.own.kernels if item.place == "path"] == ["k"]
    run = make_subject(items, config={"Cmd": ["conda", "run", "-p", "/opt/conda/envs/x", "jupyter", "lab"]}).facts
    assert run.own.server.prefix == "/opt/conda/envs/x"
    assert make_subject(items).facts.own.server.prefix == "/usr/local"


def test_no_server() -> None:
    facts = make_subject([*base(), kernel(f"{LOCAL}/k", ("python", *IPYKERNEL))]).facts
    (found,) = facts.own.kernels
    assert facts.own.server.installation is None
    assert (found.rewritten, found.foreign) == (False, False)


@pytest.mark.parametrize(
    ("options", "searched"),
    [
        ((), True),
        (("-Xfrozen_modules=off",), True),
        (("-X", "frozen_modules=off", "-E"), True),
        (("/opt/x.py",), False),
        (("-c", "import json"), False),
    ],
)
def test_the_module_behind_options(options: tuple[str, ...], *, searched: bool) -> None:
    argv = ("/usr/local/bin/python3", *options, *IPYKERNEL)
    subject = make_subject([*base(), *python("usr/local"), kernel(f"{LOCAL}/k", argv)])
    assert (subject.facts.kernels[0].module is not None) == searched
