"""Which contents of files are kept, so that they can be read later.

The same contents are available whatever form the layer has: contents that are not kept from a stream cannot be read
from a file either. Otherwise, the result would depend on the form of the image.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ocianalyze.layers.contents.elf import MAGIC, condense
from ocianalyze.layers.contents.globs import NamePattern, PathPattern, is_wild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HEAD: Final = 1024
"""The size of the head of a program, in bytes: a script's first line, or an ELF file's headers and loader."""

SCRIPT: Final = 64 << 10
"""The maximum size of scripts that are kept whole, in bytes (for the sizes of real scripts, see docs/limits.md)."""

SCRIPTS: Final = 64 << 20
"""The maximum total size of scripts and heads that are kept for one layer, in the order of the tar; in bytes."""

LINKED: Final = 8 << 20
"""The maximum size of ELF files of which it is kept what they are linked with, in bytes."""

_ELF_HEADER: Final = 64
_SHEBANG: Final = b"#!"
_ENDING: Final = ".sh"
_EXECUTABLE: Final = 0o111
_PROGRAMS: Final = ("bin", "bin/exec")
"""How directories of programs end; R has its own in the latter."""

_INTERPRETERS: Final = ("python", "pypy", "julia", "java", "node", "R")
"""How the names of interpreters begin whose libraries may be missing."""

_LIBRARIES: Final = ("_sqlite3.", "_ssl.", "pyexpat.", "libsqlite3.so", "libssl.so", "libzmq")
_LIBRARY: Final = ".so"
_EXTENSIONS: Final = "/zmq/backend/cython"
"""How the names begin of modules and libraries that a Jupyter server or kernel loads when it starts, whose own
libraries may be missing; and how a directory of such modules ends."""

_DIRECTORIES: Final = 1 << 10
"""The number of directories whose result is cached, because tars list them one after the other."""


class Want(IntEnum):
    """How much of a file is kept."""

    SCRIPT = 0
    """The whole file if it is a script."""
    HEAD = 1
    """The whole file if it is a script, otherwise its first bytes, which show the type of program."""
    PROGRAM = 2
    """The same, with the first `HEAD` bytes of an ELF file, which show what loads it."""
    LINKED = 3
    """The same, and of an ELF file what it is linked with: its loader, and the libraries that do its work."""
    SHELL = 4
    """The whole file if it is not larger than a script may be: it is a script by name, whatever it begins with."""
    WHOLE = 5
    """The whole file."""


@dataclass(frozen=True)
class Capture:
    """The contents to keep, as patterns for absolute paths in which ``*`` matches everything but ``/``.

    ``**`` as a component matches any number of directories, including none; as the last component, everything below.
    Examples are ``**/kernel.json`` (in any directory), ``/etc/passwd`` and ``/etc/ld.so.conf.d/*.conf``.

    In addition, the heads of executable files are kept, and longer ones of all files in a directory named ``bin`` or
    ``sbin``. Of interpreters there, and of some libraries, it is kept what they are linked with. Scripts of up to
    `SCRIPT` bytes are kept in any directory: files that begin with ``#!``, and files named like shell scripts, which
    need no ``#!`` if other scripts read them.
    """

    patterns: frozenset[str] = frozenset()
    _names: frozenset[str] = field(init=False)
    _paths: frozenset[str] = field(init=False)
    _parents: frozenset[str] = field(init=False, compare=False, repr=False)
    _globs: _Globs = field(init=False, compare=False, repr=False)
    _in_directory: Callable[[str], tuple[list[NamePattern], Want]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Sort the patterns by how they are matched: by name, by path, or as a pattern."""
        names = {pattern[3:] for pattern in self.patterns if pattern.startswith("**/")}
        plain = {name for name in names if not is_wild(name) and "/" not in name}
        paths = {pattern[1:] for pattern in self.patterns if not is_wild(pattern)}
        globs = sorted(
            pattern
            for pattern in self.patterns
            if "/" in pattern and pattern.removeprefix("**/") not in plain and pattern[1:] not in paths
        )
        object.__setattr__(self, "_names", frozenset(plain))
        object.__setattr__(self, "_paths", frozenset(paths))
        object.__setattr__(self, "_parents", frozenset(path.rpartition("/")[0] for path in paths))
        object.__setattr__(self, "_globs", _Globs(globs))
        object.__setattr__(self, "_in_directory", lru_cache(maxsize=_DIRECTORIES)(self._look_at))

    def wanted(self, path: str, name: str, mode: int) -> Want:
        """Return how much to keep of the file `path` (relative, without a leading slash) in the layer."""
        if name in self._names or path in self._paths:
            return Want.WHOLE
        patterns, other = self._in_directory(path[: -len(name) - 1])
        if patterns and any(pattern.matches(name) for pattern in patterns):
            return Want.WHOLE
        if name[-3:] == _ENDING:
            return Want.SHELL
        if other is Want.PROGRAM and name.startswith(_INTERPRETERS):
            return Want.LINKED
        if _LIBRARY in name and name.startswith(_LIBRARIES):
            return Want.LINKED
        return max(other, Want.HEAD) if mode & _EXECUTABLE else other

    def is_dull(self, directory: str) -> bool:
        """Return whether nothing in a directory is wanted for where it is, only what `stands_out` by its name."""
        return self._in_directory(directory) == ([], Want.SCRIPT) and directory not in self._parents

    def stands_out(self, name: str) -> bool:
        """Return whether a file may be wanted for its name alone, more than a script or an executable file is."""
        return name in self._names or _LIBRARY in name

    def _look_at(self, directory: str) -> tuple[list[NamePattern], Want]:
        """Return the names to keep in a directory, and how much to keep of all other files there.

        Directories have many files, and most directories match no pattern.
        """
        other = Want.LINKED if directory.endswith(_EXTENSIONS) else Want.SCRIPT
        return self._globs.names_in(directory), Want.PROGRAM if directory.endswith(_PROGRAMS) else other


