"""Shell scripts taken apart into simple commands, without running anything.

Source: POSIX.1-2024, "Shell Command Language": quoting, parameter expansion, field splitting, lists, compound commands.
What only a running shell can tell, such as the output of a command, stands as `UNKNOWN` in the words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

UNKNOWN: Final = "\0"
"""Stands in a word for what only a running shell knows; no argument of a program can hold it."""

LONGEST: Final = 64 * 1024
"""How much of a script is looked at, and how much its expansions may come to."""

_SPLIT: Final = "\1"
_QUOTED: Final = "\2"
"""Stand in a word that is being made: where expansions make several of it, and where something was quoted."""

_MARKS: Final = dict.fromkeys(map(ord, (_SPLIT, _QUOTED)), "?")
_LONGEST_VALUE: Final = 4096
_ASSIGNMENT: Final = re.compile(r"([A-Za-z_]\w*)\+?=", re.ASCII)
_PARAMETER: Final = re.compile(r"\$(?:(\w+|[@*#?$!-])|\{(\w+|[@*])(?:(:?)-([^{}$`\"'\\]*))?\})", re.ASCII)
_OPERATORS: Final = re.compile(r"\n|&&|\|\||;;|;|\|&|\||&(?!>)|\(|\)")
_REDIRECTION: Final = re.compile(r"(?:\d*|&)(?:<<-|<<<|<<|>>|>&|<&|>\||<>|>|<)")
_WHITE: Final = re.compile(r"[ \t\n]+")
_PLAIN: Final = re.compile(r"[^ \t\n\\'\"$`;&|()<>#]+")
_OPENERS: Final = frozenset({"if", "while", "until", "for", "case", "select", "{", "(", "function"})
_CLOSERS: Final = frozenset({"fi", "done", "esac", "}", ")"})
_PREFIXES: Final = frozenset({"then", "else", "elif", "do", "!", "time", *_OPENERS})


DECLARATIONS: Final = frozenset({"export", "declare", "readonly", "typeset", "local"})
"""The commands that set variables by words such as ``NAME=value``."""


class SimpleCommand(NamedTuple):
    """One simple command: its words, the assignments before them, and whether it stands inside of something.

    `nested` is True of what a condition, a loop, a subshell or ``||`` may leave out; `passes_arguments` of a command
    that is given all arguments of the script (``"$@"``).
    """

    words: tuple[str, ...]
    assignments: tuple[tuple[str, str], ...] = ()
    nested: bool = False
    passes_arguments: bool = False


def parse_script(text: str, variables: Mapping[str, str], arguments: Sequence[str] = ()) -> tuple[SimpleCommand, ...]:
    """Return the simple commands of a script, in order; all branches of conditions are taken.

    `variables` and `arguments` are what the script is run with. Of a script that is too long, the beginning is read.
    """
    return tuple(_Parser(text[:LONGEST].replace(UNKNOWN, "?").translate(_MARKS), variables, arguments).commands())


@dataclass(slots=True)
class _Word:
    """A word in the making."""

    text: list[str] = field(default_factory=list)
    all_arguments: bool = False

    @property
    def quoted(self) -> bool:
        """True if something of it was quoted, which no reserved word is."""
        return any(_QUOTED in part for part in self.text)

    @property
    def begins_array(self) -> bool:
        """True if it is ``NAME=``, behind which a parenthesis is bash's list of values."""
        return _ASSIGNMENT.fullmatch("".join(self.text)) is not None

    def finish(self) -> list[str]:
        """Return the words that it comes to: what is empty is one only if it was quoted."""
        return [part.replace(_QUOTED, "") for part in "".join(self.text).split(_SPLIT) if part]


