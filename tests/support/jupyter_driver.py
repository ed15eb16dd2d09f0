"""Asks the real jupyter_core, jupyter_client and nb_conda_kernels which kernels they list; a process of its own.

Standard input is a JSON list of cases (`tests.support.jupyter.Case`), whose paths lie in an unpacked tree; standard
output the list of answers. What depends on the running interpreter (``sys.prefix``, ``sys.executable``, the owner of
files, the system's directories) is set to what it would be in a container; all decisions are the packages' own.
"""

import importlib
import json
import logging
import os
import site
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

CONNECTION_FILE = "/connection-file"


def main() -> None:
    """Answer all cases."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """Return what is listed: the directory and the command of each kernel, or the error that listing fails with."""
    pose(case)
    conda = import_conda(case) if case["conda"] is not None else None
    client = importlib.import_module("jupyter_client.kernelspec")
    try:
        if conda is not None:
            manager = conda.CondaKernelSpecManager(env_filter=case["conda_filter"])
        else:
            manager = client.KernelSpecManager()
        found = manager.find_kernel_specs()
        listed = manager.get_all_specs()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        return {"fails": type(error).__name__}
    return {
        "directories": list(manager.kernel_dirs),
        "found": found,
        "commands": {name: command(manager, name, case) for name in listed if listed[name]["spec"]["argv"]},
        "listed": sorted(listed),
    }


def pose(case: dict[str, Any]) -> None:
    """Make this process look like the server of the case."""
    os.environ.clear()
    os.environ.update(case["environment"])
    sys.prefix, sys.base_prefix, sys.executable = case["prefix"], case["base_prefix"], case["executable"]
    site.ENABLE_USER_SITE = case["user_site"]
    site.USER_BASE = None
    os.getlogin = no_login
    owner = Path(case["root"]).stat().st_uid
    os.geteuid = lambda: owner if case["owned"] else owner + 1
    paths: Any = importlib.reload(importlib.import_module("jupyter_core.paths"))
    root = case["root"]
    paths.SYSTEM_JUPYTER_PATH = [p if p.startswith(root) else root + p for p in paths.SYSTEM_JUPYTER_PATH]
    set_module("IPython.paths", present=case["ipython"])
    native = set_module("ipykernel.kernelspec", present=case["ipykernel"] is not None)
    if native is not None:
        native.RESOURCES = case["ipykernel"]


def no_login() -> str:
    """Fail as in a container, which has no terminal."""
    raise OSError


def set_module(name: str, *, present: bool) -> Any:  # noqa: ANN401 - a module, whatever it has
    """Make a module importable or not."""
    if not present:
        sys.modules[name] = None  # type: ignore[assignment]
        return None
    if sys.modules.get(name, sys) is None:
        del sys.modules[name]
    return importlib.import_module(name)


def import_conda(case: dict[str, Any]) -> Any:  # noqa: ANN401 - it has no types
    """Return nb_conda_kernels, which asks the case's ``conda``."""
    manager: Any = importlib.import_module("nb_conda_kernels.manager")
    manager.CONDA_EXE = case["conda"]
    return manager


def command(manager: Any, name: str, case: dict[str, Any]) -> list[str]:  # noqa: ANN401 - it has no types
    """Return the command that starts a kernel."""
    client: Any = importlib.import_module("jupyter_client.manager")
    version = tuple(int(part) for part in case["version"].split("."))
    real, client.sys = (
        client.sys,
        SimpleNamespace(executable=case["executable"], prefix=case["prefix"], version_info=version),
    )
    try:
        kernel = client.KernelManager(kernel_name=name, kernel_spec_manager=manager, connection_file=CONNECTION_FILE)
        return list(kernel.format_kernel_cmd())
    finally:
        client.sys = real


if __name__ == "__main__":
    main()
