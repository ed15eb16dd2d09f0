"""What changed from one image to another, as a person reads it on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.reports.difference.wording import by_growth, counts_of, growth, signed, versions_of
from ocianalyze.reports.findings import STYLES, findings
from ocianalyze.reports.layout import EMPTY, Line, Span, columns, indent, line, wrap
from ocianalyze.reports.text import printable
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ocianalyze.reports.difference.document import Change, Difference, PackageChange, Side
    from ocianalyze.reports.layout import Cell
    from ocianalyze.reports.screen import Screen

_MOST: Final = 30
"""How many rows a section has at most."""

_SIGNS: Final = {"new": Span("+", "green"), "gone": Span("-", "red"), "changed": Span("~", "yellow")}


def print_difference(difference: Difference, screen: Screen) -> None:
    """Print what changed."""
    screen.print_all(columns(_sides(difference), screen.width, right={1}))
    screen.print_all(wrap(growth(difference.size), screen.width))
    if difference.new_findings:
        screen.print(EMPTY, line(Span(f"New findings: {len(difference.new_findings):,}", "bold")))
        screen.print_all(indent(findings(difference.new_findings, screen.width - 2), 2))
    sections: Sequence[tuple[str, list[Sequence[Cell]]]] = (
        ("Fixed findings", [(item.rule, item.severity, printable(item.message)) for item in difference.fixed_findings]),
        ("Configuration", list(_changes(difference.configuration))),
        ("Environment", list(_changes(difference.environment or ()))),
        ("Kernels", list(_changes(difference.kernels))),
        ("CUDA", list(_changes(difference.cuda))),
        ("Packages", list(map(_package, by_growth(difference.packages or ())))),
    )
    for title, rows in sections:
        screen.print_all(_section(title, rows, screen.width))
    sizes: list[Sequence[Cell]] = [
        (signed(item.new - item.old), printable(item.path)) for item in difference.size.directories or ()
    ]
    screen.print_all(_section("Size by directory", sizes, screen.width, right={0}))
    for gap in difference.gaps:
        screen.print(EMPTY)
        screen.print_all(wrap(line(Span(printable(gap), "dim")), screen.width))
    screen.print(EMPTY)
    screen.print_all(wrap(counts_of(difference), screen.width))


def _sides(difference: Difference) -> Iterator[Sequence[Cell]]:
    for name, side, size in (
        ("old", difference.old, difference.size.old),
        ("new", difference.new, difference.size.new),
    ):
        badge = line(Span(f" {side.verdict.upper()} ", STYLES[side.verdict] + " reverse"))
        yield line(Span(name, "dim")), human(size), badge, _named(side)


def _named(side: Side) -> str:
    return printable(", ".join(side.image.names) or side.image.reference)


def _section(title: str, rows: Sequence[Sequence[Cell]], width: int, *, right: Iterable[int] = ()) -> Iterator[Line]:
    if not rows:
        return
    yield EMPTY
    yield line(Span(title, "bold"))
    yield from indent(columns(rows[:_MOST], width - 2, right=set(right)), 2)
    if len(rows) > _MOST:
        yield line(f"  and {len(rows) - _MOST:,} more: see --format json")


def _changes(changes: Iterable[Change]) -> Iterator[Sequence[Cell]]:
    for change in changes:
        sides = [(kind, text) for kind, text in (("gone", change.old), ("new", change.new)) if text is not None]
        shown = [line(_SIGNS[kind], " ", printable(text)) for kind, text in sides]
        yield printable(change.what), shown


def _package(change: PackageChange) -> Sequence[Cell]:
    kind = "changed" if change.old and change.new else "new" if change.new else "gone"
    more = f"  {signed(change.bytes)}" if change.bytes else ""
    what = f"{printable(change.name)} {printable(versions_of(change))}{more}"
    return line(_SIGNS[kind]), line(Span(change.manager, "dim")), what
