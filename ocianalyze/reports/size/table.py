"""Where the bytes of an image are, as a person reads it: pictures first, then what can be saved and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.reports.layout import EMPTY, Line, Span, columns, indent, line, wrap
from ocianalyze.reports.size.places import by_directory, unfold
from ocianalyze.reports.steps import build_step
from ocianalyze.reports.text import printable
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ocianalyze.reports.layout import Cell
    from ocianalyze.reports.report import PackageFacts
    from ocianalyze.reports.screen import Screen
    from ocianalyze.reports.size.report import SizeReport

_BAR: Final = 20
_VISIBLE: Final = 50
"""A directory is shown from one part in so many of the image on."""

_MOST: Final = 20
_CHANGES: Final = {
    "deleted": "deleted by layer {0}",
    "replaced": "replaced by layer {0}",
    "owner": "stored again by layer {0} with another owner",
    "mode": "stored again by layer {0} with another mode",
    "again": "stored again by layer {0}",
}


def print_sizes(report: SizeReport, screen: Screen) -> None:
    """Print where the bytes of an image are, and what can be saved."""
    image, width = report.image, screen.width
    screen.print(line(Span(printable(", ".join(image.names) or image.reference), "bold")))
    screen.print_all(indent(columns(_about(report), width - 2), 2))
    bar = _bars(report.size.docker_image_size, unicode=screen.unicode)
    for title, rows in (
        ("Directories", _directories(report, bar)),
        ("Layers", _layers(report, bar)),
        ("Packages", _packages(report)),
    ):
        screen.print(EMPTY, line(Span(title, "bold")))
        screen.print_all(indent(columns(rows, width - 2, right={0}, cut=True), 2))
    for title, items in (
        ("Hidden by later layers", list(_hidden(report))),
        ("Several times in the image", list(_duplicates(report))),
        ("Not needed", list(_avoidable(report))),
    ):
        if items:
            screen.print(EMPTY, line(Span(title, "bold")))
            screen.print_all(indent(_cures(items, width - 2), 2))
    screen.print(EMPTY)
    screen.print_all(wrap(_saving(report), width))


def _about(report: SizeReport) -> Iterator[tuple[Line, Cell]]:
    size, hidden = report.size, report.filesystem.shadowed_bytes
    share = size.docker_image_size / size.limit
    is_compressed = any(layer.compression != "none" for layer in report.layers)
    stored = f"; {human(size.compressed)} to download" if is_compressed and size.compressed is not None else ""
    for name, text in (
        ("size", f"{human(size.docker_image_size)}, {share:.1%} of the limit of {human(size.limit)}{stored}"),
        ("files", f"{report.filesystem.files:,}, {human(report.filesystem.bytes)} that a container sees"),
        *([("hidden", f"{human(hidden)} that later layers delete or replace")] if hidden else []),
        *(("not read", printable(gap)) for gap in report.inventory.gaps),
    ):
        yield line(Span(name, "dim")), text


def _bars(whole: int, *, unicode: bool) -> Callable[[int, int], Line]:
    """Return what draws how much of the image something takes, and how much of that is hidden."""
    seen, gone = ("█", "░") if unicode else ("#", ":")

    def bar(size: int, hidden: int) -> Line:
        length = round(size / whole * _BAR) if whole else 0
        dark = round(hidden / whole * _BAR) if whole else 0
        return line(Span(seen * (length - dark), "cyan"), gone * dark, " " * (_BAR - length))

    return bar


def _directories(report: SizeReport, bar: Callable[[int, int], Line]) -> Iterator[Sequence[Cell]]:
    root = by_directory(report.size.tree or ())
    for depth, path, place in unfold(root, max(1, root.bytes // _VISIBLE)):
        yield human(place.bytes), bar(place.bytes, place.hidden), line("  " * depth, printable(path))


def _layers(report: SizeReport, bar: Callable[[int, int], Line]) -> Iterator[Sequence[Cell]]:
    roots = {node.layer: node for node in report.size.tree or () if node.parent is None}
    for layer in report.layers:
        root = roots.get(layer.position)
        size, hidden = (root.bytes, root.hidden) if root is not None else (0, 0)
        step = build_step(layer.created_by) if layer.created_by else ""
        yield human(size), bar(size, hidden), f"{layer.position}: {step}"


def _packages(report: SizeReport) -> Iterator[Sequence[Cell]]:
    inventory = report.inventory
    measured = sorted(inventory.packages, key=_bytes_of, reverse=True)
    for package in measured[:_MOST]:
        place = "" if package.place == "/" else f"  {printable(package.place)}"
        name = f"{printable(package.name)} {printable(package.version)}"
        size = "-" if package.bytes is None else human(package.bytes)
        yield size, line(Span(package.manager, "dim")), f"{name}{place}"
    if len(measured) > _MOST:
        rest = sum(map(_bytes_of, measured[_MOST:]))
        yield human(rest), "", f"{len(measured) - _MOST:,} more"
    yield human(inventory.unlisted_bytes), "", "files that no package lists"


def _bytes_of(package: PackageFacts) -> int:
    return package.bytes or 0


def _hidden(report: SizeReport) -> Iterator[tuple[int, str, str]]:
    for waste in report.size.wasting:
        for place in waste.places:
            change = _CHANGES[place.change].format(waste.layer)
            yield place.bytes, f"{printable(place.path)} of layer {place.layer}, {change}", place.hint or ""


def _duplicates(report: SizeReport) -> Iterator[tuple[int, str, str]]:
    for item in report.duplicates or ():
        first, *others = item.places
        paths = ", ".join(f"{printable(place.path)} (layer {place.layer})" for place in others)
        layers = ", ".join(dict.fromkeys(str(place.layer) for place in others))
        link = f"Make a symbolic link to it ('ln -s') instead of storing it again, in the step of layer {layers}"
        yield item.bytes, f"{printable(first.path)} (layer {first.layer}) is also {paths}", link


def _avoidable(report: SizeReport) -> Iterator[tuple[int, str, str]]:
    for item in report.inventory.avoidable:
        number = f"{item.files:,} file{'' if item.files == 1 else 's'}"
        yield item.bytes, f"{item.title}: {printable(item.path)} ({number})", item.hint


def _cures(items: Sequence[tuple[int, str, str]], width: int) -> Iterator[Line]:
    """Yield what can be saved, largest first, each with how to do it."""
    shown = sorted(items, reverse=True)[:_MOST]
    yield from columns(
        (
            (human(size), [line(text), *([line(Span("fix", "dim"), f"  {printable(hint)}")] if hint else [])])
            for size, text, hint in shown
        ),
        width,
        right={0},
    )
    if len(items) > _MOST:
        yield line(f"and {len(items) - _MOST:,} more: see the JSON report")


def _saving(report: SizeReport) -> str:
    size, saved = report.size.docker_image_size, report.avoidable_bytes
    if not saved:
        where = " in what was searched" if report.inventory.gaps else ""
        return f"Nothing that can be avoided was found{where}."
    return f"Up to {human(saved)} can be saved, {saved / size:.1%} of the image." if size else ""
