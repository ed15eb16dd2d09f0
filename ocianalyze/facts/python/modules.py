"""Whether a Python can import a module, told without running it.

Sources: CPython ``Lib/importlib/_bootstrap_external.py`` (what a module's file may be called) and ``Lib/site.py``
(``.pth`` files: lines that are directories extend the path, lines that begin with ``import`` are run).
"""

from __future__ import annotations

import re
from posixpath import basename, dirname, join, normpath
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.errors import ContentUnavailableError
from ocianalyze.facts.programs.program import LONGEST_PATH, split_path
from ocianalyze.facts.python.installations import site_directories, user_site_directories
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.directories.mounts import Mounts
    from ocianalyze.facts.programs.program import Problem
    from ocianalyze.facts.python.installations import Installation
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

READS: Final = ("**/site-packages/*.pth", "**/dist-packages/*.pth")

_HARMLESS: Final = regex(r".*-nspkg\.pth|distutils-precedence\.pth|_virtualenv\.pth", re.ASCII)
"""Files that are in almost every installation and never lead to a directory."""

_LONGEST: Final = 64 * 1024
_MAX_LINES: Final = 1000
"""How long a ``.pth`` file may be to be read, and how many lines of all of them are followed; the rest is a doubt."""

_ARCHIVES: Final = (".zip", ".egg", ".pex", ".whl")


class ModuleSearch(NamedTuple):
    """Where a module was looked for.

    Attributes:
        name: the module's name, up to its first dot.
        path: where it is, or None.
        hidden: where it is in the image but cannot be seen at run time, if it is only there.
        doubt: why it may be there although it was not found, if so.
        searched: the directories that were searched.
        lacks: what it lacks, if it was found but cannot be run or has no such submodule; a clause.
        problem: why a compiled module that it imports cannot be loaded, if it is that.
    """

    name: str
    path: str | None
    hidden: str | None
    doubt: str | None
    searched: tuple[str, ...]
    lacks: str | None = None
    problem: Problem | None = None

    @property
    def missing(self) -> bool:
        """True if the module can certainly not be imported."""
        return self.path is None and self.doubt is None


def find_module(
    filesystem: Filesystem, python: Installation, name: str, *, python_path: str, home: str, mounts: Mounts
) -> ModuleSearch:
    """Return where `python` would import one module from; see `ModuleFinder`, which finds several."""
    return ModuleFinder(filesystem, home, mounts).find(python, name, python_path)


