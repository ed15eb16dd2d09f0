"""The directories in which the dynamic loader looks for libraries.

Sources: ld.so(8), ldconfig(8).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.programs import split_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.filesystem.tree import Filesystem

READS: Final = ("/etc/ld.so.conf", "/etc/ld.so.conf.d/*.conf")

DEFAULT: Final = (
    "/usr/lib/x86_64-linux-gnu",
    "/lib/x86_64-linux-gnu",
    "/usr/lib64",
    "/lib64",
    "/usr/lib",
    "/lib",
)
"""Where the loader looks without being told (the multiarch ones on Debian and its kin)."""

_LARGEST: Final = 1024 * 1024
"""How much of all files together is looked at."""

_MAX_DIRECTORIES: Final = 1000
_MAX_FILES: Final = 1000
_MAX_PATTERNS: Final = 20
"""How many includes with wildcards are looked at, for each of which whole directories are gone through."""

_WILD: Final = re.compile(r"[*?\[]")

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
    """
    added = [
        LoaderDirectory(item, filesystem.resolve(item).path, "LD_LIBRARY_PATH", None)
        for item in split_path(environment.get("LD_LIBRARY_PATH", "").replace(";", ":"))
        if item.startswith("/")
    ]
    added += islice(_configured(filesystem, "/etc/ld.so.conf", _Seen(), depth=0), _MAX_DIRECTORIES)
    return LoaderPath(frozenset(filesystem.resolve(path).path for path in DEFAULT), tuple(added))


@dataclass(slots=True)
class _Seen:
    """The files and patterns that have been looked at."""

    files: set[str] = field(default_factory=set)
    includes: set[str] = field(default_factory=set)
    patterns: int = 0
    room: int = _LARGEST

    def is_new(self, include: str) -> bool:
        """Tell whether something is to be included that has not been; wildcards only as long as they are few."""
        if include in self.includes or len(self.includes) >= _MAX_FILES:
            return False
        wild = _WILD.search(include) is not None
        if wild and self.patterns >= _MAX_PATTERNS:
            return False
        self.includes.add(include)
        self.patterns += wild
        return True


def _configured(filesystem: Filesystem, path: str, seen: _Seen, *, depth: int) -> Iterator[LoaderDirectory]:
    """Yield what a configuration adds."""
    node = filesystem.lookup(path)
    if node is None or not node.is_file or depth > 3:  # noqa: PLR2004 - deeper than anybody nests them
        return
    if node.path in seen.files or len(seen.files) >= _MAX_FILES:
        return
    seen.files.add(node.path)
    content = node.read(seen.room)
    seen.room -= len(content)
    for raw in content.decode("utf-8", "surrogateescape").splitlines():
        line = raw.partition("#")[0].strip()
        word, *patterns = line.split()[:_MAX_FILES] or ("",)
        if word == "include":
            for pattern in patterns:
                # ldconfig takes what is relative from the directory of the file that includes it.
                full = normpath(join(dirname(path), pattern))
                if seen.is_new(full):
                    found = filesystem.glob(full) if _WILD.search(full) else [filesystem.lookup(full)]
                    for item in filter(None, found):
                        yield from _configured(filesystem, item.path, seen, depth=depth + 1)
        elif line.startswith("/"):
            # What follows '=' is the kind of library that ldconfig used to be told.
            directory = line.partition("=")[0].rstrip()
            yield LoaderDirectory(directory, filesystem.resolve(directory).path, path, node.layer)
