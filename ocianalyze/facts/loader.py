"""The directories in which the dynamic loader looks for libraries.

Sources: ld.so(8), ldconfig(8).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Final

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

_TREES: Final = re.compile(r"/(?:usr/)?lib(?:32|64)?(?:/|\Z)|/usr/local/(?:nvidia|lib)(?:/|\Z)")
_NOT_SEARCHED: Final = re.compile(r"/(?:site-packages|dist-packages|node_modules|firmware|modules)(?:/|\Z)")


@dataclass(frozen=True, slots=True)
class LoaderDirectory:
    """A directory that the image adds to the loader's path: as written, as it really is, and what adds it."""

    path: str
    real: str
    source: str
    layer: int | None


@dataclass(frozen=True, slots=True)
class LoaderPath:
    """Where the loader looks: the default directories as they really are, and those that the image adds."""

    default: frozenset[str]
    added: tuple[LoaderDirectory, ...]

    def covers(self, path: str) -> bool:
        """Tell whether the loader may come upon the file `path`: a subdirectory that links lead to counts as well."""
        directory = dirname(path)
        if directory in self.default or any(directory == item.real for item in self.added):
            return True
        return _TREES.match(directory) is not None and not _NOT_SEARCHED.search(directory)


def find_loader_path(filesystem: Filesystem, environment: Mapping[str, str]) -> LoaderPath:
    """Return where the loader looks: ``LD_LIBRARY_PATH``, ``/etc/ld.so.conf`` and what that includes, the defaults.

    Raises:
        ContentUnavailableError: a configuration is there but was not kept.
    """
    added = [
        LoaderDirectory(item, filesystem.resolve(item).path, "LD_LIBRARY_PATH", None)
        for item in environment.get("LD_LIBRARY_PATH", "").split(":")
        if item.startswith("/")
    ]
    added += _configured(filesystem, "/etc/ld.so.conf", depth=0)
    return LoaderPath(frozenset(filesystem.resolve(path).path for path in DEFAULT), tuple(added))


def _configured(filesystem: Filesystem, path: str, *, depth: int) -> Iterator[LoaderDirectory]:
    node = filesystem.lookup(path)
    if node is None or not node.is_file or depth > 3:  # noqa: PLR2004 - deeper than anybody nests them
        return
    for raw in node.read().decode("utf-8", "surrogateescape").splitlines():
        line = raw.partition("#")[0].strip()
        word, _, rest = line.partition(" ")
        if word == "include":
            for pattern in rest.split():
                for found in filesystem.glob(normpath(join("/etc", pattern))):
                    yield from _configured(filesystem, found.path, depth=depth + 1)
        elif line.startswith("/"):
            yield LoaderDirectory(line, filesystem.resolve(line).path, path, node.layer)
