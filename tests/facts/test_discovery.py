"""Kernels are found as the real jupyter_client finds them, on the same tree on disk and in an image."""

import logging
import warnings
from importlib import import_module
from pathlib import Path

import pytest

from tests.rules.subjects import IPYKERNEL, base, kernel, make_subject, python
from tests.support.tarballs import Item, directory, file, symlink

jupyter = import_module("jupyter_client.kernelspec")

PREFIX = "opt/py/share/jupyter/kernels"
USER = "data/u/.local/share/jupyter/kernels"
LOCAL = "usr/local/share/jupyter/kernels"
SHARE = "usr/share/jupyter/kernels"
IPYTHON = "data/u/.ipython/kernels"
ORDER = (PREFIX, USER, LOCAL, SHARE, IPYTHON)

TREE = [
    kernel(f"{PREFIX}/python3"),
    kernel(f"{LOCAL}/python3"),
    kernel(f"{USER}/MyKernel"),
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
]


def write(items: list[Item], root: Path) -> None:
    """Write items to disk."""
    for item in items:
        path = root / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if item.kind == "directory":
            path.mkdir(parents=True)
        elif item.kind == "symlink":
            path.symlink_to(item.target)
        else:
            assert isinstance(item.content, bytes)
            path.write_bytes(item.content)


def test_the_same_kernels_are_found(tmp_path: Path) -> None:
    write(TREE, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dirs = [str(tmp_path / place) for place in ORDER]
        manager = jupyter.KernelSpecManager(kernel_dirs=dirs, ensure_native_kernel=False)
        manager.log.handlers = [logging.NullHandler()]
        manager.log.propagate = False
        theirs = {
            name: "/" + str(Path(path).relative_to(tmp_path)) for name, path in manager.find_kernel_specs().items()
        }
        loaded = set(manager.get_all_specs())
    environment = ["HOME=/data/u", "PATH=/opt/py/bin"]
    subject = make_subject([*base(), *python("opt/py", names=("python",)), *TREE], config={"Env": environment})
    kernels = subject.facts.kernels
    assert {item.name: item.directory for item in kernels if item.visible} == theirs
    assert {item.name for item in kernels if item.visible and item.spec.problem is None} == loaded
    assert "broken" in theirs
    assert "broken" not in loaded


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("JUPYTER_DATA_DIR=/srv/j", "srv/j/kernels"),
        ("XDG_DATA_HOME=/srv/x", "srv/x/jupyter/kernels"),
        ("IPYTHONDIR=/srv/i", "srv/i/kernels"),
        ("HOME=/srv/h", "srv/h/.local/share/jupyter/kernels"),
    ],
)
def test_variables(variable: str, place: str) -> None:
    subject = make_subject([*base(), kernel(f"{place}/k")], config={"Env": [variable]})
    assert [item.directory for item in subject.facts.kernels] == [f"/{place}/k"]


def test_jupyter_path_of_the_image_is_not_kept() -> None:
    subject = make_subject([*base(), kernel("srv/j/kernels/k")], config={"Env": ["JUPYTER_PATH=/srv/j"]})
    assert subject.facts.kernels == ()


@pytest.mark.parametrize(
    ("options", "searched"),
    [
        ((), True),
        (("-Xfrozen_modules=off",), True),
        (("-X", "frozen_modules=off", "-E"), True),
        (("/opt/x.py",), False),
        (("-c", "import x"), False),
    ],
)
def test_the_module_behind_options(options: tuple[str, ...], *, searched: bool) -> None:
    argv = ("/usr/local/bin/python3", *options, *IPYKERNEL)
    subject = make_subject([*base(), *python("usr/local"), kernel(f"{LOCAL}/k", argv)])
    assert (subject.facts.kernels[0].module is not None) == searched
