"""bash's ``[[ ... ]]`` taken apart.

Source: bash(1), Compound Commands and CONDITIONAL EXPRESSIONS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.shell.syntax import Test, Text, Word, merged
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from ocianalyze.facts.shell.syntax import Part
    from ocianalyze.facts.shell.words import WordReader

_SPACE: Final = regex(r"(?:[ \t\n]|\\\n)+")
_END: Final = regex(r"\]\](?=[\s;&|)<>]|\Z)")
_BINARY: Final = regex(r"(?:==|!=|=~|=|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef))(?=\s)|[<>]")
_UNARY: Final = regex(r"-[a-zA-Z](?=\s)")
_IN_EXPRESSION: Final = regex(r"[^ \t\n$`\"'\\()]+")


def read_test(reader: WordReader, line: int) -> Test:
    """Return the test up to ``]]``, which is read as well.

    Raises:
        SyntaxProblem: it does not end, or is none.
    """
    found = _any(reader, line)
    reader.take(_SPACE)
    if reader.take(_END) is None:
        raise reader.fail("missing ']]'")
    return found


def _any(reader: WordReader, line: int) -> Test:
    found = _all(reader, line)
    while _take(reader, "||"):
        found = Test(line, "||", (found, _all(reader, line)))
    return found


def _all(reader: WordReader, line: int) -> Test:
    found = _one(reader, line)
    while _take(reader, "&&"):
        found = Test(line, "&&", (found, _one(reader, line)))
    return found


def _one(reader: WordReader, line: int) -> Test:
    reader.take(_SPACE)
    if reader.peek() == "!" and reader.peek(2)[1:].isspace():
        reader.at += 1
        return Test(line, "!", (reader.deeper(lambda: _one(reader, line)),))
    if _take(reader, "("):
        found = reader.deeper(lambda: _any(reader, line))
        if not _take(reader, ")"):
            raise reader.fail("missing ')'")
        return found
    start = reader.at
    unary = reader.take(_UNARY)
    if unary is not None:
        reader.take(_SPACE)
        if not _END.match(reader.text, reader.at) and reader.peek(2) not in ("&&", "||"):
            operand = _word(reader)
            if operand is not None and (reader.take(_SPACE), _BINARY.match(reader.text, reader.at))[1] is None:
                return Test(line, unary, (operand,))
        reader.at = start
    left = _word(reader)
    if left is None:
        raise reader.fail("missing operand in a test")
    reader.take(_SPACE)
    operator = reader.take(_BINARY)
    if operator is None:
        return Test(line, "-n", (left,))
    reader.take(_SPACE)
    right = _expression(reader) if operator == "=~" else _word(reader)
    if right is None:
        raise reader.fail(f"missing operand after '{operator}'")
    return Test(line, operator, (left, right))


def _word(reader: WordReader) -> Word | None:
    return None if _END.match(reader.text, reader.at) else reader.read_word()


def _expression(reader: WordReader) -> Word | None:
    """Return the regular expression behind ``=~``, in which parentheses and bars are its own."""
    parts: list[Part] = []
    line, depth = reader.line, 0
    while (character := reader.peek()) and (depth or not character.isspace()):
        if character in "()":
            if character == ")" and not depth:
                break
            depth += (character == "(") - (character == ")")
            parts.append(Text(character))
            reader.at += 1
        elif character in " \t\n":
            parts.append(Text(character))
            reader.at += 1
        else:
            reader.read_part(parts, _IN_EXPRESSION)
    return Word(merged(parts), line) if parts else None


def _take(reader: WordReader, operator: str) -> bool:
    reader.take(_SPACE)
    if not reader.text.startswith(operator, reader.at):
        return False
    reader.at += len(operator)
    return True
