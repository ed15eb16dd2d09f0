"""The directories in which the dynamic loader looks for libraries.

Sources: ld.so(8), ldconfig(8).
"""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.programs.program import split_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

READS: Final = ("**/etc/ld.so.conf", "**/etc/ld.so.conf.d/**")

DEFAULT: Final = (
    "/usr/lib/x86_64-linux-gnu",
    "/lib/x86_64-linux-gnu",
    "/usr/lib64",
    "/lib64",
    "/usr/lib",
    "/lib",
)
"""Where the loader looks without being told (the multiarch ones on Debian and its kin)."""

_TREES: Final = r"/(?:usr/)?lib(?:32|64)?(?:/|\Z)|/usr/local/(?:nvidia|lib)(?:/|\Z)"
_NOT_SEARCHED: Final = r"/(?:site-packages|dist-packages|node_modules|firmware|modules)(?:/|\Z)"


class LoaderDirectory(NamedTuple):
    """A directory that the image adds to the loader's path: as written, as it really is, and what adds it."""

    path: str
    real: str
    source: str
    layer: int | None


class LoaderPath(NamedTuple):
    """Where the loader looks: the default directories as they really are, and those that the image adds."""

    default: frozenset[str]
    added: tuple[LoaderDirectory, ...]

    def prefers(self, directory: str, *, empty: bool = False) -> bool:
        """Tell whether the loader takes a file in a real directory before one that the host adds to the default ones.

        What is `empty` is not in ldconfig's cache, and counts only in a directory of ``LD_LIBRARY_PATH``.
        """
        return any(directory == item.real and not (empty and item.layer is not None) for item in self.added)

    def covers(self, path: str) -> bool:
        """Tell whether the loader may come upon the file `path`: a subdirectory that links lead to counts as well."""
        directory = dirname(path)
        if directory in self.default or any(directory == item.real for item in self.added):
            return True
        return re.match(_TREES, directory) is not None and not re.search(_NOT_SEARCHED, directory)


def find_loader_path(filesystem: Filesystem, environment: Mapping[str, str]) -> LoaderPath:
    """Return where the loader looks: ``LD_LIBRARY_PATH``, ``/etc/ld.so.conf`` and what that includes, the defaults.

    Raises:
        ContentUnavailableError: a configuration is there but was not kept.
        LimitExceededError: it leads to more directories than can be gone through.
    """
    added = [
        LoaderDirectory(item, filesystem.resolve(item).path, "LD_LIBRARY_PATH", None)
        for item in split_path(environment.get("LD_LIBRARY_PATH", "").replace(";", ":"))
        if item.startswith("/")
    ]
    added += _configured(filesystem, "/etc/ld.so.conf")
    return LoaderPath(frozenset(filesystem.resolve(path).path for path in DEFAULT), tuple(added))


def _configured(filesystem: Filesystem, top: str) -> Iterator[LoaderDirectory]:
    """Yield what a configuration and what it includes add, in the order of ldconfig, each file once."""
    todo: list[Iterator[str | LoaderDirectory]] = [iter((top,))]
    seen: set[str] = set()
    while todo:
        item = next(todo[-1], None)
        if item is None:
            todo.pop()
        elif isinstance(item, LoaderDirectory):
            yield item
        else:
            node = filesystem.lookup(item)
            if node is not None and node.is_file and node.path not in seen:
                seen.add(node.path)
                todo.append(_lines(filesystem, item, node))


def _lines(filesystem: Filesystem, path: str, node: Node) -> Iterator[str | LoaderDirectory]:
    """Yield the directories that the file at `path` adds, and the paths of the files that it includes."""
    for raw in node.read().decode("utf-8", "surrogateescape").split("\n"):
        line = raw.partition("#")[0].strip()
        word, *patterns = line.split() or ("",)
        if word == "include":
            for pattern in patterns:
                # ldconfig takes what is relative from the directory of the file that includes it.
                yield from filesystem.expand(normpath(join(dirname(path), pattern)))
        elif line.startswith("/"):
            # What follows '=' is the kind of library that ldconfig used to be told.
            directory = line.partition("=")[0].rstrip()
            yield LoaderDirectory(directory, filesystem.resolve(directory).path, path, node.layer)