class _Parser:
    """Goes through a script once, from its beginning to its end."""

    def __init__(self, text: str, variables: Mapping[str, str], arguments: Sequence[str]) -> None:
        self._text = text
        self._at = 0
        self._variables = dict(variables)
        self._arguments = tuple(argument.translate(_MARKS) for argument in arguments)
        self._room = LONGEST
        self._heredocs: list[str] = []
        self._open: list[str] = []

    def commands(self) -> Iterator[SimpleCommand]:
        words: list[str] = []
        passes = after_or = False
        for piece in self._pieces():
            if isinstance(piece, _Word):
                made = piece.finish()
                if not words and len(made) == 1 and not piece.quoted and self._keyword(made[0]):
                    continue
                words += made
                passes = passes or piece.all_arguments
                continue
            yield from self._command(words, passes=passes, after_or=after_or)
            words, passes, after_or = [], False, piece == "||"
            if piece in ("(", ")"):
                self._keyword(piece)
        yield from self._command(words, passes=passes, after_or=after_or)

    def _keyword(self, word: str) -> bool:
        """Tell whether a word at the place of a command is a reserved word, and keep count of what it opens."""
        if word in _OPENERS:
            self._open.append(word)
        elif word in _CLOSERS:
            if self._open and (word != ")" or self._open[-1] == "("):
                self._open.pop()
            return True
        return word in _PREFIXES

    def _command(self, words: list[str], *, passes: bool, after_or: bool) -> Iterator[SimpleCommand]:
        count = 0
        while count < len(words) and _ASSIGNMENT.match(words[count]):
            count += 1
        nested = bool(self._open) or after_or
        pairs = tuple(map(self._assignment, words[:count]))
        rest = tuple(words[count:])
        if not rest or rest[0] in DECLARATIONS:
            stated = tuple(self._assignment(word) for word in rest[1:] if _ASSIGNMENT.match(word))
            for name, value in pairs + stated:
                self._variables[name] = UNKNOWN if nested else value
        if words:
            yield SimpleCommand(rest, pairs, nested, passes)

    def _assignment(self, word: str) -> tuple[str, str]:
        """Return the variable that a word sets, and its value, which ``+=`` adds to the one before."""
        name, _, value = word.partition("=")
        if not name.endswith("+"):
            return name, value
        name = name.removesuffix("+")
        before = self._variables.get(name, "")
        return name, before + value if len(before) + len(value) <= _LONGEST_VALUE else UNKNOWN

    def _pieces(self) -> Iterator[_Word | str]:  # noqa: C901 - one branch for each kind of character
        text = self._text
        word: _Word | None = None
        while self._at < len(text):
            character = text[self._at]
            operator = _OPERATORS.match(text, self._at)
            redirection = None
            if word is None or character in "<>":
                redirection = _REDIRECTION.match(text, self._at)
            if character == "#" and word is None:
                self._skip_to("\n")
            elif character == "(" and word is not None and word.begins_array:
                self._skip_balanced("(", ")")
                word.text.append(UNKNOWN)
            elif operator is not None or character in " \t" or redirection is not None:
                if word is not None:
                    yield word
                    word = None
                if operator is not None:
                    self._at = operator.end()
                    if operator[0] == "\n":
                        self._skip_heredocs()
                    yield operator[0]
                elif redirection is not None:
                    self._redirect(redirection)
                else:
                    self._at += 1
            else:
                word = word or _Word()
                self._extend(word, quoted=False)
        if word is not None:
            yield word

    def _extend(self, word: _Word, *, quoted: bool) -> None:
        """Add to a word what comes next: a run of plain characters, something quoted, or an expansion."""
        text, character = self._text, self._text[self._at]
        if character == "\\" and not (quoted and text[self._at + 1 : self._at + 2] not in ("\\", '"', "$", "`", "\n")):
            escaped = text[self._at + 1 : self._at + 2]
            word.text.append("" if escaped == "\n" else _QUOTED + escaped)
            self._at += 2
        elif character == "'" and not quoted:
            end = text.find("'", self._at + 1)
            end = len(text) if end < 0 else end
            word.text.append(_QUOTED + text[self._at + 1 : end])
            self._at = end + 1
        elif character == '"' and not quoted:
            start = len(word.text)
            self._at += 1
            while self._at < len(text) and text[self._at] != '"':
                self._extend(word, quoted=True)
            self._at += 1
            if len(word.text) == start:
                word.text.append(_QUOTED)
        elif character in "$`":
            self._expand(word, quoted=quoted)
        else:
            plain = None if quoted else _PLAIN.match(text, self._at)
            end = plain.end() if plain is not None else self._at + 1
            word.text.append(text[self._at : end])
            self._at = end

    def _expand(self, word: _Word, *, quoted: bool) -> None:
        match = _PARAMETER.match(self._text, self._at)
        if match is None:
            opening = self._text[self._at : self._at + 2]
            if self._text[self._at] == "`":
                self._at += 1
                self._skip_to("`", past=True)
            elif opening in ("$(", "${"):
                self._skip_balanced(opening[1], ")" if opening == "$(" else "}")
            else:
                word.text.append("$")
                self._at += 1
                return
            word.text.append(UNKNOWN)
            return
        self._at = match.end()
        name, default = match[1] or match[2], match[4]
        if self._room <= 0:
            word.text.append(UNKNOWN)
            return
        if name in ("@", "*"):
            word.all_arguments = word.all_arguments or name == "@"
            mark = _QUOTED if quoted else ""
            between = _SPLIT if name == "@" or not quoted else " "
            self._add(word, between.join(mark + argument for argument in self._arguments))
            return
        value = self._value(name)
        if default is not None and (value is None or (match[3] and not value)):
            value = default
        if value is None:
            value = UNKNOWN
        self._add(word, _QUOTED + value if quoted else _WHITE.sub(_SPLIT, value))

    def _value(self, name: str) -> str | None:
        if name.isdigit():
            position = int(name) if len(name) < 4 else 0  # noqa: PLR2004 - more arguments than anybody counts
            return self._arguments[position - 1] if 0 < position <= len(self._arguments) else None
        value = self._variables.get(name)
        if value is None:
            return None
        return value.translate(_MARKS) if len(value) <= _LONGEST_VALUE else UNKNOWN

    def _add(self, word: _Word, value: str) -> None:
        self._room -= len(value)
        word.text.append(value if self._room >= 0 else UNKNOWN)

    def _redirect(self, match: re.Match[str]) -> None:
        """Leave out a redirection and the word that says where to."""
        self._at = match.end()
        while self._text[self._at : self._at + 1] in (" ", "\t"):
            self._at += 1
        start, target = self._at, _Word()
        while self._at < len(self._text) and not (
            self._text[self._at] in " \t" or _OPERATORS.match(self._text, self._at) or self._text[self._at] in "<>"
        ):
            self._extend(target, quoted=False)
        if match[0].endswith(("<<", "<<-")) and start < self._at:
            self._heredocs.append("".join(target.text).replace(_QUOTED, ""))

    def _skip_heredocs(self) -> None:
        for delimiter in self._heredocs:
            while self._at < len(self._text):
                end = self._text.find("\n", self._at)
                end = len(self._text) if end < 0 else end
                line = self._text[self._at : end].strip("\t")
                self._at = end + 1
                if line == delimiter:
                    break
        self._heredocs.clear()

    def _skip_to(self, end: str, *, past: bool = False) -> None:
        found = self._text.find(end, self._at)
        self._at = len(self._text) if found < 0 else found + (len(end) if past else 0)

    def _skip_balanced(self, opening: str, closing: str) -> None:
        depth = 0
        while self._at < len(self._text):
            character = self._text[self._at]
            self._at += 1
            if character == "\\":
                self._at += 1
            elif character in "'\"":
                self._skip_to(character, past=True)
            elif character == opening:
                depth += 1
            elif character == closing:
                depth -= 1
                if depth == 0:
                    return
