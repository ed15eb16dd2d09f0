"""``${...}`` taken apart: the name, what is done with its value, and the words for that.

Source: POSIX.1-2024, "Shell Command Language", 2.6.2 (parameter expansion); bash(1), Parameter Expansion.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.shell.syntax import Parameter, Text, Word, merged
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from ocianalyze.facts.shell.dialects import Feature
    from ocianalyze.facts.shell.reader import Reader
    from ocianalyze.facts.shell.syntax import Part

_NAME: Final = regex(r"[A-Za-z_]\w*|\d+|[@*#?$!-]", re.ASCII)
_LENGTH: Final = regex(r"#(?=(?:[A-Za-z_]\w*|\d+|[@*?$!-])[}\[])", re.ASCII)
_INDIRECT: Final = regex(r"!(?=[A-Za-z_\d@*#])", re.ASCII)
_NAMES: Final = regex(r"[*@](?=\})")
_OPERATOR: Final = regex(r":?[-=?+]|##?|%%?|/[/#%]?|\^\^?|,,?|@[QEPAaKkUuLl](?=\})|:")
_DEFAULTS: Final = frozenset("-=?+")
_IN_OPERAND: Final = regex(r"[^\"'$`\\}/:]+")
_IN_QUOTED_OPERAND: Final = regex(r"[^\"$`\\}/:]+")
_NEEDS: Final[dict[str, Feature]] = {
    **dict.fromkeys("/", "pattern-substitution"),
    **dict.fromkeys("^,", "case-change"),
    "@": "arrays",
}


def read_braces(reader: Reader, *, quoted: bool) -> Parameter:
    """Return the expansion that begins with ``${``; `quoted` tells whether it stands in double quotes.

    Raises:
        SyntaxProblem: it does not end, or is none that the shell knows.
    """
    reader.at += 2
    return reader.deeper(lambda: _read(reader, quoted=quoted))


def _read(reader: Reader, *, quoted: bool) -> Parameter:
    length = reader.take(_LENGTH) is not None
    indirect = reader.dialect.has("indirect") and reader.take(_INDIRECT) is not None
    name = reader.take(_NAME)
    if name is None:
        raise reader.fail("missing name after '${'")
    index = None
    if reader.peek() == "[":
        if not reader.dialect.has("arrays"):
            raise reader.unknown("arrays")
        reader.at += 1
        index = reader.deeper(lambda: _index(reader))
    elif indirect and reader.take(_NAMES) is not None:
        index = Word((Text("*"),), reader.line)
        name += "*"
    operator = reader.take(_OPERATOR) or ""
    operands = _operands(reader, operator, quoted=quoted) if operator else ()
    if reader.peek() != "}":
        raise reader.fail("'${' is not closed or has unknown syntax")
    reader.at += 1
    return Parameter(name, quoted, operator, operands, index, length, indirect)


def _index(reader: Reader) -> Word:
    return reader.read_arithmetic("]")


def _operands(reader: Reader, operator: str, *, quoted: bool) -> tuple[Word, ...]:
    needed = "substring" if operator == ":" else _NEEDS.get(operator[0])
    if needed is not None and not reader.dialect.has(needed):
        raise reader.unknown(f"'${{name{operator}...}}'")
    if operator[-1] in _DEFAULTS:
        return (_operand(reader, "", quoted=quoted, literal_quotes=quoted),)
    between = "/" if operator[0] == "/" else ":" if operator == ":" else ""
    words = [_operand(reader, between, quoted=False, literal_quotes=False)]
    if between and reader.peek() == between:
        reader.at += 1
        words.append(_operand(reader, "", quoted=False, literal_quotes=False))
    return tuple(words)


def _operand(reader: Reader, end: str, *, quoted: bool, literal_quotes: bool) -> Word:
    """Return the word up to a brace or up to `end`; `literal_quotes` is True where a single quote is none."""
    parts: list[Part] = []
    line = reader.line
    while (character := reader.peek()) != "}" and (not end or character != end):
        if not character:
            raise reader.fail("'${' is not closed")
        if character == '"':
            reader.read_double_quoted(parts)
        elif character == "\\" and quoted and reader.peek(2)[1:] == "}":
            reader.at += 2
            parts.append(Text("}", quoted=True))
        elif character == "'" and literal_quotes:
            reader.at += 1
            parts.append(Text("'", quoted=True))
        elif quoted:
            reader.read_quoted_part(parts, _IN_QUOTED_OPERAND if not literal_quotes else _IN_OPERAND)
        else:
            reader.read_part(parts, _IN_OPERAND)
    return Word(merged(parts), line)
