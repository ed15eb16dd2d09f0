"""Styled lines, laid out for a width: what all that is printed for people is made of.

Words are never broken: a path stays whole, however long it is, so that it can be copied and searched for.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

_SPACES: Final = regex(r"( +)")
_NARROWEST: Final = 20
"""How many columns the last cell of a row has at least."""


class Span(NamedTuple):
    """Some text on one line, and its style: words such as ``bold red``, as `ocianalyze.reports.screen` knows them."""

    text: str
    style: str = ""


Line: TypeAlias = tuple[Span, ...]
Cell: TypeAlias = "str | Line | Sequence[Line]"
"""What a row has in a column: text, a line, or several lines."""

EMPTY: Final[Line] = ()


def line(*parts: str | Span) -> Line:
    """Return a line of text, some of it with a style."""
    return tuple(Span(part) if isinstance(part, str) else part for part in parts)


def wrap(text: str | Line, width: int) -> Iterator[Line]:
    """Yield lines that are no wider than `width`, unless a word is."""
    spans: list[Span] = []
    spaces = Span("")
    used = 0
    for word in _words(line(text) if isinstance(text, str) else text):
        if word[0].text.startswith(" "):
            spaces = word[0]
            continue
        needed = _cells(word)
        if spans and used + len(spaces.text) + needed > width:
            yield tuple(spans)
            spans, used = [], 0
        elif spaces.text:
            spans.append(spaces)
            used += len(spaces.text)
        spans += word
        used += needed
        spaces = Span("")
    yield tuple(spans)


def indent(lines: Iterable[Line], by: int) -> Iterator[Line]:
    """Yield the lines, each further to the right."""
    margin = Span(" " * by)
    return ((margin, *line) if line else line for line in lines)


def columns(
    rows: Iterable[Sequence[Cell]], width: int, *, right: Collection[int] = (), gap: int = 2, cut: bool = False
) -> Iterator[Line]:
    """Yield the lines of a table: each column as wide as it needs, the last one wrapped in what is left of `width`.

    Args:
        rows: the cells of each row; all rows have the same number of them.
        width: in characters.
        right: the positions of the columns whose texts end at the same place.
        gap: how many spaces there are between two columns.
        cut: whether the last cell is cut where the width ends, instead of being wrapped.
    """
    cells = [[_lines(cell) for cell in row] for row in rows]
    if not cells:
        return
    widths = [max(_cells(line) for row in cells for line in row[n]) for n in range(len(cells[0]) - 1)]
    room = max(_NARROWEST, width - sum(widths) - gap * len(widths))
    for row in cells:
        row[-1] = (
            [_cut(line, room) for line in row[-1]] if cut else [part for line in row[-1] for part in wrap(line, room)]
        )
        for parts in zip_longest(*row, fillvalue=EMPTY):
            spans: list[Span] = []
            for n, (part, needed) in enumerate(zip(parts, widths, strict=False)):
                padding = Span(" " * (needed - _cells(part)))
                spans += (padding, *part) if n in right else (*part, padding)
                spans.append(Span(" " * gap))
            yield (*spans, *parts[-1])


def _lines(cell: Cell) -> list[Line]:
    if isinstance(cell, str):
        return [line(cell)]
    return [cell] if not cell or isinstance(cell[0], Span) else list(cell)  # type: ignore[list-item, arg-type]


def _words(text: Line) -> Iterator[list[Span]]:
    """Yield words, which may consist of several spans, and the spaces between them."""
    word: list[Span] = []
    for span in text:
        for part in filter(None, _SPACES.split(span.text)):
            if part.startswith(" "):
                if word:
                    yield word
                yield [Span(part, span.style)]
                word = []
            else:
                word.append(Span(part, span.style))
    if word:
        yield word


def _cells(text: Iterable[Span]) -> int:
    """Return how many columns of a terminal a line takes."""
    whole = "".join(span.text for span in text)
    if whole.isascii():
        return len(whole)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 1 + (east_asian_width(char) in "WF") for char in whole)


def _cut(text: Line, width: int) -> Line:
    """Return a line with dots at its end if it is too long."""
    if _cells(text) <= width:
        return text
    spans: list[Span] = []
    left = width - 3
    for span in text:
        spans.append(span._replace(text=span.text[:left]))
        left -= len(spans[-1].text)
    return (*spans, Span("..."))
