"""Elements of HTML, in which all text is escaped unless it is markup already."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ocianalyze.regex import regex
from ocianalyze.reports.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HASHES: Final = regex(r"#(?=#)")
_VOID: Final = frozenset({"br", "meta", "col"})
_CELL: Final = 30
"""About how many characters the tags of a cell have."""
_BLOCKS: Final = frozenset(
    {
        *("article", "body", "caption", "dd", "details", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4", "head"),
        *("header", "li", "main", "meta", "nav", "ol", "p", "pre", "section", "summary", "svg", "table", "tbody"),
        *("thead", "title", "tr", "ul"),
    }
)
"""Elements that a line ends after, so that the source can be read."""


class Markup(str):
    """Text that is HTML; all other text is escaped."""

    __slots__ = ()


Content: TypeAlias = "str | None"
"""A child of an element: markup as it is, other text escaped, nothing for None."""


def text(value: str) -> Markup:
    """Return text of any origin as HTML, with all visible that would not be, and no command to a CI service."""
    escaped = escape(visible(value)).replace("::", "&#58;:")
    return Markup(_HASHES.sub("&#35;", escaped))


def join(parts: Iterable[Content]) -> Markup:
    """Return parts one after the other."""
    return Markup("".join(_child(part) for part in parts))


def element(name: str, /, *children: Content, **attributes: str | float | None) -> Markup:
    """Return an element.

    Attributes are written with ``_`` for ``-``, and with one at their ends where Python has the word itself; those that
    are None are left out.
    """
    stated = "".join(
        f' {key.strip("_").replace("_", "-")}="{text(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    end = "\n" if name in _BLOCKS else ""
    if name in _VOID:
        return Markup(f"<{name}{stated}>{end}")
    return Markup(f"<{name}{stated}>{''.join(map(_child, children))}</{name}>{end}")


def code(value: str) -> Markup:
    """Return text of the image, or for a shell."""
    return element("code", value)


def terms(rows: Iterable[tuple[str, Content]]) -> Markup:
    """Return a list of names and values; nothing if there is no value."""
    shown = [element("div", element("dt", name), element("dd", value)) for name, value in rows if value]
    return element("dl", *shown) if shown else Markup()


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[Content]], *, right: Iterable[int] = ()) -> Markup:
    """Return a table that scrolls by itself if it is too wide; the first cell of a row is its header.

    `right` are the positions of columns of numbers.
    """
    numbers = frozenset(right)

    def aligned(position: int) -> dict[str, str]:
        return {"class": "n", "align": "right"} if position in numbers else {}

    header = (element("th", name, scope="col", **aligned(n)) for n, name in enumerate(head))
    body = (
        element(
            "tr",
            *(
                element("td", cell, **aligned(n)) if n else element("th", cell, scope="row", align="left")
                for n, cell in enumerate(row)
            ),
        )
        for row in rows
    )
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *header)),
        element("tbody", *body),
        border=1,
        cellpadding=6,
        cellspacing=0,
    )
    return element("div", whole, class_="scroll", tabindex=0, role="group", aria_label=caption)


def folded(summary: str, *content: Content, is_open: bool = False) -> Markup:
    """Return content that can be folded."""
    return element("details", element("summary", summary), *content, open="" if is_open else None)


class Section(NamedTuple):
    """A part of the page, which can be reached by its id."""

    id: str
    title: str
    markup: Markup


def section(id_: str, title: str, *content: Content) -> Section:
    """Return a part of the page."""
    heading = element("h2", title, id=f"{id_}-title")
    return Section(id_, title, element("section", heading, *content, id=id_, aria_labelledby=f"{id_}-title"))


def within(budget: int, parts: Iterable[Markup]) -> tuple[list[Markup], int]:
    """Return the first parts that have no more than `budget` characters together, and how many are left out."""
    taken: list[Markup] = []
    left_out = 0
    for part in parts:
        budget -= len(part)
        if left_out or (budget < 0 and taken):
            left_out += 1
        else:
            taken.append(part)
    return taken, left_out


def listed(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[Content]],
    *,
    budget: int,
    what: str,
    right: Iterable[int] = (),
) -> Markup:
    """Return a table with the first rows that fit a budget, and what is said of the others."""
    kept: list[Sequence[Content]] = []
    left_out = 0
    for row in rows:
        budget -= sum(len(_child(cell)) + _CELL for cell in row)
        if left_out or (budget < 0 and kept):
            left_out += 1
        else:
            kept.append(row)
    return join((table(caption, head, kept, right=right), remark_on(left_out, what)))


def remark_on(left_out: int, what: str) -> Markup:
    """Return what is said of parts that are left out; nothing if there are none."""
    return element("p", f"{left_out:,} more {what} in the JSON report.", class_="muted") if left_out else Markup()


def lines(parts: Iterable[str]) -> Markup:
    """Return lines that can be copied."""
    return element("pre", element("code", Markup("\n".join(text(part) for part in parts))), tabindex=0)


def _child(part: Content) -> str:
    if part is None:
        return ""
    return part if isinstance(part, Markup) else text(part)
