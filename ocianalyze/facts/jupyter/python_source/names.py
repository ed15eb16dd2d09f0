"""Which names a statement of Python gives values to.

Source: The Python Language Reference, 4.2.1 (binding of names), 7.2 (assignment statements).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.jupyter.python_source.text import split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.facts.jupyter.python_source.text import Statement, Token

_ASSIGNING: Final = ("=", "+=", "-=", "*=", "/=", "|=", "&=", "%=", "^=", "//=", "**=", ">>=", "<<=", "@=")
_PARTS_OF_OTHERS: Final = frozenset({".", "[", "("})


def targets_of(tokens: tuple[Token, ...]) -> tuple[list[tuple[Token, ...]], tuple[Token, ...]]:
    """Return what a statement assigns to, and the value; nothing to assign to if it is no plain assignment."""
    places = [position for position, _ in split(tokens, *_ASSIGNING)]
    if not places or any(tokens[place].text != "=" for place in places):
        return [], tokens
    begins = (0, *(place + 1 for place in places))
    return [tokens[begin:end] for begin, end in zip(begins, places, strict=False)], tokens[begins[-1] :]


def bound_names(statement: Statement) -> Iterator[str]:
    """Yield the names that a statement, or the head of a block, may give a value to."""
    tokens, keyword = statement.tokens, statement.keyword
    if keyword in ("import", "from"):
        yield from _imported(tokens)
        return
    if keyword in ("def", "class"):
        yield from (token.text for token in tokens[1:2])
        return
    last = max((position for position, _ in split(tokens, *_ASSIGNING)), default=0)
    if keyword == "del":
        last = len(tokens)
    if keyword in ("for", "async"):
        last = next((position for position, _ in split(tokens, "in")), len(tokens))
    for position, token in enumerate(tokens):
        if token.kind != "name":
            continue
        before = tokens[position - 1].text if position else ""
        following = tokens[position + 1].text if position + 1 < len(tokens) else ""
        named = position < last and before != "." and following not in _PARTS_OF_OTHERS
        if named or before == "as" or following == ":=" or keyword == "case":
            yield token.text


def _imported(tokens: Sequence[Token]) -> Iterator[str]:
    begin = next((number for number, token in enumerate(tokens) if token.text == "import"), 0)
    for position in range(begin + 1, len(tokens)):
        token, before = tokens[position], tokens[position - 1].text
        following = tokens[position + 1].text if position + 1 < len(tokens) else ""
        if token.kind == "name" and token.text != "as" and before != "." and following != "as":
            yield token.text
