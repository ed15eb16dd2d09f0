"""The real Jupyter packages as a judge: they list the kernels of a tree that is unpacked on disk.

nb_conda_kernels is on no package index that pip knows. Where it is not installed, ``TEST_NB_CONDA_KERNELS`` may
name a checkout of https://github.com/anaconda/nb_conda_kernels.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.support import jupyter_driver
from tests.support.tarballs import Item

CHECKOUT = "TEST_NB_CONDA_KERNELS"
CONNECTION_FILE = jupyter_driver.CONNECTION_FILE

PATHS = ("HOME", "JUPYTER_DATA_DIR", "XDG_DATA_HOME", "IPYTHONDIR", "PYTHONUSERBASE", "CONDA_PREFIX")
LISTS = ("JUPYTER_PATH", "XDG_DATA_DIRS")


@dataclass
class Case:
    """A server: its circumstances. Paths are those of the image.

    `ipykernel` is the directory of the native kernel, if the server can import ipykernel; `conda` what ``conda info
    --json`` prints, if the server asks conda.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    prefix: str = "/opt/py"
    base_prefix: str = "/opt/py"
    executable: str = "/opt/py/bin/python"
    version: str = "3.11"
    user_site: bool = True
    owned: bool = False
    ipython: bool = True
    ipykernel: str | None = None
    conda: Mapping[str, Any] | None = None
    conda_filter: str | None = None


def has_conda_kernels() -> bool:
    """Tell whether nb_conda_kernels is here."""
    return bool(os.environ.get(CHECKOUT)) or find_spec("nb_conda_kernels") is not None


def ask(trees: Sequence[tuple[Path, Case]]) -> list[dict[str, Any]]:
    """Return what the real packages answer for unpacked trees, in the image's paths."""
    posed = [_posed(root, case) for root, case in trees]
    done = subprocess.run(
        [sys.executable, "-I", "-c", _START, str(Path(jupyter_driver.__file__)), os.environ.get(CHECKOUT, "")],
        input=json.dumps(posed).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return [_as_image(answer, str(root)) for answer, (root, _) in zip(answers, trees, strict=True)]


_START = "import runpy, sys; sys.path += sys.argv[2:]; runpy.run_path(sys.argv[1], run_name='__main__')"


def write(items: Iterable[Item], root: Path) -> None:
    """Write items to disk; absolute links lead into the tree."""
    for item in items:
        path = root / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if item.kind == "directory":
            path.mkdir(parents=True, exist_ok=True)
        elif item.kind == "symlink":
            path.symlink_to(str(root) + item.target if item.target.startswith("/") else item.target)
        else:
            assert isinstance(item.content, bytes)
            path.write_bytes(item.content)


def _posed(root: Path, case: Case) -> dict[str, Any]:
    under = str(root)
    environment = dict(case.environment)
    for name in PATHS:
        if environment.get(name, "").startswith("/"):
            environment[name] = under + environment[name]
    for name in LISTS:
        if name in environment:
            parts = environment[name].split(":")
            environment[name] = ":".join(under + part if part.startswith("/") else part for part in parts)
    posed = asdict(case) | {"root": under, "environment": environment}
    for name in ("prefix", "base_prefix", "executable"):
        posed[name] = under + posed[name]
    if case.ipykernel is not None:
        posed["ipykernel"] = under + case.ipykernel
    if case.conda is not None:
        posed["conda"] = str(_write_conda(root, case.conda))
    return posed


def _write_conda(root: Path, info: Mapping[str, Any]) -> Path:
    """Write a program that says what ``conda info --json`` says of the tree."""
    moved = {
        key: [str(root) + path for path in value] if isinstance(value, list) else str(root) + value
        for key, value in info.items()
    }
    program = root / "conda-info"
    program.write_text(f"#!{sys.executable}\nprint('''{json.dumps(moved)}''')\n")
    program.chmod(0o755)
    return program


def _as_image(value: Any, root: str) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return value.replace(root, "")
    if isinstance(value, list):
        return [_as_image(item, root) for item in value]
    if isinstance(value, dict):
        return {key: _as_image(item, root) for key, item in value.items()}
    return value
