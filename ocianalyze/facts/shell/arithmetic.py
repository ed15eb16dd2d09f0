"""Arithmetic of the shell: whole numbers of 64 bits, with the operators and assignments of C.

Source: POSIX.1-2024, "Shell Command Language", 2.6.4 (arithmetic expansion); bash(1), ARITHMETIC EVALUATION.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN: Final = regex(
    r"\s*(?:(?P<number>\d\w*(?:#\w+)?)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<operator>\*\*|\+\+|--|<<=|>>=|&&|\|\||<<|>>|[-+*/%<>=!&^|]=|[-+*/%<>=!&^|~?:,()]))",
    re.ASCII,
)
_ASSIGNMENTS: Final = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "^=", "|="})
_LEVELS: Final = {
    operator: level
    for level, operators in enumerate(["||", "&&", "|", "^", "&", "==,!=", "<,<=,>,>=", "<<,>>", "+,-", "*,/,%", "**"])
    for operator in operators.split(",")
}
"""How strongly binary operators bind."""

_DEEPEST: Final = 20
_LONGEST: Final = 4096
_MOST_LOOKUPS: Final = 100
_HALF: Final = 1 << 63


class Variables(Protocol):
    """The variables that an expression reads and changes."""

    def read(self, name: str) -> str | None:
        """Return the value of a variable, `UNKNOWN` in it where it cannot be told; None if it is not set."""

    def write(self, name: str, value: int | None) -> None:
        """Set a variable; None if the value cannot be told."""


class CalculationError(ValueError):
    """What the shell refuses as an expression, or what is not followed."""


def calculate(expression: str, variables: Variables) -> int | None:
    """Return the value of an expression, or None if it depends on what cannot be told.

    Raises:
        CalculationError: it is no expression.
    """
    if UNKNOWN in expression:
        return None
    return _Calculation(variables).value(expression)


class _Calculation:
    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._lookups = 0

    def value(self, expression: str, depth: int = 0) -> int | None:
        if len(expression) > _LONGEST or depth > _DEEPEST:
            raise CalculationError("expression too long")
        tokens: list[tuple[str, str]] = []
        at = 0
        while expression[at:].strip():
            match = _TOKEN.match(expression, at)
            if match is None:
                raise CalculationError("invalid expression")
            tokens.append((match.lastgroup or "", match[match.lastgroup or ""]))
            at = match.end()
        if not tokens:
            return 0
        reader = _Reader(self, tokens, depth)
        found = reader.comma()
        if reader.at != len(tokens):
            raise CalculationError("unexpected text after an expression")
        return found

    def read(self, name: str, depth: int) -> int | None:
        self._lookups += 1
        if self._lookups > _MOST_LOOKUPS:
            raise CalculationError("expression too long")
        text = self._variables.read(name)
        if text is None or not text.strip():
            return 0
        return None if UNKNOWN in text else self.value(text, depth + 1)

    def write(self, name: str, value: int | None) -> None:
        self._variables.write(name, value)


class _Reader:
    """Reads an expression from left to right; what is not evaluated has no effect (`live` is False)."""

    def __init__(self, calculation: _Calculation, tokens: list[tuple[str, str]], depth: int) -> None:
        self._calculation = calculation
        self._tokens = tokens
        self._depth = depth
        self._nesting = 0
        self._live = True
        self.at = 0

    def comma(self) -> int | None:
        found = self._assignment()
        while self._take(","):
            found = self._assignment()
        return found

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self.at] if self.at < len(self._tokens) else ("", "")

    def _take(self, *operators: str) -> str:
        kind, text = self._peek()
        if kind != "operator" or text not in operators:
            return ""
        self.at += 1
        return text

    def _assignment(self) -> int | None:
        kind, name = self._peek()
        following = self._tokens[self.at + 1] if self.at + 1 < len(self._tokens) else ("", "")
        if kind != "name" or following[0] != "operator" or following[1] not in _ASSIGNMENTS:
            return self._conditional()
        self.at += 2
        self._deeper()
        before = self._calculation.read(name, self._depth) if following[1] != "=" else None
        value = self._assignment()
        self._nesting -= 1
        if following[1] != "=":
            value = self._applied(following[1][:-1], before, value)
        self._write(name, value)
        return value

    def _conditional(self) -> int | None:
        condition = self._binary(0)
        if not self._take("?"):
            return condition
        self._deeper()
        first = self._if_live(self.comma, live=condition is None or condition != 0)
        if not self._take(":"):
            raise CalculationError("missing ':'")
        second = self._if_live(self._conditional, live=not condition)
        self._nesting -= 1
        if condition is None:
            return first if first == second else None
        return first if condition else second

    def _if_live(self, read: Callable[[], int | None], *, live: bool) -> int | None:
        before, self._live = self._live, self._live and live
        found = read()
        self._live = before
        return found

    def _binary(self, least: int) -> int | None:
        """Read operands and the operators between them that bind at least so strongly."""
        found = self._unary()
        while True:
            kind, operator = self._peek()
            level = _LEVELS.get(operator, -1) if kind == "operator" else -1
            if level < least:
                return found
            self.at += 1
            if operator in ("&&", "||"):
                found = self._logical(operator, found, level)
            else:
                found = self._applied(operator, found, self._binary(level + (operator != "**")))

    def _logical(self, operator: str, left: int | None, level: int) -> int | None:
        stops = left is not None and bool(left) == (operator == "||")
        right = self._if_live(lambda: self._binary(level + 1), live=not stops)
        if stops or (right is not None and bool(right) == (operator == "||")):
            return int(operator == "||")
        return None if left is None or right is None else int(bool(right))

    def _unary(self) -> int | None:
        operator = self._take("++", "--", "+", "-", "!", "~")
        if operator:
            self._deeper()
            if operator in ("++", "--"):
                kind, name = self._peek()
                if kind == "name":
                    self.at += 1
                    self._nesting -= 1
                    value = _applied(operator[0], self._calculation.read(name, self._depth), 1)
                    self._write(name, value)
                    return value
            value = self._unary()
            self._nesting -= 1
            return None if value is None else _UNARY[operator](value)
        kind, text = self._peek()
        self.at += 1
        if kind == "number":
            return _number(text)
        if kind == "name":
            value = self._calculation.read(text, self._depth) if self._live else 0
            operator = self._take("++", "--")
            if operator:
                self._write(text, _applied(operator[0], value, 1))
            return value
        if text == "(":
            self._deeper()
            value = self.comma()
            self._nesting -= 1
            if self._take(")"):
                return value
        raise CalculationError("invalid expression")

    def _applied(self, operator: str, left: int | None, right: int | None) -> int | None:
        return _applied(operator, left, right) if self._live else 0

    def _write(self, name: str, value: int | None) -> None:
        if self._live:
            self._calculation.write(name, value)

    def _deeper(self) -> None:
        self._nesting += 1
        if self._nesting > _DEEPEST:
            raise CalculationError("expression nested too deeply")


_UNARY: Final[dict[str, Callable[[int], int]]] = {
    "+": lambda value: value,
    "-": lambda value: _wrapped(-value),
    "!": lambda value: int(not value),
    "~": lambda value: ~value,
    "++": lambda value: value,
    "--": lambda value: value,
}
_BINARY: Final[dict[str, Callable[[int, int], int]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1),
    "%": lambda a, b: abs(a) % abs(b) * (-1 if a < 0 else 1),
    "<<": lambda a, b: a << (b & 63),
    ">>": lambda a, b: a >> (b & 63),
    "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b),
    ">": lambda a, b: int(a > b),
    ">=": lambda a, b: int(a >= b),
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "&": lambda a, b: a & b,
    "^": lambda a, b: a ^ b,
    "|": lambda a, b: a | b,
    "**": lambda a, b: pow(a, b, 2 * _HALF),
}


def _applied(operator: str, left: int | None, right: int | None) -> int | None:
    if left is None or right is None:
        return None
    if (operator in "/%" and right == 0) or (operator == "**" and right < 0):
        raise CalculationError("division by zero or negative exponent")
    return _wrapped(_BINARY[operator](left, right))


def _wrapped(value: int) -> int:
    return (value + _HALF) % (2 * _HALF) - _HALF


def _number(text: str) -> int:
    base, marked, digits = text.partition("#")
    try:
        if marked:
            if not 2 <= int(base) <= 36:  # noqa: PLR2004 - what both bash and Python know
                raise CalculationError("unsupported number base")
            return _wrapped(int(digits, int(base)))
        if text[:2] in ("0x", "0X"):
            return _wrapped(int(text[2:], 16))  # noqa: FURB166 - what stands in front is known
        return _wrapped(int(text, 8 if len(text) > 1 and text[0] == "0" else 10))
    except ValueError as error:
        raise CalculationError("invalid number") from error
