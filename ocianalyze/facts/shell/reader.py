"""A text that is read from left to right once, and where in it we are."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, TypeVar

from ocianalyze.facts.shell.dialects import BASH, Dialect

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocianalyze.facts.shell.syntax import Part, Word

T = TypeVar("T")

DEEPEST: Final = 30
"""How deep commands and expansions may lie in each other."""


class SyntaxProblem(Exception):  # noqa: N818 - it may as well be we who cannot read it
    """A script cannot be read from here on; the message is a clause."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


class Reader(ABC):
    """Reads a text, and keeps where it is; `line` is the number of the text's first line."""

    def __init__(self, text: str, dialect: Dialect = BASH, *, line: int = 1, depth: int = 0) -> None:
        self.text = text
        self.at = 0
        self.dialect = dialect
        self.depth = depth
        self._first_line = line
        self._newlines = [match.start() for match in re.finditer("\n", text)]

    @property
    def line(self) -> int:
        """The number of the line that is being read."""
        return self._first_line + bisect_right(self._newlines, self.at - 1)

    def fail(self, message: str) -> SyntaxProblem:
        """Return an error about what is read now."""
        return SyntaxProblem(self.line, message)

    def unknown(self, what: str) -> SyntaxProblem:
        """Return an error about what this shell does not know."""
        return self.fail(f"{self.dialect.name} does not support {what}")

    def peek(self, size: int = 1) -> str:
        """Return what comes next."""
        return self.text[self.at : self.at + size]

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """Return what comes next if it matches, and go on behind it."""
        match = pattern.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        return match[0]

    def deeper(self, read: Callable[[], T]) -> T:
        """Return what `read` reads one level deeper."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail(f"commands and expansions are nested more than {DEEPEST} levels deep")
        found = read()
        self.depth -= 1
        return found

    @abstractmethod
    def read_arithmetic(self, end: str = "))") -> Word:
        """Return an arithmetic expression up to `end`, which is read as well."""

    @abstractmethod
    def read_part(self, parts: list[Part], plain: re.Pattern[str]) -> None:
        """Read what comes next outside of double quotes."""

    @abstractmethod
    def read_quoted_part(self, parts: list[Part], plain: re.Pattern[str], literal: str = "") -> None:
        """Read what comes next inside of double quotes."""

    @abstractmethod
    def read_double_quoted(self, parts: list[Part]) -> None:
        """Read what stands in double quotes, which begin here."""
