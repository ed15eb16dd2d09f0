"""What is done with values inside of ``${...}``: parts are cut off, replaced, counted, changed in case.

Source: POSIX.1-2024, "Shell Command Language", 2.6.2; bash(1), Parameter Expansion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.patterns import Pattern, PatternError, compile_pattern, ends_of_matches, matches
from ocianalyze.facts.shell.values import SOME, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocianalyze.facts.shell.patterns import Piece

_TRANSFORMATIONS: Final[dict[str, Callable[[str], str]]] = {
    "U": str.upper,
    "L": str.lower,
    "u": lambda text: text[:1].upper() + text[1:],
}
_LONGEST_SEARCHED: Final = 2000
"""In how long a text a pattern is looked for at every place."""


def cut(text: str, operator: str, pieces: Sequence[Piece]) -> str:
    """Return a text without a beginning (``#``, ``##``) or an end (``%``, ``%%``) that matches a pattern."""
    if UNKNOWN in text or any(UNKNOWN in piece for piece, _ in pieces):
        return UNKNOWN
    backwards = operator[0] == "%"
    try:
        pattern = compile_pattern(pieces, backwards=backwards)
        lengths = ends_of_matches(pattern, text[::-1] if backwards else text)
    except PatternError:
        return UNKNOWN
    if not lengths:
        return text
    length = lengths[-1] if len(operator) > 1 else lengths[0]
    return text[: len(text) - length] if backwards else text[length:]


def replaced(text: str, operator: str, pieces: Sequence[Piece], replacement: str) -> str:
    """Return a text in which what matches a pattern is replaced: once, everywhere, at its beginning or at its end."""
    if UNKNOWN in text or UNKNOWN in replacement or any(UNKNOWN in piece for piece, _ in pieces):
        return UNKNOWN
    try:
        pattern = compile_pattern(pieces)
        if operator == "/#":
            lengths = ends_of_matches(pattern, text)
            return replacement + text[lengths[-1] :] if lengths else text
        if operator == "/%":
            backwards = compile_pattern(pieces, backwards=True)
            lengths = ends_of_matches(backwards, text[::-1])
            return text[: len(text) - lengths[-1]] + replacement if lengths else text
        return _replaced_inside(text, pattern, replacement, everywhere=operator == "//")
    except PatternError:
        return UNKNOWN


def _replaced_inside(text: str, pattern: Pattern, replacement: str, *, everywhere: bool) -> str:
    if pattern.literal is not None:
        return text.replace(pattern.literal, replacement, -1 if everywhere else 1) if pattern.literal else text
    if len(text) > _LONGEST_SEARCHED:
        raise PatternError("text too long for a pattern search")
    pieces, at = [], 0
    while at < len(text):
        lengths = [length for length in ends_of_matches(pattern, text[at:]) if length]
        if not lengths:
            pieces.append(text[at])
            at += 1
            continue
        pieces.append(replacement)
        at += lengths[-1]
        if not everywhere:
            break
    return "".join(pieces) + text[at:]


def in_other_case(text: str, operator: str, pieces: Sequence[Piece]) -> str:
    """Return a text whose first letter, or every one, is changed to upper (``^``) or lower case (``,``)."""
    if UNKNOWN in text or any(UNKNOWN in piece for piece, _ in pieces):
        return UNKNOWN
    change: Callable[[str], str] = str.upper if operator[0] == "^" else str.lower
    try:
        pattern = compile_pattern(pieces) if pieces else None
        end = len(text) if len(operator) > 1 else 1
        head = [
            change(character) if pattern is None or matches(pattern, character) else character
            for character in text[:end]
        ]
    except PatternError:
        return UNKNOWN
    return "".join(head) + text[end:]


def transformed(text: str, letter: str) -> str:
    """Return what ``${name@LETTER}`` makes of a text."""
    if UNKNOWN in text:
        return UNKNOWN
    if letter == "Q":
        return "'" + text.replace("'", "'\\''") + "'"
    change = _TRANSFORMATIONS.get(letter)
    return UNKNOWN if change is None else change(text)


def substring(text: str, offset: int | None, length: int | None, *, limited: bool) -> str:
    """Return ``${name:offset:length}``; `limited` tells whether there is a length."""
    if UNKNOWN in text or offset is None or (limited and length is None):
        return UNKNOWN
    start = offset if offset >= 0 else len(text) + offset
    if start < 0 or start > len(text):
        return ""
    if length is None:
        return text[start:]
    end = start + length if length >= 0 else len(text) + length
    return text[start : max(start, end)]


def sublist(words: Words, offset: int | None, length: int | None, *, limited: bool) -> Words:
    """Return some of a list of words."""
    if offset is None or (limited and length is None) or SOME in words:
        return (SOME,)
    start = offset if offset >= 0 else max(0, len(words) + offset)
    return words[start:] if length is None else words[start : start + max(0, length)]
