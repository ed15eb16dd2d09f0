"""Patterns of the shell, matched without trying anything twice: no pattern, however hostile, takes long.

A pattern becomes a small automaton, all states of which go through the text at once, so that the time is bound by the
product of both lengths. A text may hold what is unknown: then a match may be certain, impossible, or neither.

Source: POSIX.1-2024, "Shell Command Language", 2.14 (pattern matching notation); bash(1), Pattern Matching (extglob).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ocianalyze.facts.programs.scripts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Piece: TypeAlias = "tuple[str, bool]"
"""A part of a pattern, and whether it is quoted, so that each of its characters stands for itself."""

MOST_STEPS: Final = 4_000_000
"""How large the product of the lengths of pattern and text may be."""

_CLASSES: Final[dict[str, Callable[[str], bool]]] = {
    "alnum": str.isalnum,
    "alpha": str.isalpha,
    "blank": " \t".__contains__,
    "cntrl": lambda character: ord(character) < 32 or ord(character) == 127,  # noqa: PLR2004 - ASCII
    "digit": lambda character: "0" <= character <= "9",
    "graph": lambda character: character.isprintable() and not character.isspace(),
    "lower": str.islower,
    "print": str.isprintable,
    "punct": lambda character: character.isprintable() and not character.isalnum() and not character.isspace(),
    "space": str.isspace,
    "upper": str.isupper,
    "xdigit": lambda character: character in "0123456789abcdefABCDEF",
}
_GROUPS: Final = frozenset("?*+@")
SPECIAL: Final = frozenset("*?[")
"""The characters that make a pattern of a word."""


class PatternError(ValueError):
    """A pattern that is not followed, or one that would take too long."""


class _Set(NamedTuple):
    """A bracket expression."""

    inverted: bool
    ranges: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]

    def matches(self, character: str) -> bool:
        inside = any(low <= character <= high for low, high in self.ranges)
        inside = inside or any(_CLASSES[name](character) for name in self.classes)
        return inside != self.inverted


_Matcher: TypeAlias = "str | _Set | None"
"""What a state needs to be left: a character, one of a set, or any one."""


class Pattern(NamedTuple):
    """A compiled pattern: for each state, what it needs and where it leads, and where it may go without anything.

    `literal` is the text that it stands for if it stands for no other.
    """

    steps: tuple[tuple[_Matcher, int] | None, ...]
    jumps: tuple[tuple[int, ...], ...]
    stars: frozenset[int]
    literal: str | None

    @property
    def end(self) -> int:
        """The state in which a text has matched."""
        return len(self.steps) - 1


class _Builder:
    def __init__(self) -> None:
        self.steps: list[tuple[_Matcher, int] | None] = [None]
        self.jumps: list[list[int]] = [[]]
        self.stars: set[int] = set()

    def new(self) -> int:
        self.steps.append(None)
        self.jumps.append([])
        return len(self.steps) - 1


def compile_pattern(pieces: Iterable[Piece], *, extended: bool = True, backwards: bool = False) -> Pattern:
    """Return a pattern; `extended` tells whether it may have bash's groups, `backwards` whether it reads from the end.

    Raises:
        PatternError: it has a group that excludes something, or groups that lie too deep.
    """
    characters = [(character, quoted) for text, quoted in pieces for character in text]
    tokens, at = _tokens(characters, 0, extended=extended, depth=0)
    del at
    builder = _Builder()
    last = _build(builder, 0, tokens, backwards=backwards)
    if last != len(builder.steps) - 1:
        end = builder.new()
        builder.jumps[last].append(end)
    literal = None
    if all(isinstance(token, str) for token in tokens):
        literal = "".join(token for token in tokens if isinstance(token, str))
    return Pattern(tuple(builder.steps), tuple(map(tuple, builder.jumps)), frozenset(builder.stars), literal)


class _Any(NamedTuple):
    """``?``, or ``*`` if `many`."""

    many: bool


class _Group(NamedTuple):
    """``?(...)``, ``*(...)``, ``+(...)`` or ``@(...)``."""

    kind: str
    alternatives: tuple[tuple[_Token, ...], ...]


_Token: TypeAlias = "str | _Any | _Set | _Group"  # noqa: S105 - no password
_DEEPEST: Final = 10


def _tokens(
    characters: Sequence[tuple[str, bool]], at: int, *, extended: bool, depth: int
) -> tuple[tuple[_Token, ...], int]:
    """Return the tokens up to the end, or up to what ends an alternative of a group."""
    found: list[_Token] = []
    while at < len(characters):
        character, quoted = characters[at]
        following = characters[at + 1] if at + 1 < len(characters) else ("", True)
        if quoted:
            found.append(character)
        elif depth and character in "|)":
            break
        elif extended and following == ("(", False) and character in _GROUPS | {"!"}:
            if character == "!" or depth >= _DEEPEST:
                raise PatternError("negated or deeply nested patterns are not supported")
            group, at = _group(characters, at, depth)
            found.append(group)
            continue
        elif character in "*?":
            found.append(_Any(many=character == "*"))
        elif character == "[":
            bracket = _bracket(characters, at)
            if bracket is not None:
                found.append(bracket[0])
                at = bracket[1]
                continue
            found.append(character)
        elif character == "\\" and following[0]:
            found.append(following[0])
            at += 1
        else:
            found.append(character)
        at += 1
    return tuple(found), at


def _group(characters: Sequence[tuple[str, bool]], at: int, depth: int) -> tuple[_Group, int]:
    kind, at = characters[at][0], at + 2
    alternatives = []
    while True:
        tokens, at = _tokens(characters, at, extended=True, depth=depth + 1)
        alternatives.append(tokens)
        if at >= len(characters):
            raise PatternError("unclosed group in a pattern")
        at += 1
        if characters[at - 1][0] == ")":
            return _Group(kind, tuple(alternatives)), at


def _bracket(characters: Sequence[tuple[str, bool]], at: int) -> tuple[_Set, int] | None:
    """Return a bracket expression and where it ends, or None if what begins here is none."""
    at += 1
    inverted = at < len(characters) and characters[at] in (("!", False), ("^", False))
    at += inverted
    ranges: list[tuple[str, str]] = []
    classes: list[str] = []
    first = at
    while at < len(characters):
        character, quoted = characters[at]
        if character == "]" and not quoted and at > first:
            return _Set(inverted, tuple(ranges), tuple(classes)), at + 1
        if character == "[" and not quoted and at + 1 < len(characters) and characters[at + 1][0] in ":.=":
            text = "".join(item for item, _ in characters[at : at + 12])
            name = text[2:].partition(":]")[0]
            if text[1] != ":" or name not in _CLASSES:
                raise PatternError("unknown character class")
            classes.append(name)
            at += len(name) + 4
            continue
        if character == "/" and not quoted and not inverted and not ranges:
            return None
        if character == "\\" and not quoted and at + 1 < len(characters):
            at += 1
            character = characters[at][0]
        if (
            at + 2 < len(characters)
            and characters[at + 1] == ("-", False)
            and (characters[at + 2][0] != "]" or characters[at + 2][1])
        ):
            ranges.append((character, characters[at + 2][0]))
            at += 3
            continue
        ranges.append((character, character))
        at += 1
    return None


def _build(builder: _Builder, state: int, tokens: Sequence[_Token], *, backwards: bool) -> int:
    for token in reversed(tokens) if backwards else tokens:
        if isinstance(token, _Group):
            state = _build_group(builder, state, token, backwards=backwards)
        elif isinstance(token, _Any) and token.many:
            # A state of its own, so that nothing that leads here before the star goes round in it.
            star = builder.new()
            builder.jumps[state].append(star)
            builder.steps[star] = (None, star)
            builder.stars.add(star)
            state = builder.new()
            builder.jumps[star].append(state)
        else:
            following = builder.new()
            builder.steps[state] = (None if isinstance(token, _Any) else token, following)
            state = following
    return state


def _build_group(builder: _Builder, state: int, group: _Group, *, backwards: bool) -> int:
    end = builder.new()
    loop = builder.new()
    builder.jumps[state].append(loop)
    for alternative in group.alternatives:
        start = builder.new()
        builder.jumps[loop].append(start)
        last = _build(builder, start, alternative, backwards=backwards)
        builder.jumps[last].append(loop if group.kind in "*+" else end)
        if group.kind in "*+":
            builder.jumps[last].append(end)
    if group.kind in "?*":
        builder.jumps[state].append(end)
    following = builder.new()
    builder.jumps[end].append(following)
    return following


def matches(pattern: Pattern, text: str) -> bool | None:
    """Tell whether a text matches; None if that depends on what is unknown in it.

    Raises:
        PatternError: text and pattern are too long to be matched.
    """
    if pattern.literal is not None and UNKNOWN not in text:
        return pattern.literal == text
    if UNKNOWN in text:
        if not _run(pattern, text, unknown_is_anything=True)[1]:
            return False
        return True if _run(pattern, text, unknown_is_anything=False)[1] else None
    return _run(pattern, text, unknown_is_anything=True)[1]


def ends_of_matches(pattern: Pattern, text: str) -> list[int]:
    """Return the lengths of all beginnings of a known text that match; raises as `matches`."""
    return _run(pattern, text, unknown_is_anything=True, collect=True)[0]


def _run(pattern: Pattern, text: str, *, unknown_is_anything: bool, collect: bool = False) -> tuple[list[int], bool]:
    """Return where beginnings of the text match, if they are asked for, and whether all of it does.

    What is unknown either is anything, and so leads everywhere, or is only taken by what takes everything.
    """
    if len(pattern.steps) * (len(text) + 1) > MOST_STEPS:
        raise PatternError("pattern or text too long")
    states = _closure(pattern, (0,))
    found = [0] if collect and pattern.end in states else []
    for position, character in enumerate(text, 1):
        if character == UNKNOWN:
            anything = unknown_is_anything
            states = _everywhere(pattern, states) if anything else _closure(pattern, states & pattern.stars)
        else:
            reached = []
            for state in states:
                step = pattern.steps[state]
                if step is None:
                    continue
                needed = step[0]
                if needed is None or needed == character or (isinstance(needed, _Set) and needed.matches(character)):
                    reached.append(step[1])
            states = _closure(pattern, reached)
        if not states:
            return found, False
        if collect and pattern.end in states:
            found.append(position)
    return found, pattern.end in states


def _closure(pattern: Pattern, states: Iterable[int]) -> set[int]:
    found = set(states)
    todo = list(found)
    while todo:
        for state in pattern.jumps[todo.pop()]:
            if state not in found:
                found.add(state)
                todo.append(state)
    return found


def _everywhere(pattern: Pattern, states: set[int]) -> set[int]:
    """Return all states that any text may lead to."""
    found = set(states)
    todo = list(found)
    while todo:
        state = todo.pop()
        step = pattern.steps[state]
        for following in (*pattern.jumps[state], *((step[1],) if step is not None else ())):
            if following not in found:
                found.add(following)
                todo.append(following)
    return found
