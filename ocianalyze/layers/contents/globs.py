"""Patterns such as ``/opt/**/*.json``, matched in time linear in the length of the name for every pattern.

They are not converted to regular expressions, which can take exponential time. Instead, all positions of the pattern
that can be reached are followed in parallel, as the bits of one number.

Source: glob(7), with ``**`` as in shells that support it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_WILD: Final = frozenset("*?[")
_ANY_DIRECTORIES: Final = "**"


def is_wild(pattern: str) -> bool:
    """Return whether a pattern contains special characters."""
    return not _WILD.isdisjoint(pattern)


class NamePattern:
    """A pattern for one component of a path: ``*`` and ``?``, ``[abc]``, ``[a-z]`` and ``[!abc]``."""

    def __init__(self, pattern: str) -> None:
        self._tokens: list[_Set | str | None] = []
        self._stars = 0
        self._masks: dict[str, int] = {}
        for piece in _pieces(pattern):
            if piece == "*":
                self._stars |= 1 << len(self._tokens)
            else:
                self._tokens.append(_literal_or_set(piece))
        self._literal = pattern if not is_wild(pattern) else None
        before, star, behind = pattern.partition("*")
        self._ends = (before, behind) if star and not is_wild(before + behind) else None

    def matches(self, name: str) -> bool:
        """Return whether the whole `name` matches."""
        if self._literal is not None:
            return name == self._literal
        if self._ends is not None:  # most patterns have one star
            start, end = self._ends
            return name.startswith(start) and name.endswith(end) and len(name) >= len(start) + len(end)
        needed = len(self._tokens)
        if len(name) < needed or (not self._stars and len(name) > needed):
            return False
        reached = 1
        for character in name:
            mask = self._masks.get(character)
            if mask is None:
                mask = self._masks[character] = self._mask(character)
            reached = (reached & self._stars) | (reached & mask) << 1
            if not reached:
                return False
        return bool(reached >> needed & 1)

    def _mask(self, character: str) -> int:
        """Return the positions of the pattern that a character matches, as bits."""
        return sum(1 << place for place, token in enumerate(self._tokens) if _fits(token, character))


class PathPattern:
    """A pattern for absolute paths.

    ``**`` as a component matches any number of directories, including none; as the last component, everything below. A
    pattern that is neither absolute nor begins with ``**`` matches nothing.
    """

    def __init__(self, pattern: str) -> None:
        first, *components = pattern.split("/")
        if first == _ANY_DIRECTORIES:
            components = [first, *components]
        self._possible = bool(components) and first in ("", _ANY_DIRECTORIES)
        groups: list[list[NamePattern]] = [[]]
        for number, component in enumerate(components):
            if component == _ANY_DIRECTORIES:
                groups.append([])
            if component != _ANY_DIRECTORIES or number == len(components) - 1:
                groups[-1].append(NamePattern("?*" if component == _ANY_DIRECTORIES else component))
        self._least = sum(map(len, groups))
        self._is_fixed = len(groups) == 1
        self._head, *self._middle, self._tail = groups if len(groups) > 1 else [[], *groups]

    def matches(self, path: str) -> bool:
        """Return whether an absolute, normalized path matches."""
        return self.fits(path.split("/")[1:])

    def fits(self, components: Sequence[str]) -> bool:
        """Return the same for the components of a path, so that a path can be split once for many patterns."""
        size = len(components)
        if not self._possible or size < self._least or (self._is_fixed and size > self._least):
            return False
        end = size - len(self._tail)
        if not _fit(self._tail, components, end) or not _fit(self._head, components, 0):  # most paths end otherwise
            return False
        at = len(self._head)
        for group in self._middle:  # each where it fits first, which leaves most room for the others
            while at + len(group) <= end and not _fit(group, components, at):
                at += 1
            at += len(group)
        return at <= end


def match_any(patterns: Iterable[PathPattern], path: str) -> bool:
    """Return whether any of the patterns matches an absolute path."""
    return any(pattern.matches(path) for pattern in patterns)


def _fit(patterns: Sequence[NamePattern], components: Sequence[str], at: int) -> bool:
    """Return whether the patterns match the components from `at` on, one by one."""
    for pattern in patterns:
        if not pattern.matches(components[at]):
            return False
        at += 1
    return True


class _Set(NamedTuple):
    """The content of brackets: single characters and ranges, or all other characters."""

    characters: frozenset[str]
    ranges: tuple[tuple[str, str], ...]
    inverted: bool


def _pieces(pattern: str) -> Iterator[str]:
    """Yield the parts of a pattern: sets such as ``[abc]`` and ``[!a-z]``, and single characters."""
    place, end = 0, 0
    while place < len(pattern):
        following = place + 1
        if pattern[place] == "[" and end >= 0:
            inside = place + 1 + (pattern[place + 1 : place + 2] in ("!", "^"))
            end = pattern.find("]", inside + 1)  # one that comes first is a member
            following = end + 1 if end >= 0 else following
        yield pattern[place:following]
        place = following


def _literal_or_set(piece: str) -> _Set | str | None:
    """Return a set, a character that stands for itself, or None for any character."""
    if piece == "?":
        return None
    if len(piece) == 1:
        return piece
    inverted = piece[1] in "!^"
    members = piece[1 + inverted : -1]
    singles: set[str] = set()
    ranges = []
    place = 0
    while place < len(members):
        if members[place + 1 : place + 2] == "-" and place + 2 < len(members):
            ranges.append((members[place], members[place + 2]))
            place += 3
        else:
            singles.add(members[place])
            place += 1
    return _Set(frozenset(singles), tuple(ranges), inverted)


def _fits(token: _Set | str | None, character: str) -> bool:
    if token is None or isinstance(token, str):
        return token is None or token == character
    inside = character in token.characters or any(low <= character <= high for low, high in token.ranges)
    return inside != token.inverted