def kept_size(want: Want, size: int, head: bytes, *, largest: int) -> int:
    """Return how many bytes to read of a file of `size` bytes that begins with `head`, for `kept_of` to keep.

    A file that is to be kept whole, but has more than `largest` bytes, is not kept at all: a part must not be taken for
    the whole.
    """
    if want is Want.WHOLE:
        return size if size <= largest else 0
    if head.startswith(_SHEBANG) or want is Want.SHELL:
        return size if size <= SCRIPT else head.find(b"\n") + 1 or len(head)
    if want is Want.SCRIPT:
        return 0
    if want is Want.HEAD or not head.startswith(MAGIC):
        return min(size, _ELF_HEADER)
    return size if want is Want.LINKED and size <= LINKED else min(size, HEAD)


def kept_of(want: Want, content: bytes | memoryview) -> bytes:
    """Return what to keep of the beginning of a file, as much as `kept_size` has said."""
    return condense(content) if want is Want.LINKED and content[: len(MAGIC)] == MAGIC else bytes(content)


class _Globs:
    """Patterns, by the name of the parent directory of their matches, if they state one."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._by_parent: dict[str | None, list[tuple[PathPattern, NamePattern]]] = {}
        for pattern in patterns:
            directory, _, name = pattern.rpartition("/")
            parent = directory.rpartition("/")[2]
            known = name != "**" and not is_wild(parent)
            # A pattern for a path "x" in the directories that can contain a match, and a pattern for the names there.
            pair = (
                PathPattern(f"{directory}/{name if name == '**' else 'x'}"),
                NamePattern("?*" if name == "**" else name),
            )
            self._by_parent.setdefault(parent if known else None, []).append(pair)

    def names_in(self, directory: str) -> list[NamePattern]:
        """Return the patterns for the names to keep in a directory, which is given without a leading slash."""
        parent = directory.rpartition("/")[2]
        candidates = (*self._by_parent.get(parent, ()), *self._by_parent.get(None, ()))
        place = [*directory.split("/"), "x"] if directory else ["x"]
        return [name for places, name in candidates if places.fits(place)]
