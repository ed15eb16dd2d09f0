"""Which contents to keep while a layer streams by.

A layer that can be read at offsets needs none of this: what is asked for is read when it is asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HEAD: Final = 512
"""How many bytes of an executable are kept: its ELF header or its shebang line."""

_EXECUTABLE: Final = 0o111
_WILD = re.compile(r"[*?\[]")
_PIECES = re.compile(r"\[!?\]?[^\]/]*\]|.", re.DOTALL)
"""A pattern is made of sets such as ``[abc]`` and ``[!a-z]``, and of single characters."""


_ANY_DIRECTORY: Final = "(?:/.*)?"
_DIRECTORIES: Final = 1 << 10
"""Of how many directories it is remembered what is wanted in them: tars list one after the other."""


@dataclass(frozen=True)
class Capture:
    """The contents that are wanted, as absolute paths in which ``*`` stands for no ``/``.

    ``**`` as a component stands for any directories, none included; as the last one, for all that lies beneath.

    ``**/kernel.json`` (any directory), ``/etc/passwd`` and ``/etc/ld.so.conf.d/*.conf`` are such patterns. The heads of
    executable files, and of all files in a directory named ``bin`` or ``sbin``, are kept as well.
    """

    patterns: frozenset[str] = frozenset()
    _names: frozenset[str] = field(init=False)
    _paths: frozenset[str] = field(init=False)
    _globs: tuple[tuple[re.Pattern[str], str], ...] = field(init=False)
    _in_directory: Callable[[str], tuple[re.Pattern[str] | None, int]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Sort the patterns by how they are matched: a name, a path, or an expression."""
        names = {pattern[3:] for pattern in self.patterns if pattern.startswith("**/")}
        plain = {name for name in names if not _WILD.search(name) and "/" not in name}
        paths = {pattern[1:] for pattern in self.patterns if not _WILD.search(pattern)}
        globs = sorted(
            pattern
            for pattern in self.patterns
            if "/" in pattern and pattern.removeprefix("**/") not in plain and pattern[1:] not in paths
        )
        object.__setattr__(self, "_names", frozenset(plain))
        object.__setattr__(self, "_paths", frozenset(paths))
        object.__setattr__(self, "_globs", tuple(map(_compiled_directory, globs)))
        object.__setattr__(self, "_in_directory", lru_cache(maxsize=_DIRECTORIES)(self._look_at))

    def wanted(self, path: str, name: str, mode: int, *, limit: int) -> int:
        """Return how many bytes to keep of the file `path` (relative, without a leading slash) in the layer."""
        if name in self._names or path in self._paths:
            return limit
        names, head = self._in_directory(path[: -len(name) - 1])
        if names is not None and names.match(name):
            return limit
        return HEAD if mode & _EXECUTABLE else head

    def _look_at(self, directory: str) -> tuple[re.Pattern[str] | None, int]:
        """Return which names are wanted in a directory, None if no pattern can match there, and how much of all others.

        Many files lie in one directory, and most directories concern no pattern.
        """
        absolute = directory and "/" + directory
        names = [names for directories, names in self._globs if directories.match(absolute)]
        expression = re.compile("|".join(names), re.DOTALL) if names else None
        return expression, HEAD if directory.endswith("bin") else 0


def compile_globs(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return an expression that matches an absolute path if any of `patterns` does; see `Capture`."""
    return re.compile("|".join(map(_expression, patterns)), re.DOTALL)


def _expression(pattern: str) -> str:
    *above, name = pattern.split("/")
    return (f"{_above(above)}/{_name(name)}" if above else _component(name)) + r"\Z"


def _compiled_directory(pattern: str) -> tuple[re.Pattern[str], str]:
    """Return which directories a pattern can match in (the root is ""), and what matches the names there."""
    *above, name = pattern.split("/")
    beneath = "(?:/.+)?" if name == "**" else ""
    return re.compile(_above(above) + beneath + r"\Z", re.DOTALL), _name(name) + r"\Z"


def _name(pattern: str) -> str:
    """Translate the last component."""
    return ".+" if pattern == "**" else _component(pattern)


def _above(components: list[str]) -> str:
    """Translate the components that stand before the last one; the first is empty if the pattern is absolute."""
    first, *rest = components
    expression = "" if first == "" else _ANY_DIRECTORY if first == "**" else _component(first)
    for component in rest:
        expression += _ANY_DIRECTORY if component == "**" else "/" + _component(component)
    return expression


def _component(pattern: str) -> str:
    """Translate what stands between two slashes.

    Where there are several ``*``, all but the last take as little as they can and stick to it, which finds a match if
    there is one; so that no name, however hostile, makes the search try all ways to divide it.
    """
    fixed = [""]
    for piece in _PIECES.findall(pattern):
        if piece == "*":
            fixed.append("")
        else:
            fixed[-1] += _piece(piece)
    if len(fixed) == 1:
        return fixed[0]
    first, *middle, last = fixed
    return first + "".join(f"(?>[^/]*?{part})" for part in middle if part) + "[^/]*" + last


def _piece(piece: str) -> str:
    if piece == "?":
        return "[^/]"
    if len(piece) > 1:
        inverted = piece[1] == "!"
        members = re.sub(r"[\\\[\]^&~|]", r"\\\g<0>", piece[1 + inverted : -1])
        return f"(?!/)[{'^' if inverted else ''}{members}]"
    return re.escape(piece)
