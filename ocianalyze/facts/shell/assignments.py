"""``name=value`` taken apart, with bash's arrays.

Source: POSIX.1-2024, "Shell Command Language", 2.9.1 (simple commands); bash(1), Arrays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.shell.syntax import Assignment, Word
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from ocianalyze.facts.shell.words import WordReader

_BEGINNING: Final = regex(r"([A-Za-z_]\w*)(\+?=|\[)", re.ASCII)
_BEHIND_INDEX: Final = regex(r"\+?=")
_BETWEEN: Final = regex(r"(?:[ \t\n]|\\\n|(?<=[\s(])#[^\n]*)+")


def read_assignment(reader: WordReader) -> Assignment | None:
    """Return the assignment that begins here, or None if what does is none.

    Raises:
        SyntaxProblem: a list of values does not end.
    """
    match = _BEGINNING.match(reader.text, reader.at)
    if match is None or (match[2] != "=" and not reader.dialect.has("arrays")):
        return None
    start = reader.at
    reader.at = match.end()
    index, equals = None, match[2]
    if equals == "[":
        index = _index(reader)
        found = reader.take(_BEHIND_INDEX) if index is not None else None
        if found is None:
            reader.at = start
            return None
        equals = found
    appends = equals == "+="
    if reader.peek() == "(" and reader.dialect.has("arrays") and index is None:
        reader.at += 1
        listed = reader.deeper(lambda: tuple(_elements(reader)))
        return Assignment(match[1], Word((), reader.line), appends, None, listed)
    return Assignment(match[1], reader.read_word() or Word((), reader.line), appends, index)


def _elements(reader: WordReader) -> list[tuple[Word | None, Word]]:
    found: list[tuple[Word | None, Word]] = []
    while True:
        reader.take(_BETWEEN)
        if reader.peek() == ")":
            reader.at += 1
            return found
        start, index = reader.at, None
        if reader.peek() == "[":
            reader.at += 1
            index = _index(reader)
            if index is None or reader.take(_BEHIND_INDEX) is None:
                reader.at, index = start, None
        word = reader.read_word()
        if word is None and index is None:
            raise reader.fail("unclosed list of values")
        found.append((index, word or Word((), reader.line)))


def _index(reader: WordReader) -> Word | None:
    """Return what stands in brackets, or None if they are not closed on this line."""
    end = reader.text.find("\n", reader.at)
    if reader.text.find("]", reader.at, end if end >= 0 else None) < 0:
        return None
    return reader.read_arithmetic("]")
