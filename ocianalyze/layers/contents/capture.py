"""Which contents are kept, and may be asked for later.

The same contents are there whatever the layer comes as: what a stream does not keep in passing, nobody may read from a
file either. Otherwise one image would get two answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ocianalyze.layers.contents.globs import NamePattern, PathPattern, is_wild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HEAD: Final = 512
"""How many bytes of a script are its head, which holds its first line."""

SCRIPT: Final = 64 << 10
"""Scripts of up to so many bytes are kept whole (docs/limits.md says how large real ones are)."""

SCRIPTS: Final = 64 << 20
"""How many bytes of scripts and heads are kept of one layer, the first in the tar."""

_ELF_HEADER: Final = 64
_SHEBANG: Final = b"#!"
_ENDING: Final = ".sh"
_EXECUTABLE: Final = 0o111
_DIRECTORIES: Final = 1 << 10
"""Of how many directories it is remembered what is wanted in them: tars list one after the other."""


class Want(IntEnum):
    """What of a file is kept."""

    SCRIPT = 0
    """The whole if it is a script."""
    HEAD = 1
    """The whole if it is a script, else the first bytes, which tell what kind of program it is."""
    SHELL = 2
    """The whole if it is no larger than a script may be: its name says that it is one, whatever it begins with."""
    WHOLE = 3
    """The whole."""


@dataclass(frozen=True)
class Capture:
    """The contents that are wanted, as absolute paths in which ``*`` stands for no ``/``.

    ``**`` as a component stands for any directories, none included; as the last one, for all that lies beneath.

    ``**/kernel.json`` (any directory), ``/etc/passwd`` and ``/etc/ld.so.conf.d/*.conf`` are such patterns. Of
    executable files, and of all files in a directory named ``bin`` or ``sbin``, the heads are kept as well, and of
    scripts of up to `SCRIPT` bytes the whole, wherever they lie: of what begins with ``#!``, and of what is named as
    those of the shell are, which need not where others read them.
    """

    patterns: frozenset[str] = frozenset()
    _names: frozenset[str] = field(init=False)
    _paths: frozenset[str] = field(init=False)
    _globs: _Globs = field(init=False, compare=False, repr=False)
    _in_directory: Callable[[str], tuple[list[NamePattern], Want]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Sort the patterns by how they are matched: a name, a path, or an expression."""
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
        object.__setattr__(self, "_globs", _Globs(globs))
        object.__setattr__(self, "_in_directory", lru_cache(maxsize=_DIRECTORIES)(self._look_at))

    def wanted(self, path: str, name: str, mode: int) -> Want:
        """Return what to keep of the file `path` (relative, without a leading slash) in the layer."""
        if name in self._names or path in self._paths:
            return Want.WHOLE
        patterns, other = self._in_directory(path[: -len(name) - 1])
        if patterns and any(pattern.matches(name) for pattern in patterns):
            return Want.WHOLE
        if name[-3:] == _ENDING:
            return Want.SHELL
        return Want.HEAD if mode & _EXECUTABLE else other

    def _look_at(self, directory: str) -> tuple[list[NamePattern], Want]:
        """Return which names are wanted in a directory, and what of all others.

        Many files lie in one directory, and most directories concern no pattern.
        """
        return self._globs.names_in(directory), Want.HEAD if directory.endswith("bin") else Want.SCRIPT


def kept_size(want: Want, size: int, head: bytes, *, largest: int) -> int:
    """Return how many bytes are kept of a file of `size` bytes that begins with `head`, `HEAD` bytes if it has them.

    A file that is wanted whole, but has more than `largest` bytes, is not kept at all: nobody is to take a part of it
    for the whole.
    """
    if want is Want.WHOLE:
        return size if size <= largest else 0
    if head.startswith(_SHEBANG) or want is Want.SHELL:
        return size if size <= SCRIPT else head.find(b"\n") + 1 or len(head)
    return min(size, _ELF_HEADER) if want is Want.HEAD else 0


class _Globs:
    """Patterns, by the names of the directories that what they match lies in, if they give one."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._by_parent: dict[str | None, list[tuple[PathPattern, NamePattern]]] = {}
        for pattern in patterns:
            directory, _, name = pattern.rpartition("/")
            parent = directory.rpartition("/")[2]
            known = name != "**" and not is_wild(parent)
            # What matches a path named "x" in the directories that the pattern can match in, and the names there.
            pair = (
                PathPattern(f"{directory}/{name if name == '**' else 'x'}"),
                NamePattern("?*" if name == "**" else name),
            )
            self._by_parent.setdefault(parent if known else None, []).append(pair)

    def names_in(self, directory: str) -> list[NamePattern]:
        """Return what matches the names that are wanted in a directory, given without a leading slash."""
        parent = directory.rpartition("/")[2]
        candidates = (*self._by_parent.get(parent, ()), *self._by_parent.get(None, ()))
        place = [*directory.split("/"), "x"] if directory else ["x"]
        return [name for places, name in candidates if places.fits(place)]
