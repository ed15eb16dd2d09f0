"""Conditions, decided where they can be: ``test``, ``[``, and bash's ``[[``.

An answer is True, False, or None where it depends on what only a running shell knows.

Source: POSIX.1-2024, ``test``; bash(1), CONDITIONAL EXPRESSIONS.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.names import find_variable
from ocianalyze.facts.shell.patterns import PatternError, compile_pattern, matches
from ocianalyze.facts.shell.syntax import Parameter, Test, Word
from ocianalyze.facts.shell.values import SOME
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocianalyze.facts.shell.expansion import Expander
    from ocianalyze.facts.shell.files import Files
    from ocianalyze.facts.shell.names import Calls
    from ocianalyze.facts.shell.patterns import Piece
    from ocianalyze.facts.shell.state import State

_FILES: Final = frozenset("abcdefghkprstuwxGLNOS")
_NUMBERS: Final[dict[str, Callable[[int, int], bool]]] = {
    "-eq": lambda left, right: left == right,
    "-ne": lambda left, right: left != right,
    "-lt": lambda left, right: left < right,
    "-le": lambda left, right: left <= right,
    "-gt": lambda left, right: left > right,
    "-ge": lambda left, right: left >= right,
}
_TEXTS: Final = frozenset({"=", "==", "!=", "<", ">"})
_AGES: Final = frozenset({"-nt", "-ot", "-ef"})
_MOST_DIGITS: Final = 19
_DEEPEST: Final = 20
_NUMBER: Final = regex(r"[^\0]*\0.*|\s*[-+]?\d+\s*", re.ASCII | re.DOTALL)
"""What is a number, or may be one."""

_LITERAL: Final = regex(r"[\w /@%+=:,-]*", re.ASCII)
"""What in a regular expression stands for itself."""


class InvalidTestError(ValueError):
    """What ``test`` refuses; it ends with 2 then."""


def decide_words(words: Sequence[str], state: State, files: Files, calls: Calls) -> bool | None:
    """Return what ``test`` says to some words.

    Raises:
        InvalidTestError: they are no test.
    """
    return _Words(words, state, files, calls).decide(list(words))


class _Words:
    def __init__(self, words: Sequence[str], state: State, files: Files, calls: Calls) -> None:
        self._state = state
        self._files = files
        self._calls = calls
        self._known = SOME not in words

    def decide(self, words: list[str], depth: int = 0) -> bool | None:  # noqa: PLR0911 - the cases of POSIX
        """Decide by the number of words, as POSIX does."""
        if depth > _DEEPEST or not self._known:
            return None
        count = len(words)
        if count == 0:
            return False
        if count == 1:
            return _not_empty(words[0])
        if count == 3 and (words[1] in _TEXTS or words[1] in _NUMBERS or words[1] in _AGES):  # noqa: PLR2004
            return self._binary(*words)
        if words[0] == "!" and count <= 4:  # noqa: PLR2004 - more is not POSIX's
            return _inverted(self.decide(words[1:], depth + 1))
        if count == 2:  # noqa: PLR2004
            return self._unary(words[0], words[1])
        if words[0] == "(" and words[-1] == ")" and count <= 4:  # noqa: PLR2004
            return self.decide(words[1:-1], depth + 1)
        return self._long(words, depth)

    def _long(self, words: list[str], depth: int) -> bool | None:
        """Decide what has ``-o``, ``-a``, ``!`` and parentheses in it."""
        for operator, both in (("-o", _either), ("-a", _both)):
            nesting = 0
            for at, word in enumerate(words):
                nesting += (word == "(") - (word == ")")
                if word == operator and 0 < at < len(words) - 1 and not nesting:
                    return both(self.decide(words[:at], depth + 1), self.decide(words[at + 1 :], depth + 1))
        if words[0] == "!":
            return _inverted(self.decide(words[1:], depth + 1))
        if words[0] == "(" and words[-1] == ")":
            return self.decide(words[1:-1], depth + 1)
        if any(UNKNOWN in word for word in words):
            return None
        raise InvalidTestError("invalid test")

    def _unary(self, operator: str, operand: str) -> bool | None:
        if UNKNOWN in operator:
            return None
        found = _decide_unary(operator, operand, self._state, self._files, self._calls)
        if isinstance(found, str):
            raise InvalidTestError(found)
        return found

    def _binary(self, left: str, operator: str, right: str) -> bool | None:
        if operator == "==" and not self._state.process.dialect.has("=="):
            raise InvalidTestError("this shell does not support '=='")
        if operator in _NUMBERS:
            if any(not _NUMBER.fullmatch(text) for text in (left, right)):
                raise InvalidTestError("expected a number")
            return _compare_numbers(left, operator, right)
        if operator in _AGES:
            return None
        if operator in ("=", "=="):
            return _equal(left, right)
        if operator == "!=":
            return _inverted(_equal(left, right))
        if UNKNOWN in left or UNKNOWN in right:
            return None
        return left < right if operator == "<" else left > right


def decide_test(test: Test, state: State, files: Files, calls: Calls, expander: Expander) -> bool | None:
    """Return what ``[[ ... ]]`` says."""
    return _Tests(state, files, calls, expander).decide(test)


class _Tests:
    def __init__(self, state: State, files: Files, calls: Calls, expander: Expander) -> None:
        self._state = state
        self._files = files
        self._calls = calls
        self._expander = expander

    def decide(self, test: Test) -> bool | None:
        operator, operands = test.operator, test.operands
        first = operands[0]
        if isinstance(first, Test):
            left = self.decide(first)
            if operator == "!":
                return _inverted(left)
            if left is (operator == "||"):
                return left
            second = operands[1]
            right = self.decide(second) if isinstance(second, Test) else None
            return _either(left, right) if operator == "||" else _both(left, right)
        if len(operands) == 1:
            found = _decide_unary(operator, self._text(first), self._state, self._files, self._calls)
            return None if isinstance(found, str) else found
        second = operands[1]
        return None if isinstance(second, Test) else self._binary(first, operator, second)

    def _text(self, word: Word) -> str:
        return self._expander.text(word, self._state)

    def _binary(self, first: Word, operator: str, second: Word) -> bool | None:
        left = self._text(first)
        if operator in ("=", "==", "!="):
            found = match_pattern(self._expander.pattern(second, self._state), left)
            return _inverted(found) if operator == "!=" else found
        if operator == "=~":
            return _search(self._expander.pattern(second, self._state), left)
        right = self._text(second)
        if operator in _NUMBERS:
            return _compare_numbers(left, operator, right)
        if operator in _AGES or UNKNOWN in left or UNKNOWN in right:
            return None
        return left < right if operator == "<" else left > right


def match_pattern(pieces: list[Piece], text: str) -> bool | None:
    """Tell whether a text matches a pattern; None if that cannot be told."""
    if any(UNKNOWN in piece for piece, _ in pieces):
        return None
    try:
        return matches(compile_pattern(pieces), text)
    except PatternError:
        return None


def _search(pieces: list[Piece], text: str) -> bool | None:
    """Tell whether a regular expression matches, where it is so simple that it is a pattern."""
    if UNKNOWN in text or any(UNKNOWN in piece for piece, _ in pieces):
        return None
    whole = "".join(piece for piece, _ in pieces)
    begins = whole.startswith("^") and not pieces[0][1]
    ends = whole.endswith("$") and not pieces[-1][1]
    bare = whole[begins : len(whole) - ends]
    if begins and ends and bare in ("[0-9]+", "[[:digit:]]+"):
        return text.isascii() and text.isdigit()
    if not all(quoted or _LITERAL.fullmatch(piece) for piece, quoted in _without_anchors(pieces, begins, ends)):
        return None
    if begins and ends:
        return text == bare
    return text.startswith(bare) if begins else text.endswith(bare) if ends else bare in text


def _without_anchors(pieces: list[Piece], begins: bool, ends: bool) -> list[Piece]:  # noqa: FBT001 - two answers
    found = list(pieces)
    if begins:
        found[0] = (found[0][0][1:], False)
    if ends:
        found[-1] = (found[-1][0][:-1], False)
    return found


def _decide_unary(operator: str, operand: str, state: State, files: Files, calls: Calls) -> bool | str | None:  # noqa: PLR0911 - one case after the other
    """Return what a test of one operand says; a text if there is no such test."""
    letter = operator[1:]
    if operator == "-n":
        return _not_empty(operand)
    if operator == "-z":
        return _inverted(_not_empty(operand))
    if operator[:1] != "-" or len(letter) != 1:
        return f"unknown test operator {operator}"
    if letter in "vR":
        if UNKNOWN in operand or "[" in operand or not operand:
            return None
        variable = find_variable(operand, state, calls)
        return None if variable.doubtful or variable.mapping else variable.text is not None
    if letter == "o":
        return operand in state.options if operand in ("errexit", "nounset") else None
    if letter == "t":
        return None
    return files.test(letter, operand) if letter in _FILES else f"unknown test operator {operator}"


def _not_empty(text: str) -> bool | None:
    known = text.replace(UNKNOWN, "")
    return True if known else None if text else False


def _equal(left: str, right: str) -> bool | None:
    if UNKNOWN not in left and UNKNOWN not in right:
        return left == right
    if UNKNOWN in left and UNKNOWN in right:
        return None
    pattern, text = (left, right) if UNKNOWN in left else (right, left)
    return _fits(pattern, text)


def _fits(pattern: str, text: str) -> bool | None:
    """Return False if a text cannot be one in which something is unknown; else None."""
    beginning, _, rest = pattern.partition(UNKNOWN)
    end = rest.rpartition(UNKNOWN)[2]
    long_enough = len(text) >= len(beginning) + len(end)
    return None if long_enough and text.startswith(beginning) and text.endswith(end) else False


def _compare_numbers(left: str, operator: str, right: str) -> bool | None:
    """Compare two numbers; an empty text is 0, and what is an expression is left open."""
    numbers = []
    for text in (left, right):
        if not _NUMBER.fullmatch(text or "0") or UNKNOWN in text or len(text) > _MOST_DIGITS:
            return None
        numbers.append(int(text or "0"))
    return _NUMBERS[operator](*numbers)


def _inverted(value: bool | None) -> bool | None:  # noqa: FBT001 - an answer, not a switch
    return None if value is None else not value


def _both(one: bool | None, other: bool | None) -> bool | None:  # noqa: FBT001
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _either(one: bool | None, other: bool | None) -> bool | None:  # noqa: FBT001
    return _inverted(_both(_inverted(one), _inverted(other)))


def names_in(words: Sequence[Word | Test]) -> list[str]:
    """Return the names of the variables that words and tests ask for."""
    found: list[str] = []
    for word in words:
        if isinstance(word, Test):
            found += names_in(word.operands)
        else:
            found += (part.name for part in word.parts if isinstance(part, Parameter))
    return found
