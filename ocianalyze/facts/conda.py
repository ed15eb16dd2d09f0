"""Conda environments, and the kernel names that nb_conda_kernels gives what is in them.

Sources: conda (an environment is a directory with ``conda-meta/history``); nb_conda_kernels ``manager.py``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ocianalyze.filesystem.tree import Filesystem

ENVIRONMENT_FILTER: Final = re.compile(r"/opt/conda$")
"""The environments that Studio Classic's start-up leaves out (``CONDA_ENV_FILTER``)."""

_SHORT: Final = {"python2": "py", "python3": "py", "ir": "r"}
_FORBIDDEN: Final = re.compile(r"[^a-zA-Z0-9._\-]")
_ROOT_NAMES: Final = ("base", "root")


@dataclass(frozen=True, slots=True)
class Environment:
    """A conda environment.

    Attributes:
        prefix: its directory.
        name: its name; ``base`` for the one that conda itself lies in.
        certain: whether ``conda info`` lists it whatever the files in home directories say.
    """

    prefix: str
    name: str
    certain: bool

    def kernel_names(self, directory: str) -> tuple[str, ...]:
        """Return the names under which a kernel of this environment may be known; `directory` is its spec directory."""
        kernel = _SHORT.get(directory.lower(), directory.lower())
        if self.name == "base":
            return tuple(_clean(f"conda-{name}-{kernel}") for name in _ROOT_NAMES)
        return (_clean(f"conda-env-{self.name}-{kernel}"),)


def find_environments(filesystem: Filesystem) -> tuple[Environment, ...]:
    """Return the conda environments of the image, in the order of their paths."""
    prefixes = sorted(
        dirname(node.path)
        for node in filesystem.named("conda-meta")
        if node.is_directory and filesystem.child(node, "history") is not None and "/pkgs/" not in node.path
    )
    bases = [prefix for prefix in prefixes if _has_conda(filesystem, prefix)]
    base = bases[0] if bases else None
    found: list[Environment] = []
    for prefix in prefixes:
        parent = dirname(prefix)
        in_default = base is not None and parent == join(base, "envs")
        if prefix == base or (base is None and basename(parent) != "envs"):
            name = "base"
        elif basename(parent) == "envs" and base is not None and not in_default:
            name = f"{basename(dirname(parent))}-{basename(prefix)}"
        else:
            name = basename(prefix)
        found.append(Environment(prefix, _distinct(name, found), certain=prefix == base or in_default))
    return tuple(found)


def _has_conda(filesystem: Filesystem, prefix: str) -> bool:
    return any(filesystem.lookup(join(prefix, path)) is not None for path in ("bin/conda", "condabin/conda"))


def _distinct(name: str, found: list[Environment]) -> str:
    taken = {environment.name for environment in found}
    number, result = 1, name
    while result in taken:
        number += 1
        result = f"{name}-{number}"
    return result


def _clean(name: str) -> str:
    """Return the name with what a kernel name cannot hold replaced, as ``clean_kernel_name`` does."""
    decomposed = "".join(part for part in unicodedata.normalize("NFKD", name) if not unicodedata.combining(part))
    return _FORBIDDEN.sub("_", decomposed)
