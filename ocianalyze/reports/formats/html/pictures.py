"""Pictures of sizes: SVG with presentation attributes alone, which shows the same where style sheets are blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.reports.formats.html.markup import Markup, element, text, within
from ocianalyze.reports.formats.html.treemap import HEADER, WIDTH, treemap
from ocianalyze.reports.text import cut, visible
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocianalyze.reports.formats.html.treemap import Cell
    from ocianalyze.reports.size.places import Place

_INK: Final = "#14202b"
_COLOURS: Final = (
    *("#9cc3ea", "#f3c98b", "#a9d6b0", "#d3b8e8", "#f0b3ae", "#a5d8d8", "#e3d48a", "#c4c9f2"),
    "#d3d8de",
)
"""Of cells; black text can be read on all of them. The last one is of what is shown together."""
_OPENED: Final = (
    *("#cfe1f5", "#fae6c8", "#d6ecd9", "#eadff4", "#f9dbd8", "#d4eded", "#f3ecc9", "#e3e6f9"),
    "#e8ebee",
)
"""Of directories that show what is in them."""
_LETTER: Final = 6.4
_LONGEST: Final = 160
_SHORTEST: Final = 7
"""How many letters of a name are shown at least, dots included."""
_OTHER: Final = "other"
_LOWEST: Final = HEADER - 4
_SMALL: Final = 200
"""Width below which a label is left out where the page is narrow."""
_FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def hatching() -> Markup:
    """Return the pattern that stands for bytes that later layers hide, which all pictures use."""
    stripe = element("rect", width=2, height=6, fill=_INK, fill_opacity=0.45)
    pattern = element(
        "pattern", stripe, id="hatch", width=6, height=6, patternUnits="userSpaceOnUse", patternTransform="rotate(45)"
    )
    return element("svg", element("defs", pattern), width=0, height=0, aria_hidden="true", class_="defs")


def legend() -> Markup:
    """Return what the hatching means."""
    sample = element(
        "svg",
        element("rect", width=16, height=12, fill=_COLOURS[-1]),
        element("rect", width=16, height=12, fill="url(#hatch)"),
        width=16,
        height=12,
        aria_hidden="true",
    )
    return element("p", sample, " Hatched: stored in a layer, but deleted or replaced by a later one.", class_="muted")


def bar(label: str, share: float, hidden: float = 0, *, width: int | str = "100%", warns: bool = False) -> Markup:
    """Return a bar that is full at a share of 1; a part of it is hatched."""
    share = min(max(share, 0), 1)
    full = _percent(share)
    parts = [
        element("rect", width="100%", height=10, rx=3, fill="#8b949e", fill_opacity=0.25),
        element("rect", width=full, height=10, rx=3, fill="#d1242f" if warns else "#4c8fd9", class_="bar"),
    ]
    if hidden > 0:
        parts.append(element("rect", width=_percent(share * min(hidden, 1)), height=10, rx=3, fill="url(#hatch)"))
    title = element("title", label)
    return element("svg", title, *parts, width=width, height=10, role="img", aria_label=label, class_="meter")


def picture(
    root: Place,
    name: str,
    height: int,
    most: int,
    budget: int,
    path_of: Callable[[Place], str],
    *,
    whole: str = "the image",
) -> Markup:
    """Return a treemap of at most `most` cells and `budget` characters; its cells say what they are, and how large.

    `whole` is what their sizes are shares of.
    """
    drawn: list[Markup] = []
    left_out = most
    while left_out and most > 1:
        cells, opened = treemap(root, height, most)
        total = root.bytes
        drawn, left_out = within(budget, (_cell(n, cells, opened, total, path_of, whole) for n in range(len(cells))))
        most = len(drawn)
    if not drawn:
        return element("p", "There is nothing to show.", class_="muted")
    return element(
        "svg",
        element("title", name),
        *drawn,
        width="100%",
        height=height,
        role="img",
        aria_label=f"{name}; the tables on this page say the same",
        class_="map",
        font_family=_FONT,
        font_size=11,
        fill=_INK,
        stroke="Canvas",
        stroke_width=2,
    )


def _percent(share: float) -> str:
    return f"{share:.2%}"


def _cell(
    number: int,
    cells: list[Cell],
    opened: frozenset[int],
    total: int,
    path_of: Callable[[Place], str],
    whole: str,
) -> Markup:
    cell = cells[number]
    box = cell.box
    is_opened = number in opened
    path = path_of(cell.place.end)
    share = f"{cell.bytes / total:.1%}" if total else ""
    hidden = f"; {human(cell.hidden)} hidden by later layers" if cell.hidden else ""
    what = f"{path}: {_OTHER}" if cell.is_rest else path
    title = element("title", Markup(f"{text(_end(what))}\n{human(cell.bytes)}, {share} of {whole}{hidden}"))
    fill = (_OPENED if is_opened else _COLOURS)[cell.colour]
    parts: list[Markup | None] = [title, element("rect", width="100%", height="100%", fill=fill)]
    if cell.hidden and not is_opened:
        height = f"{100 * cell.hidden / max(cell.bytes, 1):.4g}%"
        top = f"{100 - 100 * cell.hidden / max(cell.bytes, 1):.4g}%"
        parts.append(element("rect", y=top, width="100%", height=height, fill="url(#hatch)"))
    above = path_of(cells[cell.parent].place.end) if cell.parent is not None else ""
    name = _OTHER if cell.is_rest else path.removeprefix(above).removeprefix(": ").strip("/") or path
    parts.append(_label(cell, name, is_hatched=not is_opened and 2 * cell.hidden > cell.bytes))
    return element(
        "svg",
        *parts,
        x=f"{box.x / WIDTH:.2%}",
        y=f"{box.y:.1f}",
        width=f"{box.width / WIDTH:.2%}",
        height=f"{box.height:.1f}",
        class_=f"k{cell.colour}{' d' if is_opened else ''}",
        data_p=cell.parent,
        data_b=cell.bytes,
    )


def _end(path: str) -> str:
    """Return a path, or the end of a very long one."""
    path = visible(path)
    return path if len(path) <= _LONGEST else f"...{path[3 - _LONGEST :]}"


def _label(cell: Cell, name: str, *, is_hatched: bool) -> Markup | None:
    """Return the name of a cell and its size, as far as there is room for them where the page is wide.

    On hatching it has a rim in the colour of the cell.
    """
    room = int((cell.box.width - 10) / _LETTER)
    if room < min(len(name), _SHORTEST) or cell.box.height < _LOWEST:
        return None
    whole = f"{name} {human(cell.bytes)}"
    classes = ("s",) * (cell.box.width < _SMALL) + ("over",) * is_hatched
    rim = (
        {"stroke": _COLOURS[cell.colour], "stroke_width": 3, "paint_order": "stroke"}
        if is_hatched
        else {"stroke": "none"}
    )
    shown = whole if len(whole) <= room else cut(name, room)
    return element("text", shown, x=5, y=13, class_=" ".join(classes) or None, **rim)
