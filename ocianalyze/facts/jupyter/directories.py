"""The directories that a Jupyter server insists on, and what is wrong with them.

Sources: jupyter_server ``serverapp.py`` and ``services/contents`` (directories that are set have to exist);
jupyter_core ``paths.py`` (``jupyter_runtime_dir``) and ``application.py`` (the runtime directory is made first).
"""

from __future__ import annotations

from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ocianalyze.facts.directories.mounts import RUNTIME, within
from ocianalyze.facts.jupyter.paths import data_directory
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell import Changes, Files
from ocianalyze.facts.user.permissions import find_barrier, find_denial, may_write, protection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.commands.search import Found
    from ocianalyze.facts.directories.mounts import Mounts
    from ocianalyze.facts.jupyter.settings import JupyterSettings, ServedDirectory
    from ocianalyze.facts.user.accounts import User
    from ocianalyze.facts.user.permissions import Denial
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

Flaw: TypeAlias = Literal["missing", "hidden", "not-a-directory", "unreachable", "unwritable", "outside", "unknown"]

RUNTIME_DIRECTORY: Final = "runtime_dir"
"""The purpose of the directory of connection files, which the server makes if it is missing."""


class Lack(NamedTuple):
    """A directory that is not as the server needs it.

    Attributes:
        purpose: the setting that it is the value of, as Jupyter calls it.
        path: the directory.
        source: what sets it: an option, a file or a variable; ``HOME`` where it follows from the home directory.
        flaw: what is wrong with it.
        text: the same as a clause.
        node: what has to be changed, if it is something of the image.
    """

    purpose: str
    path: str
    source: str
    flaw: Flaw
    text: str
    node: Node | None = None


def find_lacks(found: Found, settings: JupyterSettings, mounts: Mounts) -> Iterator[Lack]:
    """Yield what is wrong with the directories of the server that a command starts."""
    view = View(found, mounts)
    for directory in settings.directories:
        lack = view.required(directory)
        if lack is not None:
            yield lack
    lack = view.runtime_directory()
    if lack is not None:
        yield lack


class View:
    """The file system as the server sees it when it starts."""

    def __init__(self, found: Found, mounts: Mounts) -> None:
        self._found = found
        self._mounts = mounts
        self._filesystem = found.shell.filesystem
        self._changes = found.changes if found.changes is not None else Changes()
        self._files = Files(found.shell, self._changes, found.shell.directory)

    def required(self, directory: ServedDirectory) -> Lack | None:
        """Return what is wrong with a directory that has to exist."""
        setting, inside = directory.setting, directory.inside
        if not setting.known or UNKNOWN in (inside or ""):
            return Lack(directory.trait, "...", setting.source, "unknown", "is only known at run time")
        path = self._files.full(str(setting.value))
        if self._files.test("e" if directory.trait == "place" else "d", path):
            above = None if inside is None else self._files.full(inside or ".")
            if above is None or within(path, above):
                return None
            return Lack(directory.trait, path, setting.source, "outside", f"is not in root_dir {above}")
        flaw, text, node = self._absence(path)
        return Lack(directory.trait, path, setting.source, flaw, text, node)

    def file(self, path: str, source: str) -> Lack | None:
        """Return why the server cannot read a file, if so."""
        if UNKNOWN in path:
            return Lack("file", "...", source, "unknown", "is only known at run time")
        full = self._files.full(path)
        if self._files.test("f", full) and self._files.test("r", full) is not False:
            return None
        denial = find_denial(self._filesystem, full, self._found.shell.user)
        flaw, text, node = self._absence(full)
        if flaw == "not-a-directory":
            if denial is None:
                return Lack("file", full, source, flaw, "is not a file", node)
            flaw, text, node = _unreachable(denial, self._found.shell.user)
        return Lack("file", full, source, flaw, text, node)

    def _absence(self, path: str) -> tuple[Flaw, str, Node | None]:
        """Return why nothing, or no directory, is seen at a path."""
        if self._may_change(path) or any(within(path, directory) for directory in RUNTIME):
            return "unknown", "is only known at run time", None
        resolution = self._filesystem.resolve(path)
        hidden = self._mounts.hides(path) or self._mounts.hides_on_the_way(resolution)
        if hidden is not None:
            return "hidden", f"is hidden by the volume that is mounted on {hidden}", None
        if resolution.node is None:
            return "missing", "does not exist", None
        barrier = find_barrier(self._filesystem, path, self._found.shell.user)
        if barrier is not None:
            return _unreachable(barrier, self._found.shell.user)
        return "not-a-directory", "is not a directory", resolution.node

    def runtime_directory(self) -> Lack | None:
        """Return what is wrong with the directory of connection files."""
        path, source = _runtime_directory(self._found)
        if UNKNOWN in path:
            return None
        full = self._files.full(path)
        problem = find_write_problem(self._filesystem, full, self._found.shell.user, self._mounts)
        if problem is None:
            return None
        if self._may_change(full):
            return Lack(RUNTIME_DIRECTORY, full, source, "unknown", "is only known at run time")
        flaw, text, node = problem
        return Lack(RUNTIME_DIRECTORY, full, source, flaw, text, node)

    def _may_change(self, path: str) -> bool:
        """Tell whether what runs before the server may change what lies at a path, or above or below it."""
        changes = self._changes
        if changes.anything or changes.makes_anything or changes.beneath(path):
            return True
        while path != "/":
            if changes.at(path) is not None:
                return True
            path = dirname(path)
        return False


