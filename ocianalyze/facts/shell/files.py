"""What a script sees of the file system: the image's, as its user sees it, with what is not known of it left open.

Open is what something is mounted over at run time, what the container runtime mounts itself, and what the script, or a
program that it ran, may have changed before.

Sources: path_resolution(7), test(1); the OCI runtime specification, "Default Filesystems"; libnvidia-container.
"""

from __future__ import annotations

from posixpath import basename, dirname, join, normpath
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.directories.mounts import within
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.user.permissions import may_execute, may_read, may_write
from ocianalyze.layers.tar.entry import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.shell.changes import Change, Changes
    from ocianalyze.filesystem.node import Node

_MADE_BY_RUNTIMES: Final = ("/proc", "/sys", "/dev", "/run/secrets", "/.dockerenv", "/run/.containerenv")
_ALWAYS: Final = frozenset(("/dev/null", "/dev/zero", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/fd"))
_GIVEN: Final = frozenset(("/etc/hosts", "/etc/hostname", "/etc/resolv.conf"))
_ACCESS_LIST: Final = "system.posix_acl_access"
INJECTED: Final = frozenset(
    {
        *("nvidia-smi", "nvidia-debugdump", "nvidia-persistenced", "nv-fabricmanager"),
        *("nvidia-cuda-mps-control", "nvidia-cuda-mps-server"),
    }
)
"""Programs that the container runtime brings where there is a GPU."""


class Seen(NamedTuple):
    """What lies at a path: a node, a directory that something is mounted on, or nothing; unless that is not sure.

    `present` is what lies there unless something is changed of which it cannot be told where it is.
    """

    node: Node | None = None
    sure: bool = True
    mounted: bool = False
    modes_changed: bool = False
    present: Node | None = None

    @property
    def exists(self) -> bool | None:
        """Whether there is anything."""
        return (self.node is not None or self.mounted) if self.sure else None


_OPEN: Final = Seen(sure=False)
_NOTHING: Final = Seen()


class Files:
    """The file system as a script sees it that runs as the user of `shell`."""

    def __init__(self, shell: Shell, changes: Changes, directory: str, *, waiting: bool = False) -> None:
        """`waiting` tells whether others may make what is not there."""
        self._waiting = waiting
        self._shell = shell
        self._changes = changes
        self._directory = directory

    @property
    def for_root(self) -> bool:
        """Whether the user is root, who may do everything."""
        return self._shell.user.uid == 0

    def full(self, path: str) -> str:
        """Return a path as an absolute one, normalised unless that cannot be told."""
        full = join(self._directory, path)
        return full if UNKNOWN in full else normpath(full)

    def place(self, path: str) -> str:
        """Return the same with ``..`` as the system takes it, behind a symlink; not known if that was changed."""
        full = join(self._directory, path)
        if UNKNOWN in full or "/../" not in full + "/":
            return self.full(path)
        end = (full + "/").rindex("/../") + len("/..")
        seen = self.look(full[:end])
        return normpath(join(seen.node.path, full[end + 1 :])) if seen.node is not None else UNKNOWN

    def places(self, path: str) -> tuple[str, ...]:
        """Return all names by which what lies at a path is known: as written, and as it really is."""
        full = self.full(path)
        if UNKNOWN in full or not full.startswith("/"):
            return (full,)
        return tuple(dict.fromkeys((full, self._shell.filesystem.resolve(join(self._directory, path)).path)))

    def doubting(self) -> Files:
        """Return the same files, to which others may have added."""
        return Files(self._shell, self._changes, self._directory, waiting=True)

    def look(self, path: str, *, follow: bool = True) -> Seen:  # noqa: C901, PLR0911 - one case after the other
        """Return what lies at a path."""
        full = join(self._directory, path)
        if UNKNOWN in full or not full.startswith("/"):
            return _OPEN
        normal = normpath(full)
        if not path:
            return _NOTHING
        if normal in _ALWAYS or normal in _GIVEN or any(within(normal, place) for place in _MADE_BY_RUNTIMES):
            return _OPEN
        filesystem, mounts = self._shell.filesystem, self._shell.mounts
        resolution = filesystem.resolve(full, follow=follow)
        if any(within(resolution.path, place) for place in _MADE_BY_RUNTIMES):
            return _OPEN
        if mounts is not None:
            if mounts.home in (normal, resolution.path):
                return Seen(mounted=True)
            if mounts.hides(normal) is not None or mounts.hides_on_the_way(resolution) is not None:
                return _OPEN
        change = self._change_at(normal, resolution.path)
        if change is not None and not change.modes and not (change.makes and resolution.node is not None):
            return _OPEN
        if self._changes.anything:
            return Seen(sure=False, present=resolution.node)
        if resolution.node is None:
            if (
                self._waiting
                or self._changes.makes_anything
                or self._changes.beneath(normal)
                or basename(normal) in INJECTED
                or self._is_made_at_start(normal)
            ):
                return _OPEN
            return _NOTHING
        if change is None and not self._reachable(resolution.node):
            return _NOTHING
        return Seen(resolution.node, modes_changed=change is not None, present=resolution.node)

    def _change_at(self, *paths: str) -> Change | None:
        """Return what happened to a file that has several names: the greatest change."""
        found = [change for change in map(self._changes.at, dict.fromkeys(paths)) if change is not None]
        return min(found, key=lambda change: change.modes or change.makes, default=None)

    def _is_made_at_start(self, path: str) -> bool:
        """Tell whether the runtime makes a directory, for what is mounted in it, or for a program to start in."""
        mounts, start = self._shell.mounts, self._shell.directory
        inside = [place for pair in mounts.directories for place in pair] if mounts is not None else []
        return any(within(place, path) for place in (*inside, start))

    def names_in(self, path: str) -> list[str] | None:
        """Return the names in a directory, sorted; none if it is none, None if they cannot be told."""
        seen = self.look(path)
        if not seen.sure or seen.mounted:
            return None
        node = seen.node
        if node is None or not node.is_directory or not may_read(node, self._shell.user):
            return []
        return [child.name for child in self._shell.filesystem.children_of(node)]

    def doubtful_names_in(self, path: str) -> frozenset[str] | None:
        """Return the names that may have been made or removed in a directory; None if any may."""
        return self._changes.names_in(self.full(path))

    def test(self, letter: str, path: str) -> bool | None:  # noqa: PLR0911 - one case after the other
        """Return what ``test -LETTER PATH`` says; None if that is open or not followed."""
        full = self.full(path)
        if full in _ALWAYS:
            return {"e": True, "r": True, "w": True, "c": full != "/dev/fd", "f": False, "d": False}.get(letter)
        if full in _GIVEN and letter in "efr":
            return True
        seen = self.look(path, follow=letter not in "Lh")
        if not seen.sure:
            return None
        if seen.mounted:
            return {"e": True, "d": True, "f": False, "L": False, "h": False}.get(letter)
        if seen.node is None:
            return False
        check = _CHECKS.get(letter)
        if check is not None:
            return check(seen.node)
        return self._permits(letter, seen)

    def _permits(self, letter: str, seen: Seen) -> bool | None:
        node, user = seen.node, self._shell.user
        if node is None or seen.modes_changed or user.uid is None:
            return None
        if letter == "r":
            return may_read(node, user) or (None if _ACCESS_LIST in node.xattrs else False)
        if letter == "w":
            return may_write(node, user) if _ACCESS_LIST not in node.xattrs or user.uid == 0 else None
        if letter == "x":
            return may_execute(node, user) or (None if _ACCESS_LIST in node.xattrs else False)
        if letter == "O":
            return node.uid == user.uid
        return node.gid == user.gid if letter == "G" else None

    def _reachable(self, node: Node) -> bool:
        path, filesystem = dirname(node.path), self._shell.filesystem
        while True:
            above = filesystem.lookup(path, follow=False)
            if above is not None and not may_execute(above, self._shell.user) and _ACCESS_LIST not in above.xattrs:
                return False
            if path == "/":
                return True
            path = dirname(path)


_CHECKS: Final[dict[str, Callable[[Node], bool]]] = {
    "e": lambda _node: True,
    "a": lambda _node: True,
    "f": lambda node: node.is_file,
    "d": lambda node: node.is_directory,
    "L": lambda node: node.is_symlink,
    "h": lambda node: node.is_symlink,
    "s": lambda node: node.size > 0 or node.is_directory,
    "p": lambda node: node.kind is Kind.FIFO,
    "c": lambda node: node.kind is Kind.CHARACTER_DEVICE,
    "b": lambda node: node.kind is Kind.BLOCK_DEVICE,
    "S": lambda _node: False,
    "u": lambda node: bool(node.mode & 0o4000),
    "g": lambda node: bool(node.mode & 0o2000),
    "k": lambda node: bool(node.mode & 0o1000),
}
