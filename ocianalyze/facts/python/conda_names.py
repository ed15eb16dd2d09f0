"""The names that nb_conda_kernels gives the kernels of conda environments, and the commands that it starts them with.

Source: nb_conda_kernels 2.5 ``manager.py`` (``_all_envs``, ``_all_specs``, ``clean_kernel_name``).
"""

from __future__ import annotations

import unicodedata
from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Final

from ocianalyze.regex import regex

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping, Sequence

BASE: Final = "base"
_OLD_BASE: Final = "root"
RUNNER: Final = ("python", "-m", "nb_conda_kernels.runner")

_SHORT: Final = {"python2": "py", "python3": "py", "ir": "r"}
_FORBIDDEN: Final = regex(r"[^a-zA-Z0-9._\-]")


def name_environments(
    environments: Sequence[str], base: str, *, without: re.Pattern[str] | None = None
) -> dict[str, str]:
    """Return the names of environments, by their paths and in their order.

    `base` is where conda itself lies; what `without` finds something in is left out.
    """
    taken: dict[str, str] = {}
    numbers: dict[str, int] = {}
    for path in environments if base in environments else (base, *environments):
        if (without is not None and without.search(path)) or path.startswith(join(base, "conda-bld", "")):
            continue
        name = BASE if path == base else _name(path, base, taken)
        taken[_distinct(name, taken, numbers)] = path
    return {path: name for name, path in taken.items()}


def kernel_names(environment: str, directory: str) -> tuple[str, ...]:
    """Return the name of a kernel of the named environment, then older ones; `directory` is its spec directory."""
    kernel = _SHORT.get(directory, directory)
    if environment == BASE:
        return tuple(_clean(f"conda-{name}-{kernel}") for name in (BASE, _OLD_BASE))
    return (_clean(f"conda-env-{environment}-{kernel}"),)


def _name(path: str, base: str, taken: dict[str, str]) -> str:
    parent, name = dirname(path), basename(path)
    if basename(parent) == "envs" and (parent != join(base, "envs") or name in taken):
        return f"{basename(dirname(parent))}-{name}"
    return name


def _distinct(name: str, taken: dict[str, str], numbers: dict[str, int]) -> str:
    """Return the name, or the first of ``name-2``, ``name-3`` and so on that is not taken.

    `numbers` are the last that were tried: no name is ever given back.
    """
    found = name
    while found in taken:
        number = numbers[name] = numbers.get(name, 1) + 1
        found = f"{name}-{number}"
    return found


def _clean(name: str) -> str:
    """Return the name with what a kernel name cannot hold replaced (``clean_kernel_name``)."""
    decomposed = "".join(part for part in unicodedata.normalize("NFKD", name) if not unicodedata.combining(part))
    return _FORBIDDEN.sub("_", decomposed)


def conda_prefix(name: str, environment: Mapping[str, str]) -> str:
    """Return where the conda environment `name` lies, as far as variables tell."""
    if name.startswith("/"):
        return name
    root = environment.get("MAMBA_ROOT_PREFIX") or environment.get("CONDA_DIR") or "/opt/conda"
    return root if name in (BASE, _OLD_BASE) else join(root, "envs", name)