def _runtime_directory(found: Found) -> tuple[str, str]:
    """Return where the server keeps connection files, and what decides that (``jupyter_runtime_dir``)."""
    variables = found.environment
    stated = variables.get("JUPYTER_RUNTIME_DIR")
    if stated:
        return normpath(stated), "JUPYTER_RUNTIME_DIR"
    data = data_directory(variables, variables.get("HOME") or found.shell.user.home)
    source = next((name for name in ("JUPYTER_DATA_DIR", "XDG_DATA_HOME") if variables.get(name)), "HOME")
    return normpath(join(data, "runtime")), source


def find_write_problem(
    filesystem: Filesystem, path: str, user: User, mounts: Mounts
) -> tuple[Flaw, str, Node | None] | None:
    """Return why a user can neither write into a directory nor make it: what is wrong, a clause, and where."""
    place = path
    while True:
        resolution = filesystem.resolve(place)
        hidden = mounts.hides(place) or mounts.hides_on_the_way(resolution)
        if hidden is not None:
            return _mounted(filesystem, hidden, user, mounts)
        node = resolution.node
        if node is not None or place == "/":
            break
        place = dirname(place)
    if node is None:
        return None
    if not node.is_directory:
        return "not-a-directory", f"cannot be created: {place} is not a directory", node
    barrier = find_barrier(filesystem, place, user, entering=True)
    if barrier is not None:
        return _unreachable(barrier, user)
    if may_write(node, user):
        return None
    verb = "written to" if place == path else "created"
    return "unwritable", f"cannot be {verb}: {_who(user)} cannot write to {place} ({protection(node)})", node


def _mounted(filesystem: Filesystem, mount: str, user: User, mounts: Mounts) -> tuple[Flaw, str, Node | None] | None:
    """Return why a user cannot write to what is mounted: the volume is the user's own, others are not known."""
    if mount != mounts.home:
        return "unknown", f"is in {mount}, on which SageMaker mounts a directory of its own", None
    barrier = find_barrier(filesystem, mount, user)
    return None if barrier is None else _unreachable(barrier, user)


def _unreachable(barrier: Denial, user: User) -> tuple[Flaw, str, Node | None]:
    return "unreachable", f"cannot be reached: {_who(user)} {barrier.text}", barrier.node


def _who(user: User) -> str:
    return f"user {user.uid}:{user.gid}"
