"""All packages of an image, and what each takes."""

from __future__ import annotations

from posixpath import dirname
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.errors import UndecidedError
from ocianalyze.facts.packages import apk, conda, dpkg, python

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ocianalyze.facts.packages.package import Package
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

FILE_LISTS: Final = frozenset((*dpkg.LISTS, *apk.LISTS, *conda.LISTS, *python.LISTS))
"""The contents that are read in addition to those of all facts, as patterns: the packages' lists of files."""

_RPM: Final = ("/var/lib/rpm", "/usr/lib/sysimage/rpm")
_DATABASES: Final = ("rpmdb.sqlite", "Packages", "Packages.db")


class Inventory(NamedTuple):
    """The packages of an image.

    Attributes:
        packages: those that are installed: the system's first, then those of conda and Python.
        gaps: what could not be read, and why, as sentences.
    """

    packages: tuple[Package, ...]
    gaps: tuple[str, ...]


class Sizes(NamedTuple):
    """What packages take.

    Attributes:
        bytes: the size of the files of each package that a container sees, in the same order; None if it is unknown.
            A file that several packages list belongs to the first.
        rest: the size of the files that no package lists.
        gaps: the lists of files that could not be read, and why, as sentences.
    """

    bytes: tuple[int | None, ...]
    rest: int
    gaps: tuple[str, ...]


def find_packages(filesystem: Filesystem) -> Inventory:
    """Return the packages that are installed."""
    found: list[Package] = []
    gaps: list[str] = []
    for manager in (dpkg, apk, conda, python):
        try:
            found += manager.find(filesystem)
        except UndecidedError as error:
            gaps.append(str(error))
    if any(_database_of(filesystem, directory) for directory in _RPM):
        gaps.append("the packages of rpm are not listed, because its database is not read")
    return Inventory(tuple(found), tuple(gaps))


def measure_packages(filesystem: Filesystem, packages: Sequence[Package]) -> Sizes:
    """Return what packages take; for that, `FILE_LISTS` have to be kept of streamed layers."""
    files = _Files(filesystem)
    sizes: list[int | None] = []
    unread: list[str] = []
    for package in packages:
        try:
            paths = files.listed_by(package)
            sizes.append(None if paths is None else files.claim(paths))
        except UndecidedError as error:
            sizes.append(None)
            unread.append(str(error))
    return Sizes(tuple(sizes), filesystem.bytes - files.claimed, tuple(_summary(unread)))


def _summary(unread: Sequence[str]) -> Iterator[str]:
    """Yield why the first list of files could not be read, and how many others could not."""
    if unread:
        more = f", and {len(unread) - 1:,} other lists of files could not be read" if len(unread) > 1 else ""
        yield f"{unread[0]}{more}"


class _Files:
    """The files of an image, each of which one package can claim."""

    def __init__(self, filesystem: Filesystem) -> None:
        self.claimed = 0
        self._filesystem = filesystem
        self._taken: set[int] = set()
        self._directories: dict[str, Node | None] = {}
        self._databases: dict[int, dict[str, list[str]]] = {}

    def listed_by(self, package: Package) -> list[str] | None:
        """Return the paths that a package lists; None if it has no list."""
        listed = package.listed
        if listed is None:
            return None
        if package.manager == "dpkg":
            return dpkg.files_of(listed)
        if package.manager == "conda":
            return conda.files_of(package, listed)
        if package.manager == "python":
            return python.files_of(package, listed)
        if listed.id not in self._databases:
            self._databases[listed.id] = apk.files_by_package(listed)
        return self._databases[listed.id].get(package.name, [])

    def claim(self, paths: Iterable[str]) -> int:
        """Return the bytes of the files with these paths that nobody has claimed."""
        size = 0
        for inode in self._inodes(paths):
            if inode.id not in self._taken:
                self._taken.add(inode.id)
                size += inode.size
        self.claimed += size
        return size

    def _inodes(self, paths: Iterable[str]) -> Iterator[Node]:
        filesystem = self._filesystem
        for path in paths:
            filesystem.spend(1)
            above = dirname(path)
            if above not in self._directories:
                self._directories[above] = filesystem.lookup(above)
            directory = self._directories[above]
            node = filesystem.child(directory, path[len(above) :].lstrip("/")) if directory is not None else None
            if node is not None and node.is_file:
                yield node.inode


def _database_of(filesystem: Filesystem, directory: str) -> bool:
    return any(filesystem.lookup(f"{directory}/{name}") is not None for name in _DATABASES)