class ModuleFinder:
    """Finds modules of the Pythons of one image; what was found out for one module serves for the next.

    `home` is the user's home directory, for ``pip install --user``; what `mounts` hides is not importable.
    """

    def __init__(self, filesystem: Filesystem, home: str, mounts: Mounts) -> None:
        """Look nothing up yet."""
        self._filesystem = filesystem
        self._home = home
        self._mounts = mounts
        self._sites: dict[Installation, tuple[str, ...]] = {}
        self._links: dict[Installation, tuple[_Link, ...]] = {}
        self._places: dict[tuple[str, str], str | None] = {}
        self._found: dict[tuple[Installation, str, str], ModuleSearch] = {}

    def find(self, python: Installation, name: str, python_path: str = "") -> ModuleSearch:
        """Return where `python` would import the module `name` from; `python_path` is the value of ``PYTHONPATH``.

        A ``.pth`` file that was not kept, or is too long, is a doubt.
        """
        key = (python, name.partition(".")[0], python_path)
        if key not in self._found:
            self._found[key] = self._search(*key)
        return self._found[key]

    def find_program(self, python: Installation, name: str, python_path: str = "", *, run: bool = True) -> ModuleSearch:
        """Return where `python` would find a module with all parts of its name, to run it (``-m``) or to import it.

        Unlike `find`, this includes packages without ``__init__.py``.
        """
        found = self.find(python, name, python_path)
        place: str | None
        if found.path is not None:
            place = dirname(found.path) if basename(found.path).startswith("__init__.") else None
        else:
            place = None if found.hidden or found.doubt else self._namespace(found)
            if place is None:
                return found
        path = found.path or place
        for part in name.split(".")[1:]:
            if place is None:
                return found._replace(path=None, lacks=f"{path} is not a package, so it has no module {part!r}")
            package = place
            path, place = self._part(package, part)
            if path is None:
                return found._replace(path=None, lacks=f"{package} has no module {part!r}")
        if run and place is not None:
            main, _ = self._part(place, "__main__")
            if main is None:
                return found._replace(path=None, lacks=f"{place} is a package without '__main__'")
            path = main
        return found._replace(path=path)

    def _namespace(self, found: ModuleSearch) -> str | None:
        """Return the first visible directory of a package without ``__init__.py``."""
        for directory in found.searched:
            node = self._filesystem.lookup(join(directory, found.name))
            if node is not None and node.is_directory and self._are_visible(directory, node.path):
                return node.path
        return None

    def _part(self, package: str, name: str) -> tuple[str | None, str | None]:
        """Return the file of a module in a package, and its directory if it is a package itself."""
        node = self._filesystem.lookup(package)
        path = _module_in(node, name) if node is not None else None
        if path is not None:
            return path, dirname(path) if basename(path).startswith("__init__.") else None
        inner = self._filesystem.lookup(join(package, name))
        return (inner.path, inner.path) if inner is not None and inner.is_directory else (None, None)

    def _search(self, python: Installation, top: str, python_path: str) -> ModuleSearch:
        listed = tuple(normpath(item) for item in split_path(python_path) if item.startswith("/"))
        directories = (*listed, *self._sites_of(python))
        doubt = None if python.versions else f"{python.executable} has no standard library"
        hidden: str | None = None
        for directory in directories:
            if directory.endswith(_ARCHIVES) and self._filesystem.lookup(directory) is not None:
                doubt = doubt or f"{directory} is an archive, which is not searched"
                continue
            path = self._module_in(directory, top)
            if path is not None and self._are_visible(directory, path):
                return ModuleSearch(top, path, None, None, directories)
            hidden = hidden or (self._as_named(directory, path) if path is not None else None)
        for link in self._links_of(python):
            path = self._module_in(link.directory, top) if link.directory else None
            if path is not None and self._are_visible(link.directory, path):
                return ModuleSearch(top, path, None, None, directories)
            hidden = hidden or (self._as_named(link.directory, path) if path is not None else None)
            doubt = doubt or _doubt_of(link, top)
        return ModuleSearch(top, None, hidden, doubt, directories)

    def _module_in(self, directory: str, name: str) -> str | None:
        """Return where a module is in a directory, which is gone through once however often it is asked for."""
        node = self._filesystem.lookup(directory)
        if node is None or not node.is_directory:
            return None
        key = (node.path, name)
        if key not in self._places:
            self._places[key] = _module_in(node, name)
        return self._places[key]

    def _sites_of(self, python: Installation) -> tuple[str, ...]:
        if python not in self._sites:
            own = site_directories(self._filesystem, python)
            self._sites[python] = (*own, *user_site_directories(self._home, python))
        return self._sites[python]

    def _links_of(self, python: Installation) -> tuple[_Link, ...]:
        """Return the lines of the ``.pth`` files that count: of those that lead to one directory, the first.

        A directory that is hidden by one path and visible by another is kept by both.
        """
        if python not in self._links:
            found: dict[object, _Link] = {}
            for count, link in enumerate(_path_lines(self._filesystem, self._sites_of(python), self._mounts)):
                if count >= _MAX_LINES:
                    found[link] = _Link(link.file, doubt=f"exceeds the limit of {_MAX_LINES:,} lines for .pth files")
                    break
                node = self._filesystem.lookup(link.directory) if link.directory else None
                key = (node.id, self._are_visible(link.directory)) if node is not None else link
                found.setdefault(key, link)
            self._links[python] = tuple(found.values())
        return self._links[python]

    def _as_named(self, directory: str, path: str) -> str:
        """Return `path`, which lies in what `directory` leads to, below the name of that directory."""
        return directory + path.removeprefix(self._filesystem.resolve(directory).path)

    def _are_visible(self, *paths: str) -> bool:
        """Tell whether paths can be followed at run time: the directory as it is named, and the file in it."""
        return not any(self._mounts.hides_on_the_way(self._filesystem.resolve(path)) for path in paths)


class _Link(NamedTuple):
    """One line of a ``.pth`` file: a directory, or code; or why the file's lines are not known."""

    file: str
    directory: str = ""
    code: str = ""
    doubt: str = ""


def _doubt_of(link: _Link, name: str) -> str | None:
    if link.doubt:
        return f"{link.file} {link.doubt}"
    if name.partition("_")[0] in link.code:
        return f"{link.file} runs code that may make it importable"
    return None


def _path_lines(filesystem: Filesystem, sites: tuple[str, ...], mounts: Mounts) -> Iterator[_Link]:
    for site in sites:
        node = filesystem.lookup(site)
        if node is None or not site.endswith("-packages") or mounts.hides(site) is not None:
            continue
        for child in filesystem.children_of(node):
            if child.name.endswith(".pth") and not _HARMLESS.fullmatch(child.name):
                yield from _lines_of(filesystem, child, site)


def _lines_of(filesystem: Filesystem, child: Node, site: str) -> Iterator[_Link]:
    file = filesystem.lookup(child.path)
    if file is None or not file.is_file:
        return
    try:
        content = file.read(most=_LONGEST)
    except ContentUnavailableError:
        yield _Link(child.path, doubt="is too large to be read" if file.size > _LONGEST else "is not available")
        return
    for line in content.decode("utf-8", "surrogateescape").splitlines():
        if len(line) >= LONGEST_PATH:
            yield _Link(child.path, doubt="has a line that is too long")
        elif line.startswith(("import ", "import\t")):
            yield _Link(child.path, code=line)
        elif line.strip() and not line.startswith("#"):
            yield _Link(child.path, directory=normpath(join(site, line.rstrip())))


def _module_in(directory: Node, name: str) -> str | None:
    """Return the path of the module's file or package in `directory`, or None."""
    filesystem = directory.filesystem
    prefix = f"{directory.path.rstrip('/')}/{name}"
    for candidate in (f"{prefix}/__init__.py", f"{prefix}.py", f"{prefix}/__init__.pyc", f"{prefix}.pyc"):
        found = filesystem.lookup(candidate)
        if found is not None and found.is_file:
            return candidate
    extension = re.compile(rf"{re.escape(name)}(?:\..*)?\.so")
    return next((child.path for child in filesystem.children_of(directory) if extension.fullmatch(child.name)), None)
