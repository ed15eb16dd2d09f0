"""Whether a user can reach and read what it needs.

Sources: path_resolution(7), which requires the x bit of every directory on the way; inode(7); acl(5).
"""

from __future__ import annotations

from posixpath import basename, dirname
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from ocianalyze.facts.user.accounts import User
    from ocianalyze.filesystem.node import Node, Resolution
    from ocianalyze.filesystem.tree import Filesystem

_ACCESS_LIST: Final = "system.posix_acl_access"


def protection(node: Node) -> str:
    """Return mode and owner of a file or directory for people."""
    return f"mode {node.mode & 0o777:04o}, owner {node.uid}:{node.gid}"


class Denial(NamedTuple):
    """What keeps a user from a path: the directory that it may not search, or the file that it may not read."""

    node: Node
    reason: str

    @property
    def is_unreachable(self) -> bool:
        """True if the path cannot even be seen to exist."""
        return self.node.is_directory and self.reason == "searched"

    @property
    def text(self) -> str:
        """A clause without its subject, the user."""
        node = self.node
        verb = "enter" if self.reason == "searched" else "read"
        return f"cannot {verb} {node.path} ({protection(node)})"


def may_execute(node: Node, user: User) -> bool:
    """Return whether `user` may execute a file or search a directory; a user without known IDs may if anyone may."""
    mode = node.mode
    if user.uid is None or user.uid == 0:
        return node.is_directory or bool(mode & 0o111)
    if node.uid == user.uid:
        return bool(mode & 0o100)
    if node.gid == user.gid or node.gid in user.groups:
        return bool(mode & 0o010)
    return bool(mode & 0o001)


def may_read(node: Node, user: User) -> bool:
    """Return whether `user` may read a file or list a directory; a user without known IDs may if anyone may."""
    mode = node.mode
    if user.uid == 0:
        return True
    if user.uid is None:
        return bool(mode & 0o444)
    if node.uid == user.uid:
        return bool(mode & 0o400)
    if node.gid == user.gid or node.gid in user.groups:
        return bool(mode & 0o040)
    return bool(mode & 0o004)


def may_write(node: Node, user: User) -> bool:
    """Return whether `user` may write to a file or directory; a user without known IDs may if anyone may."""
    if user.uid == 0 or _ACCESS_LIST in node.xattrs:
        return True
    if user.uid is None:
        return bool(node.mode & 0o222)
    shift = 6 if node.uid == user.uid else 3 if node.gid == user.gid or node.gid in user.groups else 0
    return bool(node.mode >> shift & 0o2)


def find_denial(filesystem: Filesystem, path: str, user: User) -> Denial | None:
    """Return what denies `user` access to the file at `path`, or None; a missing file is not denied.

    Access control lists are not evaluated: a file or directory that has one counts as permitted.
    """
    return denial_of(filesystem, filesystem.resolve(path), user)


def denial_of(filesystem: Filesystem, found: Resolution, user: User) -> Denial | None:
    """Return the same for a path of which it is known where it leads."""
    if found.node is None:
        return None
    barrier = _barrier_to(filesystem, found, user)
    if barrier is None and not may_read(found.node, user) and _ACCESS_LIST not in found.node.xattrs:
        return Denial(found.node, "read")
    return barrier


def find_import_denial(filesystem: Filesystem, path: str, user: User) -> Denial | None:
    """Return what keeps a Python that `user` runs from importing the module whose file is at `path`, or None.

    Python lists the directory that a module is in, and that of a package. Source: CPython
    ``Lib/importlib/_bootstrap_external.py`` (``FileFinder``).
    """
    denial = find_denial(filesystem, path, user)
    if denial is not None:
        return denial
    is_package = basename(path).startswith("__init__.")
    places = (dirname(dirname(path)), dirname(path)) if is_package else (dirname(path),)
    return next(filter(None, (find_denial(filesystem, place, user) for place in places)), None)


def find_barrier(filesystem: Filesystem, path: str, user: User, *, entering: bool = False) -> Denial | None:
    """Return the first directory on the way to `path` that `user` may not enter, or None if there is none.

    With `entering`, `path` is a directory that has to be entered, too.
    """
    found = filesystem.resolve(path)
    barrier = _barrier_to(filesystem, found, user)
    if barrier is None and entering and found.node is not None and not _may_enter(found.node, user):
        return Denial(found.node, "searched")
    return barrier


def _barrier_to(filesystem: Filesystem, found: Resolution, user: User) -> Denial | None:
    for place in (*(hop.path for hop in found.hops), found.path):
        for directory in _directories_to(filesystem, place):
            if not _may_enter(directory, user):
                return Denial(directory, "searched")
    return None


def _may_enter(directory: Node, user: User) -> bool:
    return may_execute(directory, user) or _ACCESS_LIST in directory.xattrs


def _directories_to(filesystem: Filesystem, path: str) -> list[Node]:
    """Return the directories above `path`, in which there are no symlinks, the root first."""
    found = [filesystem.root]
    for part in [part for part in path.split("/") if part][:-1]:
        child = filesystem.child(found[-1], part)
        if child is None:
            break
        found.append(child)
    return found
