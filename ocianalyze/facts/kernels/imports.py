"""What a kernel's Python imports because of its command line, and whether it can.

Sources: The Python manual, "Command line and environment"; CPython ``Lib/site.py``.
"""

from __future__ import annotations

from posixpath import basename, dirname
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs.program import split_path
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.python.command_line import imported_modules, is_standard
from ocianalyze.facts.python.modules import ModuleFinder
from ocianalyze.facts.python.requirements import Requirements
from ocianalyze.facts.user.permissions import find_import_denial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.facts.directories.mounts import Mounts
    from ocianalyze.facts.kernels.kernel import Kernel
    from ocianalyze.facts.python.command_line import PythonCall
    from ocianalyze.facts.python.installations import Installation
    from ocianalyze.facts.user.accounts import User
    from ocianalyze.facts.user.permissions import Denial
    from ocianalyze.filesystem.tree import Filesystem

_IPYKERNEL: Final = frozenset({"ipykernel", "ipykernel_launcher"})


class Imports:
    """Finds what kernels import; many kernels import the same."""

    def __init__(self, filesystem: Filesystem, home: str, mounts: Mounts) -> None:
        """Look nothing up yet; `home` is the user's home directory, and what `mounts` hides is not importable."""
        self.modules = ModuleFinder(filesystem, home, mounts)
        self._filesystem = filesystem
        self._requirements: dict[User, Requirements] = {}
        self._denials: dict[tuple[str, User], Denial | None] = {}

    def added(
        self, kernel: Kernel, python: Installation, call: PythonCall, variables: Mapping[str, str], user: User
    ) -> Kernel:
        """Return `kernel`, which makes `python` run `call`, with the module that it imports, or why it cannot."""
        names = _modules_of(call)
        if names is None:
            text = f"{basename(python.executable)} -c runs inline code, which cannot be analyzed"
            return kernel._replace(unsure=text)
        doubt = _doubt(python, call, variables)
        if not names or doubt is not None:
            return kernel._replace(unsure=doubt) if names else kernel
        listed = "" if call.isolated else variables.get("PYTHONPATH", "")
        found = [self.modules.find_program(python, name, listed, run=call.module is not None) for name in names]
        module = next((item for item in found if item.path is None), found[0])
        if module.path is not None and not call.site and _is_installed(module.path, listed):
            module = module._replace(path=None, lacks=f"option -S keeps it from importing {module.path}")
        kernel = kernel._replace(module=module)
        return kernel if module.path is None else self._checked(kernel, module.path, python, listed, user)

    def _checked(self, kernel: Kernel, path: str, python: Installation, listed: str, user: User) -> Kernel:
        """Return `kernel`, whose module is at `path`, with what keeps the user from it, or what it lacks itself."""
        closed = self._denial(path, user)
        if closed is not None:
            return kernel._replace(closed=closed)
        is_ipykernel = kernel.module is not None and kernel.module.name in _IPYKERNEL
        return self._with_requirements(kernel, python, listed, user) if is_ipykernel else kernel

    def _with_requirements(self, kernel: Kernel, python: Installation, listed: str, user: User) -> Kernel:
        """Return `kernel` with what ipykernel imports and its Python lacks."""
        if user not in self._requirements:
            self._requirements[user] = Requirements(self.modules, self._filesystem, user)
        for lacking in self._requirements[user].lacking(python, "ipykernel", listed):
            if lacking.denial is not None:
                return kernel._replace(closed=lacking.denial)
            if lacking.shadowed_by is None and kernel.module is not None:
                module = kernel.module._replace(path=None, lacks=lacking.text, problem=lacking.problem)
                return kernel._replace(module=module)
            kernel = kernel._replace(unsure=lacking.text)
        return kernel

    def _denial(self, path: str, user: User) -> Denial | None:
        key = path, user
        if key not in self._denials:
            self._denials[key] = find_import_denial(self._filesystem, path, user)
        return self._denials[key]


def _doubt(python: Installation, call: PythonCall, variables: Mapping[str, str]) -> str | None:
    """Return why it cannot be told where a Python searches for modules, if so; a clause."""
    if call.isolated:
        return None
    if variables.get("PYTHONHOME", "") not in ("", python.prefix):
        return f"PYTHONHOME makes {python.executable} search for its modules elsewhere"
    if UNKNOWN in variables.get("PYTHONPATH", ""):
        return "the value of PYTHONPATH is only known at run time"
    return None


def _modules_of(call: PythonCall) -> tuple[str, ...] | None:
    """Return the modules that a Python imports because of its command line; None if that cannot be told."""
    if call.module is not None:
        return () if is_standard(call.module) else (call.module,)
    if call.code is None:
        return ()
    names = imported_modules(call.code)
    return None if names is None else tuple(dict.fromkeys(name.partition(".")[0] for name in names))


def _is_installed(path: str, listed: str) -> bool:
    """Tell whether a module is one of those that ``site`` makes importable, and `listed` in ``PYTHONPATH`` does not."""
    above = (dirname(path), dirname(dirname(path)))
    return any(place.endswith("-packages") and place not in split_path(listed) for place in above)
