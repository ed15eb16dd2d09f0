"""Where the bytes of an image are, as a person reads it: what to cut when it is too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ocianalyze.reports.steps import build_step
from ocianalyze.reports.text import printable
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from ocianalyze.reports.report import Report, SizeFacts, SizePiece

_SHOWN: Final = 5


def breakdown(report: Report, size: SizeFacts) -> RenderableType:
    """Return the three sizes, the largest directories and files, and what each build step wasted."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(_title("as docker shows"), human(size.docker_image_size), "sum of the layers' files; what is limited")
    table.add_row("", f"about {human(size.containerd_estimate)}", "with the containerd image store")
    if size.compressed is not None:
        table.add_row("", human(size.compressed), "to download")
    for title, rows in (
        ("largest directories", _pieces(report, size.largest_directories or [])),
        ("largest files", _pieces(report, size.largest_files or [])),
        ("wasted", _wasted(report, size)),
    ):
        for number, (amount, text) in enumerate(rows):
            table.add_row(_title("" if number else title), human(amount), Text(text))
    return Padding(table, (0, 0, 0, 2))


def _title(text: str) -> Text:
    return Text(text, style="dim")


def _pieces(report: Report, pieces: list[SizePiece]) -> Iterator[tuple[int, str]]:
    for piece in pieces[:_SHOWN]:
        hidden = "" if piece.hidden_by is None else f", hidden by layer {piece.hidden_by}"
        yield piece.bytes, f"{printable(piece.path)}  layer {_step(report, piece.layer)}{hidden}"


def _wasted(report: Report, size: SizeFacts) -> Iterator[tuple[int, str]]:
    """Yield what later layers hide of each layer, the most first: what hides it, and which step wrote it."""
    for waste in sorted(size.wasted, key=lambda waste: -waste.bytes)[:_SHOWN]:
        most = waste.directories[0]
        hidden = f"most of it in {printable(most.path)}, hidden by layer {most.hidden_by}"
        yield waste.bytes, f"layer {_step(report, waste.layer)}; {hidden}"


def _step(report: Report, layer: int) -> str:
    created_by = report.layers[layer].created_by
    return f"{layer}: {build_step(created_by)}" if created_by else str(layer)
