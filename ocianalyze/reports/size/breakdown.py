"""Where the bytes of an image are, as a person reads it: what to cut when it is too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.reports.layout import Line, Span, columns, line
from ocianalyze.reports.steps import build_step
from ocianalyze.reports.text import printable
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.reports.report import Report, SizeFacts, SizePiece

_SHOWN: Final = 5


def breakdown(report: Report, size: SizeFacts, width: int) -> Iterator[Line]:
    """Return the lines of the three sizes, the largest directories and files, and what each build step wasted."""
    return columns(
        ((line(Span(title, "dim")), amount, text) for title, amount, text in _rows(report, size)), width, right={1}
    )


def _rows(report: Report, size: SizeFacts) -> Iterator[tuple[str, str, str]]:
    yield "as docker shows", human(size.docker_image_size), "sum of the layers' files; what is limited"
    yield "", f"about {human(size.containerd_estimate)}", "with the containerd image store"
    if size.compressed is not None:
        yield "", human(size.compressed), "to download"
    for title, rows in (
        ("largest directories", _pieces(report, size.largest_directories or [])),
        ("largest files", _pieces(report, size.largest_files or [])),
        ("wasted", _wasted(report, size)),
    ):
        for number, (amount, text) in enumerate(rows):
            yield "" if number else title, human(amount), text


def _pieces(report: Report, pieces: Sequence[SizePiece]) -> Iterator[tuple[int, str]]:
    for piece in pieces[:_SHOWN]:
        hidden = "" if piece.hidden_by is None else f", hidden by layer {piece.hidden_by}"
        yield piece.bytes, f"{printable(piece.path)}  layer {_step(report, piece.layer)}{hidden}"


def _wasted(report: Report, size: SizeFacts) -> Iterator[tuple[int, str]]:
    """Yield what each layer hides of earlier ones, the most first: where most of it is, and which step wrote it."""
    for waste in size.wasting[:_SHOWN]:
        most = waste.places[0]
        yield (
            waste.bytes,
            f"by layer {_step(report, waste.layer)}; most of it in {printable(most.path)} of layer {most.layer}",
        )


def _step(report: Report, layer: int) -> str:
    created_by = report.layers[layer].created_by if layer < len(report.layers) else None
    return f"{layer}: {build_step(created_by)}" if created_by else str(layer)
