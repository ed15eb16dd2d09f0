"""What stands between the words of a shell script: blanks, comments, operators, reserved words, redirections.

Source: POSIX.1-2024, "Shell Command Language", 2.3 (tokens), 2.4 (reserved words), 2.7 (redirections).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.shell.dialects import BASH
from ocianalyze.facts.shell.syntax import Redirection, Text, Word
from ocianalyze.facts.shell.words import WordReader
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from ocianalyze.facts.shell.dialects import Dialect

_BLANKS: Final = regex(r"(?:[ \t]|\\\n)+")
_COMMENT: Final = regex(r"#[^\n]*")
_RESERVED: Final = regex(
    r"(?:if|then|elif|else|fi|for|while|until|do|done|case|esac|in|function|select|coproc|time|!|\{|\}|\[\[)"
    r"(?=[\s;&|()<>]|\Z)"
)
_OPERATOR: Final = regex(r"\n|&&|\|\||;;&|;;|;&|;|\|&|&(?!>)|\||\(|\)")
_OPERATOR_OR_BOTH: Final = regex(r"\n|&&|\|\||;;|;|&|\||\(|\)")
_BOTH: Final = regex(r"&>>?")
_REDIRECTION: Final = regex(
    r"(?P<descriptor>\d*|\{[A-Za-z_]\w*\})(?P<operator><<-|<<<|<<|<&|<>|<(?!\()|>>|>&|>\||>(?!\())", re.ASCII
)
_MOST_DOCUMENTS: Final = 1000


class Tokens(WordReader):
    """Reads what stands between words."""

    def __init__(self, text: str, dialect: Dialect = BASH, *, line: int = 1, depth: int = 0) -> None:
        super().__init__(text, dialect, line=line, depth=depth)
        self._pending: list[tuple[str, bool, bool, list[Word]]] = []
        self._operators = _OPERATOR if dialect.has("&>") else _OPERATOR_OR_BOTH

    def skip_blanks(self) -> None:
        """Skip blanks, and a comment behind them."""
        self.take(_BLANKS)
        if self.peek() == "#":
            self.take(_COMMENT)

    def skip_empty(self) -> None:
        """Skip blanks, comments and ends of lines, with the here-documents behind these."""
        self.skip_blanks()
        while self.peek() == "\n":
            self.end_line()
            self.skip_blanks()

    def end_line(self) -> None:
        """Go on behind the end of the line, and behind the here-documents that the line has begun."""
        self.at += 1
        self.read_documents()

    def operator(self) -> str:
        """Return the operator that comes next, or an empty text."""
        self.skip_blanks()
        match = self._operators.match(self.text, self.at)
        return match[0] if match is not None else ""

    def reserved(self) -> str:
        """Return the reserved word that comes next, or an empty text."""
        self.skip_blanks()
        match = _RESERVED.match(self.text, self.at)
        return match[0] if match is not None else ""

    def expect(self, word: str) -> None:
        """Go on behind a reserved word, which must come next."""
        self.skip_empty()
        if self.reserved() != word:
            raise self.fail(f"missing '{word}'")
        self.at += len(word)

    def redirections(self) -> tuple[Redirection, ...]:
        """Return the redirections that come next."""
        found = []
        self.skip_blanks()
        while (redirection := self.redirection()) is not None:
            found.append(redirection)
            self.skip_blanks()
        return tuple(found)

    def redirection(self) -> Redirection | None:
        """Return the redirection that comes next, or None if none does."""
        if self.dialect.has("&>"):
            both = self.take(_BOTH)
            if both is not None:
                return Redirection("&", both[1:], self._target())
        match = _REDIRECTION.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        descriptor, operator = match["descriptor"], match["operator"]
        if operator in ("<<", "<<-"):
            return self._begin_document(descriptor, operator)
        if operator == "<<<" and not self.dialect.has("here-strings"):
            raise self.unknown("'<<<'")
        return Redirection(descriptor, operator, self._target())

    def read_documents(self) -> None:
        """Read the texts of the here-documents that the line before has begun."""
        pending, self._pending = self._pending, []
        for delimiter, quoted, indented, document in pending:
            lines, line = [], self.line
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                content = self.text[self.at : end].lstrip("\t" if indented else "")
                self.at = min(end + 1, len(self.text))
                if content == delimiter:
                    break
                lines.append(content + "\n")
            document.append(self._document("".join(lines), line, quoted=quoted))

    def _target(self) -> Word:
        self.skip_blanks()
        target = self.read_word()
        if target is None:
            raise self.fail("missing target of a redirection")
        return target

    def _begin_document(self, descriptor: str, operator: str) -> Redirection:
        self.skip_blanks()
        start = self.at
        target = self._target()
        raw = self.text[start : self.at]
        document: list[Word] = []
        quoted = any(character in raw for character in "'\"\\")
        self._pending.append((re.sub(r"['\"\\]", "", raw), quoted, operator == "<<-", document))
        if len(self._pending) > _MOST_DOCUMENTS:
            raise self.fail("too many here-documents")
        return Redirection(descriptor, operator, target, document)

    def _document(self, text: str, line: int, *, quoted: bool) -> Word:
        if quoted:
            return Word((Text(text, quoted=True),), line)
        return type(self)(text, self.dialect, line=line, depth=self.depth).read_document()
