"""Steps that install packages, with what the image has: apt-get, conda, or the pip of a Python."""

from __future__ import annotations

from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.python import find_module
from ocianalyze.regex import regex
from ocianalyze.rules.dockerfile import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.programs import Shell
    from ocianalyze.facts.python import Installation
    from ocianalyze.filesystem.tree import Filesystem

_DEBIAN: Final = {
    **{name: name for name in ("bash", "curl", "dash", "dumb-init", "fish", "git", "ksh", "perl", "ruby", "sudo")},
    **{name: name for name in ("tcsh", "tini", "zsh")},
    **dict.fromkeys(("R", "Rscript"), "r-base-core"),
    "java": "default-jre-headless",
    "node": "nodejs",
    "php": "php-cli",
    "supervisord": "supervisor",
}
"""Debian's packages of programs that commands and kernels start."""
_LIBRARIES: Final = {
    "libexpat.so.1": "libexpat1",
    "libsodium.so.23": "libsodium23",
    "libsqlite3.so.0": "libsqlite3-0",
    "libssl.so.3": "libssl3",
    "libzmq.so.5": "libzmq5",
}
"""Debian's packages of libraries that Jupyter's Python and packages need, and apt-get does not."""
_NEEDED: Final = frozenset({"bash", "dash"})
"""Packages that need what they bring to be installed again."""
_PYTHON: Final = regex(r"/usr/bin/python3\.\d+")


def with_apt(program: str, shell: Shell, *, again: bool = False) -> str | None:
    """Return the step that installs a program, if the image has apt-get and the package is known.

    With `again`, its package may count as installed although the program is gone. sudo gets a line that lets the
    container's user call it without a password.
    """
    name, user = basename(program), shell.user
    package = f"{name}-minimal" if _PYTHON.fullmatch(program) else _DEBIAN.get(name)
    if package is None or shell.filesystem.lookup("/usr/bin/apt-get") is None or (again and package in _NEEDED):
        return None
    if package != "sudo" or user.uid == 0:
        return f"RUN {_apt(*(['--reinstall'] if again else []), package)}"
    line = f"{user.name or f'#{user.uid}'} ALL=(ALL) NOPASSWD: ALL"
    return f"RUN {_apt(package)} && echo {quoted(line)} > /etc/sudoers.d/studio"


def with_python(python: Installation, shell: Shell, *requirements: str, again: bool = False) -> str:
    """Return the step that installs packages for a Python; with conda only if that Python has no pip.

    With `again`, they may count as installed although files are gone.
    """
    names = " ".join(map(quoted, requirements))
    filesystem = shell.filesystem
    has_pip = has_module("pip", python, shell)
    if not has_pip and filesystem.lookup(f"{python.prefix}/conda-meta") is not None:
        program = conda_program(shell)
        if program is not None:
            options = f"--prefix {quoted(python.prefix)} --yes{' --force-reinstall' if again else ''}"
            return f"RUN {quoted(program)} install {options} {names}"
    executable = quoted(python.executable)
    first = "" if has_pip else _pip(python, shell)
    option = " --break-system-packages" if _is_managed(python, filesystem) else ""
    option += " --force-reinstall" if again else ""
    return f"RUN {first}{executable} -m pip install{option} {names}"


def with_standard_library(python: Installation, shell: Shell) -> str | None:
    """Return the step that installs the standard library of Debian's Python again, if it is that Python."""
    is_debian = python.base == "/usr" and shell.filesystem.lookup("/usr/bin/apt-get") is not None
    if not is_debian or len(python.versions) != 1:
        return None
    return f"RUN {_apt('--reinstall', f'lib{python.versions[0]}-stdlib')}"


def with_library(name: str, shell: Shell) -> str | None:
    """Return the step that installs a library again, if the image has apt-get and the package is known."""
    package = _LIBRARIES.get(name)
    if package is None or shell.filesystem.lookup("/usr/bin/apt-get") is None:
        return None
    return f"RUN {_apt('--reinstall', package)}"


def elsewhere(name: str, shell: Shell) -> str | None:
    """Return a directory ``bin`` in which the container's user can run a program of a name."""
    return next(places(name, shell), None)


def places(name: str, shell: Shell) -> Iterator[str]:
    """Yield every directory ``bin`` in which the container's user can run a program of a name."""
    for node in shell.filesystem.named(name):
        place = dirname(node.path)
        if basename(place) != "bin" or (shell.mounts is not None and shell.mounts.hides(node.path) is not None):
            continue
        if shell.examine(node.path).problem is None:
            yield place


def _apt(*packages: str) -> str:
    return f"apt-get update && apt-get install --yes --no-install-recommends {' '.join(packages)}"


def conda_program(shell: Shell) -> str | None:
    """Return the path of a program that installs conda packages."""
    for name in ("conda", "mamba", "micromamba"):
        place = elsewhere(name, shell)
        if place is not None:
            return f"{place}/{name}"
    return None


def _pip(python: Installation, shell: Shell) -> str:
    """Return the commands that get a pip for a Python that has none."""
    of_debian = dirname(python.executable) == "/usr/bin" and not python.is_virtual
    if of_debian and shell.filesystem.lookup("/usr/bin/apt-get") is not None:
        return f"{_apt('python3-pip')} && "
    return f"{quoted(python.executable)} -m ensurepip && "


def _is_managed(python: Installation, filesystem: Filesystem) -> bool:
    """Return whether pip refuses to install into a Python without being told to (PEP 668)."""
    if python.is_virtual:
        return False
    places = (join(python.prefix, "lib", version, "EXTERNALLY-MANAGED") for version in python.versions)
    return any(filesystem.lookup(place) is not None for place in places)


def has_module(module: str, python: Installation, shell: Shell) -> bool:
    """Return whether a Python can import a module, as far as is known."""
    if shell.mounts is None:
        return True
    found = find_module(shell.filesystem, python, module, python_path="", home=shell.user.home, mounts=shell.mounts)
    return not found.missing
