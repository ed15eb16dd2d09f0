"""Python source taken apart into statements, as far as is needed to see what a configuration file does.

Nothing is compiled, and what is taken apart is not checked: a text that Python would refuse may pass.

Source: The Python Language Reference, 2 (lexical analysis) and 8 (compound statements).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ocianalyze.regex import regex

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

Kind: TypeAlias = Literal["name", "number", "text", "operator"]

_DEEPEST: Final = 40
"""How many blocks may stand within each other."""

_BLOCKS: Final = frozenset(
    {"if", "elif", "else", "for", "while", "try", "except", "finally", "with", "def", "class", "async"}
)
_MAYBE_BLOCKS: Final = frozenset({"match", "case"})
_SPACE: Final = regex(r"[ \t\f]*(?:\\\n[ \t\f]*)*")
_INDENTATION: Final = regex(r"[ \t\f]*")
_COMMENT: Final = regex(r"#[^\n]*")
_NAME: Final = regex(r"[^\W\d]\w*")
_NUMBER: Final = regex(r"(?a)\d[\w.]*|\.\d[\w.]*")
_OPERATOR: Final = regex(r"\*\*=?|//=?|>>=?|<<=?|:=|->|\.\.\.|[-+*/%&|^@=!<>]=|[-+*/%&|^@=<>.,:;~!`$?\[\](){}]")
_QUOTE: Final = regex(r"(?i)([rubft]{0,2})('''|\"\"\"|'|\")")
_STOPS: Final = {quote: regex(rf"[\\\n{quote}]") for quote in ("'", '"')}
_LONG_STOPS: Final = {quote: regex(rf"\\|{quote}") for quote in ("'''", '"""')}
_OPENING, _CLOSING = frozenset("([{"), {")": "(", "]": "[", "}": "{"}
_ESCAPES: Final = {
    "\n": "",
    **{character: character for character in "\\'\""},
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_UNREAD_ESCAPES: Final = frozenset("xuUN01234567")
_TAB: Final = 8


class PythonProblem(Exception):  # noqa: N818 - a problem of the file, that is no error here
    """A text is no Python that can be taken apart."""


class Token(NamedTuple):
    """A part of a statement; `value` is what a literal text comes to, if that can be told."""

    kind: Kind
    text: str
    value: str | None = None


class Statement(NamedTuple):
    """A simple statement; or the head of a block, without its colon, and what stands in it."""

    tokens: tuple[Token, ...]
    body: tuple[Statement, ...] | None = None

    @property
    def keyword(self) -> str:
        """The first word."""
        return self.tokens[0].text if self.tokens[0].kind == "name" else ""


def parse_statements(text: str) -> tuple[Statement, ...]:  # noqa: C901 - one case after the other
    """Return the statements of a text.

    Raises:
        PythonProblem: it cannot be taken apart.
    """
    lines = list(_lines(text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")))
    # What was begun, by how deep it is indented: the head of the block, and what stands in it so far.
    open_blocks: list[tuple[int, tuple[Token, ...], list[Statement]]] = [(0, (), [])]
    waiting: tuple[Token, ...] | None = None
    for indentation, tokens in lines:
        if waiting is not None:
            if indentation <= open_blocks[-1][0]:
                raise PythonProblem("empty block")
            if len(open_blocks) > _DEEPEST:
                raise PythonProblem("blocks are nested too deeply")
            open_blocks.append((indentation, waiting, []))
            waiting = None
        while indentation < open_blocks[-1][0]:
            _close(open_blocks)
        if indentation != open_blocks[-1][0]:
            raise PythonProblem("inconsistent indentation")
        head, rest = _head(tokens)
        if head is None:
            open_blocks[-1][2].extend(_simple(tokens))
        elif rest:
            open_blocks[-1][2].append(Statement(head, tuple(_simple(rest))))
        else:
            waiting = head
    if waiting is not None:
        raise PythonProblem("empty block")
    while len(open_blocks) > 1:
        _close(open_blocks)
    return tuple(open_blocks[0][2])


def _close(open_blocks: list[tuple[int, tuple[Token, ...], list[Statement]]]) -> None:
    _, head, body = open_blocks.pop()
    open_blocks[-1][2].append(Statement(head, tuple(body)))


def _head(tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...] | None, tuple[Token, ...]]:
    """Return the head of a block that a line begins, and what stands behind its colon; None if it begins none."""
    word = tokens[0].text
    begins = word in _BLOCKS or (word in _MAYBE_BLOCKS and tokens[-1].text == ":" and len(tokens) > 2)  # noqa: PLR2004
    if tokens[0].kind != "name" or not begins:
        return None, tokens
    for position, _ in split(tokens, ":"):
        return tokens[:position], tokens[position + 1 :]
    return None, tokens


def split(tokens: tuple[Token, ...], *texts: str) -> Iterator[tuple[int, Token]]:
    """Yield where some operators or keywords stand outside of brackets."""
    depth = 0
    for position, token in enumerate(tokens):
        if token.kind == "operator":
            depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if not depth and token.text in texts and token.kind in ("operator", "name"):
            yield position, token


def _simple(tokens: tuple[Token, ...]) -> Iterator[Statement]:
    begin = 0
    for position, _ in split(tokens, ";"):
        if position > begin:
            yield Statement(tokens[begin:position])
        begin = position + 1
    if begin < len(tokens):
        yield Statement(tokens[begin:])


def _lines(text: str) -> Iterator[tuple[int, tuple[Token, ...]]]:
    """Yield the logical lines: how deep each is indented, and its tokens."""
    position, end = 0, len(text)
    while position < end:
        indentation = _matched(_INDENTATION, text, position)
        position += len(indentation)
        tokens: list[Token] = []
        brackets: list[str] = []
        while position < end:
            position += len(_matched(_SPACE, text, position))
            if position >= end:
                break
            if text[position] == "\n":
                position += 1
                if not brackets:
                    break
                continue
            comment = _COMMENT.match(text, position)
            if comment:
                position = comment.end()
                continue
            token, position = _token(text, position)
            _count(token, brackets)
            tokens.append(token)
        if brackets:
            raise PythonProblem("unclosed bracket")
        if tokens:
            yield len(indentation.replace("\f", "").expandtabs(_TAB)), tuple(tokens)


def _count(token: Token, brackets: list[str]) -> None:
    if token.kind != "operator":
        return
    if token.text in _OPENING:
        brackets.append(token.text)
    elif token.text in _CLOSING and (not brackets or brackets.pop() != _CLOSING[token.text]):
        raise PythonProblem("unexpected closing bracket")


def _token(text: str, position: int) -> tuple[Token, int]:
    quote = _QUOTE.match(text, position)
    if quote:
        return _literal(text, quote)
    for kind, pattern in _PATTERNS:
        found = _matched(pattern, text, position)
        if found:
            return Token(kind, found), position + len(found)
    raise PythonProblem("unexpected character")


def _matched(pattern: re.Pattern[str], text: str, position: int) -> str:
    match = pattern.match(text, position)
    return match[0] if match else ""


def _literal(text: str, begin: re.Match[str]) -> tuple[Token, int]:
    prefix, quote = begin[1].lower(), begin[2]
    stops = _LONG_STOPS.get(quote) or _STOPS[quote]
    parts: list[str] = []
    known = "b" not in prefix
    position = begin.end()
    while True:
        stop = stops.search(text, position)
        if stop is None or stop[0] == "\n":
            raise PythonProblem("unclosed string")
        parts.append(text[position : stop.start()])
        position = stop.end()
        if stop[0] != "\\":
            break
        if position >= len(text):
            raise PythonProblem("unclosed string")
        escaped = text[position]
        position += 1
        known = known and ("r" in prefix or escaped not in _UNREAD_ESCAPES)
        parts.append("\\" + escaped if "r" in prefix else _ESCAPES.get(escaped, "\\" + escaped))
    value = "".join(parts)
    known = known and not ({"f", "t"}.intersection(prefix) and ("{" in value or "}" in value or "t" in prefix))
    return Token("text", text[begin.start() : position], value if known else None), position


_PATTERNS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    ("name", _NAME),
    ("number", _NUMBER),
    ("operator", _OPERATOR),
)
