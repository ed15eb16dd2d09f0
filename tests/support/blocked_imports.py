"""Starts a Jupyter server or an ipykernel in a Python that has no module of a name.

Usage: python blocked_imports.py (jupyterlab|ipykernel) MODULE; the exit code is 0 if it starts, else 1.
"""

import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec

_QUIET = "log_level=CRITICAL"


class _Without(MetaPathFinder):
    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        if fullname.partition(".")[0] == self._name:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def _start(root: str) -> None:
    if root == "jupyterlab":
        from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

        LabApp.initialize_server(argv=["--ServerApp.port=0", "--no-browser", "--allow-root", f"--ServerApp.{_QUIET}"])
    else:
        from ipykernel.kernelapp import IPKernelApp

        IPKernelApp().initialize([f"--IPKernelApp.{_QUIET}"])  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    _, root, module = sys.argv
    sys.argv = ["x"]
    sys.meta_path.insert(0, _Without(module))
    try:
        _start(root)
    except BaseException as error:  # noqa: BLE001, whatever it is, it does not start
        print(type(error).__name__, error, file=sys.stderr, flush=True)  # noqa: T201
        os._exit(1)
    os._exit(0)  # nobody waits for what was started
