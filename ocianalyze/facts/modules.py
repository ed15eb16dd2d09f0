"""Whether a Python can import a module, told without running it.

Sources: CPython ``Lib/importlib/_bootstrap_external.py`` (what a module's file may be called) and ``Lib/site.py``
(``.pth`` files: lines that are directories extend the path, lines that begin with ``import`` are run).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import join, normpath
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import ContentUnavailableError
from ocianalyze.facts.programs import split_path
from ocianalyze.facts.python import site_directories, user_site_directories

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.mounts import Mounts
    from ocianalyze.facts.python import Installation
    from ocianalyze.filesystem.tree import Filesystem, Node

READS: Final = ("**/site-packages/*.pth", "**/dist-packages/*.pth")

_HARMLESS: Final = re.compile(r".*-nspkg\.pth|distutils-precedence\.pth|_virtualenv\.pth", re.ASCII)
"""Files that are in almost every installation and never lead to a directory."""

_LONGEST: Final = 64 * 1024
_MAX_LINES: Final = 1000
"""How much of a ``.pth`` file is read, and how many lines of all of them."""

_ARCHIVES: Final = (".zip", ".egg", ".pex", ".whl")


@dataclass(frozen=True, slots=True)
class ModuleSearch:
    """Where a module was looked for.

    Attributes:
        name: the module's name, up to its first dot.
        path: where it is, or None.
        hidden: where it is in the image but cannot be seen at run time, if it is only there.
        doubt: why it may be there although it was not found, if so.
        searched: the directories that were searched.
    """

    name: str
    path: str | None
    hidden: str | None
    doubt: str | None
    searched: tuple[str, ...]

    @property
    def missing(self) -> bool:
        """True if the module can certainly not be imported."""
        return self.path is None and self.doubt is None


def find_module(
    filesystem: Filesystem, python: Installation, name: str, *, python_path: str, home: str, mounts: Mounts
) -> ModuleSearch:
    """Return where `python` would import the module `name` from.

    `python_path` is the value of ``PYTHONPATH``; `home` the user's home directory, for ``pip install --user``.

    A ``.pth`` file that was not kept, or is too long, is a doubt.
    """
    top = name.partition(".")[0]
    listed = tuple(normpath(item) for item in split_path(python_path) if item.startswith("/"))
    sites = (*site_directories(filesystem, python), *user_site_directories(home, python))
    hidden: str | None = None
    doubt = None if python.versions else f"no standard library was found for {python.executable}"
    for directory in (*listed, *sites):
        if directory.endswith(_ARCHIVES) and filesystem.lookup(directory) is not None:
            doubt = doubt or f"{directory} is an archive, which is not looked into"
            continue
        path = _module_in(filesystem, directory, top)
        if path is None:
            continue
        if mounts.hides_on_the_way(filesystem.resolve(path)) is None:
            return ModuleSearch(top, path, None, None, (*listed, *sites))
        hidden = hidden or path
    for path, reason in _through_links(filesystem, top, sites, mounts):
        if path is not None and mounts.hides_on_the_way(filesystem.resolve(path)) is None:
            return ModuleSearch(top, path, None, None, (*listed, *sites))
        hidden, doubt = hidden or path, doubt or reason
    return ModuleSearch(top, None, hidden, doubt, (*listed, *sites))


@dataclass(frozen=True, slots=True)
class _Link:
    """One line of a ``.pth`` file: a directory, or code; or why the file's lines cannot be told."""

    file: str
    directory: str = ""
    code: str = ""
    doubt: str = ""


def _through_links(
    filesystem: Filesystem, name: str, sites: tuple[str, ...], mounts: Mounts
) -> Iterator[tuple[str | None, str | None]]:
    """Yield the paths of the module `name` that ``.pth`` files lead to, and why it may be there all the same."""
    seen: set[int] = set()
    for count, link in enumerate(_path_lines(filesystem, sites, mounts)):
        if count >= _MAX_LINES:
            yield None, f"{link.file} has too many lines, or those before it have"
            return
        if link.doubt:
            yield None, f"{link.file} {link.doubt}"
        elif link.code:
            if name.partition("_")[0] in link.code:
                yield None, f"{link.file} runs code that may make it importable"
        elif (node := filesystem.lookup(link.directory)) is not None and node.id not in seen:
            seen.add(node.id)
            yield _module_in(filesystem, link.directory, name), None


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
        content = file.read(_LONGEST)
    except ContentUnavailableError:
        yield _Link(child.path, doubt="was not kept")
        return
    if file.size > _LONGEST:
        yield _Link(child.path, doubt="is too long to be read")
    for line in content.decode("utf-8", "surrogateescape").splitlines():
        if line.startswith(("import ", "import\t")):
            yield _Link(child.path, code=line)
        elif line.strip() and not line.startswith("#"):
            yield _Link(child.path, directory=normpath(join(site, line.rstrip())))


def _module_in(filesystem: Filesystem, directory: str, name: str) -> str | None:
    """Return the path of the module's file or package in `directory`, or None."""
    node = filesystem.lookup(directory)
    if node is None or not node.is_directory:
        return None
    prefix = f"{node.path.rstrip('/')}/{name}"
    for candidate in (f"{prefix}/__init__.py", f"{prefix}.py", f"{prefix}/__init__.pyc", f"{prefix}.pyc"):
        found = filesystem.lookup(candidate)
        if found is not None and found.is_file:
            return candidate
    extension = re.compile(rf"{re.escape(name)}(?:\..*)?\.so")
    return next((child.path for child in filesystem.children_of(node) if extension.fullmatch(child.name)), None)
