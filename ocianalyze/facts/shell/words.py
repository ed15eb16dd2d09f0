"""The words of a shell script: quotes, expansions and what stands in them, read from left to right once.

Source: POSIX.1-2024, "Shell Command Language", 2.2 (quoting) and 2.6 (expansions); bash(1), QUOTING and EXPANSION.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.shell.braces import read_braces
from ocianalyze.facts.shell.reader import Reader
from ocianalyze.facts.shell.syntax import Arithmetic, Parameter, Substitution, Text, Word, merged
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from ocianalyze.facts.shell.syntax import Item, Part

_PLAIN: Final = regex(r"(?:[^ \t\n;&|()<>$`\"'\\?*+@!]|[?*+@!](?!\())+")
_IN_QUOTES: Final = regex(r"[^\"$`\\]+")
_IN_DOCUMENT: Final = regex(r"[^$`\\]+")
_IN_ARITHMETIC: Final = regex(r"[^\"'$`\\();\]]+")
_SHORT: Final = regex(r"[A-Za-z_]\w*|[\d@*#?$!-]", re.ASCII)
_PARENTHESES: Final = regex(r"\\.|'[^']*'|[()]", re.DOTALL)
_LONGEST_ARITHMETIC: Final = 4096
_ENDS: Final = frozenset(" \t\n;&|()<>")
_ESCAPES: Final = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    **{character: character for character in "\\'\"?"},
}
_NUMBER: Final = regex(r"x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})")
_HIGHEST: Final = 0x110000
_SURROGATES: Final = range(0xD800, 0xE000)


class WordReader(Reader):
    """Reads words."""

    @abstractmethod
    def commands_until_parenthesis(self) -> tuple[Item, ...]:
        """Return the commands up to a closing parenthesis, which is read as well."""

    @abstractmethod
    def commands_in(self, text: str) -> tuple[Item, ...]:
        """Return the commands of another text, which begins on this line."""

    def read_word(self) -> Word | None:
        """Return the word that begins here, or None if none does."""
        parts: list[Part] = []
        line, groups = self.line, 0
        while self.at < len(self.text):
            character = self.text[self.at]
            if character in "<>" and not groups and self.peek(2)[1:] == "(":
                parts.append(self._process_substitution())
            elif character in "?*+@!" and self.peek(2)[1:] == "(":
                if not self.dialect.has("extended-globs"):
                    raise self.unknown(f"'{self.peek(2)}'")
                groups += 1
                parts.append(Text(self.peek(2)))
                self.at += 2
            elif character in _ENDS:
                if not groups:
                    break
                groups += (character == "(") - (character == ")")
                parts.append(Text(character))
                self.at += 1
            else:
                self.read_part(parts, _PLAIN)
        if groups:
            raise self.fail("unclosed parenthesis")
        return Word(merged(parts), line) if parts else None

    def read_document(self) -> Word:
        """Return the whole text as a here-document in which expansions are made."""
        parts: list[Part] = []
        while self.at < len(self.text):
            self.read_quoted_part(parts, _IN_DOCUMENT, '"')
        return Word(merged(parts), self._first_line)

    def read_arithmetic(self, end: str = "))") -> Word:
        """Return an arithmetic expression up to `end`, which is read as well."""
        parts: list[Part] = []
        line, depth = self.line, 0
        while self.at < len(self.text):
            if depth == 0 and self.text.startswith(end, self.at):
                self.at += len(end)
                return Word(merged(parts), line)
            character = self.text[self.at]
            if character in "();":
                depth += (character == "(") - (character == ")")
                parts.append(Text(character))
                self.at += 1
            else:
                self.read_part(parts, _IN_ARITHMETIC)
        raise self.fail("unclosed arithmetic expression")

    def read_part(self, parts: list[Part], plain: re.Pattern[str]) -> None:
        """Read what comes next outside of double quotes: a run of characters, something quoted, or an expansion."""
        character = self.text[self.at]
        if character == "\\":
            escaped = self.text[self.at + 1 : self.at + 2]
            self.at += 2
            if escaped != "\n":
                parts.append(Text(escaped or "\\", quoted=True))
        elif character == "'":
            parts.append(Text(self._single_quoted(), quoted=True))
        elif character == '"':
            self.read_double_quoted(parts)
        elif character == "`":
            parts.append(self._backticks(quoted=False))
        elif character == "$":
            self._dollar(parts, quoted=False)
        else:
            parts.append(Text(self.take(plain) or self._one()))

    def read_quoted_part(self, parts: list[Part], plain: re.Pattern[str], literal: str = "") -> None:
        """Read what comes next inside of double quotes; before what is in `literal`, a backslash is one."""
        character = self.text[self.at]
        if character == "\\":
            escaped = self.text[self.at + 1 : self.at + 2]
            self.at += 2
            if escaped not in ("\\", '"', "$", "`", "\n") or escaped in literal:
                escaped = "\\" + escaped
            if escaped != "\n":
                parts.append(Text(escaped, quoted=True))
        elif character == "`":
            parts.append(self._backticks(quoted=True))
        elif character == "$":
            self._dollar(parts, quoted=True)
        else:
            parts.append(Text(self.take(plain) or self._one(), quoted=True))

    def read_double_quoted(self, parts: list[Part]) -> None:
        """Read what stands in double quotes, which begin here."""
        self.at += 1
        count = len(parts)
        while self.peek() != '"':
            if self.at >= len(self.text):
                raise self.fail("unclosed quote")
            self.read_quoted_part(parts, _IN_QUOTES)
        self.at += 1
        if len(parts) == count:
            parts.append(Text("", quoted=True))

    def closes_twice(self, at: int) -> bool:
        """Tell whether two parentheses that are open at `at` are closed by ``))``, as those of arithmetic are."""
        depth = 2
        for match in _PARENTHESES.finditer(self.text, at, at + _LONGEST_ARITHMETIC):
            depth += (match[0] == "(") - (match[0] == ")")
            if depth == 1:
                return self.text.startswith(")", match.end())
        return False

    def _one(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def _single_quoted(self) -> str:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise self.fail("unclosed quote")
        content = self.text[self.at + 1 : end]
        self.at = end + 1
        return content

    def _dollar(self, parts: list[Part], *, quoted: bool) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        if following == "(":
            parts.append(self._parenthesis(quoted=quoted))
        elif following == "{":
            parts.append(read_braces(self, quoted=quoted))
        elif following in ("'", '"') and following and not quoted and self.dialect.has("ansi-quotes"):
            self.at += 1
            if following == "'":
                parts.append(Text(self._ansi_quoted(), quoted=True))
            else:
                self.read_double_quoted(parts)
        elif following == "[" and self.dialect.has("arrays"):
            self.at += 2
            parts.append(Arithmetic(self.deeper(lambda: self.read_arithmetic("]")), quoted))
        else:
            self.at += 1
            name = self.take(_SHORT)
            parts.append(Text("$", quoted) if name is None else Parameter(name, quoted))

    def _parenthesis(self, *, quoted: bool) -> Part:
        line = self.line
        if self.peek(3) == "$((" and self.closes_twice(self.at + 3):
            self.at += 3
            return Arithmetic(self.deeper(self.read_arithmetic), quoted)
        self.at += 2
        return Substitution(self.deeper(self.commands_until_parenthesis), quoted, line)

    def _process_substitution(self) -> Substitution:
        if not self.dialect.has("process-substitution"):
            raise self.unknown(f"'{self.peek(2)}'")
        kind, line = self.peek(), self.line
        self.at += 2
        return Substitution(self.deeper(self.commands_until_parenthesis), quoted=True, line=line, process=kind)

    def _backticks(self, *, quoted: bool) -> Substitution:
        line, start, at = self.line, self.at + 1, self.at + 1
        while self.text[at : at + 1] != "`":
            if at >= len(self.text):
                raise self.fail("unclosed backtick")
            at += 2 if self.text[at] == "\\" else 1
        content = re.sub(r'\\([\\$`"])' if quoted else r"\\([\\$`])", r"\1", self.text[start:at])
        body = self.deeper(lambda: self.commands_in(content))
        self.at = at + 1
        return Substitution(body, quoted, line)

    def _ansi_quoted(self) -> str:
        """Return the content of ``$'...'`` with what its escapes stand for; the quote comes next."""
        pieces: list[str] = []
        self.at += 1
        while (character := self.peek()) != "'":
            if not character:
                raise self.fail("unclosed quote")
            self.at += 1
            if character != "\\":
                pieces.append(character)
                continue
            number = self.take(_NUMBER)
            following = "" if number is not None else self.peek()
            self.at += len(following)
            pieces.append(_character(number) if number is not None else _ESCAPES.get(following, "\\" + following))
        self.at += 1
        return "".join(pieces).partition("\0")[0]


def _character(number: str) -> str:
    code = int(number[1:], 16) if number[0] in "xuU" else int(number, 8)
    return chr(code) if code < _HIGHEST and code not in _SURROGATES else "?"
