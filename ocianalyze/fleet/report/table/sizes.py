"""What images and layers take, and which driver of the host suffices for how many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.ranges import ranges
from ocianalyze.fleet.report.table.bars import WIDTH
from ocianalyze.fleet.report.table.section import listed
from ocianalyze.fleet.report.wording import label, number, origin
from ocianalyze.reports.layout import Span, columns, line
from ocianalyze.reports.steps import build_step
from ocianalyze.reports.text import cut, printable
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.fleet.report.document import FleetReport, LayerUse
    from ocianalyze.fleet.report.table.bars import Bars
    from ocianalyze.fleet.report.table.section import TableSection
    from ocianalyze.reports.layout import Cell, Line

_MOST: Final = 8
_LAYERS: Final = 5
_LEFT: Final = WIDTH + 24
"""How many columns there are at most before the layer."""
_NARROWEST: Final = 20


def sizes(report: FleetReport, bars: Bars, width: int) -> Iterator[TableSection]:
    """Yield the sums, and the largest images."""
    size = report.sizes
    if not size.layers:
        return
    rows: list[Sequence[Cell]] = []
    for name, sharing in (("as stored", size.stored), ("unpacked", size.unpacked)):
        if sharing.apart:
            saved = 1 - sharing.together / sharing.apart
            unknown = f"; size of {number(sharing.unknown, 'layer')} not known" if sharing.unknown else ""
            text = f"{human(sharing.together)} instead of {human(sharing.apart)}: sharing saves {saved:.0%}{unknown}"
            rows.append((line(Span(name, "dim")), bars.share(sharing.together, sharing.apart), text))
    yield "Sizes of all layers", columns(rows, width)
    if size.largest:
        widest = report.images[size.largest[0]].size or 0
        head = _head("size", "", "largest images")
        largest: list[Sequence[Cell]] = [
            (human(image.size or 0), bars.size(image.size or 0, widest), label(image))
            for image in (report.images[place] for place in size.largest[:_MOST])
        ]
        title = f"Sizes of {number(size.images_known, 'image')}: {human(size.images)}"
        yield title, listed([head, *largest], size.images_known, width, right=(0,))


def layers(report: FleetReport, bars: Bars, width: int) -> Iterator[TableSection]:
    """Yield the layers that many images share, and the largest that do not."""
    size = report.sizes
    if size.shared:
        saved = [(use, use.saved) for use in size.shared[:_LAYERS]]
        yield "Layers whose sharing saves most", _layers(report, saved, "saves", bars, width)
    if size.single:
        taken = [(use, use.size or 0) for use in size.single[:_LAYERS]]
        yield "Largest layers that only one image has", _layers(report, taken, "size", bars, width)


def _layers(
    report: FleetReport, uses: Sequence[tuple[LayerUse, int]], title: str, bars: Bars, width: int
) -> Iterator[Line]:
    """Yield layers with what they save or take; the first one most."""
    largest = uses[0][1]
    rows: list[Sequence[Cell]] = [
        (human(size), bars.size(size, largest), f"{use.images:,}", _layer(report, use, width - _LEFT))
        for use, size in uses
    ]
    return columns([_head(title, "", "images", "layer"), *rows], width, right=(0, 2))


def _layer(report: FleetReport, use: LayerUse, width: int) -> Sequence[Line]:
    step = build_step(use.created_by) if use.created_by else printable(use.diff_id)
    return line(origin(use.base, report.images)), line(Span(cut(step, max(_NARROWEST, width)), "dim"))


def drivers(report: FleetReport, bars: Bars, width: int) -> Iterator[TableSection]:
    """Yield for how many images each driver suffices; drivers that are the same for all images are one."""
    matrix = report.drivers
    if not matrix.rows:
        return
    total = sum(len(row.images) for row in matrix.rows)
    rows: list[Sequence[Cell]] = [_head("suffices", "", "too old", "other", "CUDA", "driver")]
    for one in ranges(matrix):
        outcomes = matrix.drivers[one.column].outcomes
        enough, old = outcomes.get("sufficient", 0), outcomes.get("too-old", 0)
        other = sum(outcomes.values()) - enough - old
        bar = bars.share(enough, total, style="green")
        rows.append((f"{enough:,}", bar, f"{old:,}", f"{other:,}", printable(one.cuda), printable(one.drivers)))
    title = f"NVIDIA drivers of the host, for the {number(total, 'image')} that need one"
    yield title, columns(rows, width, right=(0, 2, 3))


def _head(*titles: str) -> tuple[Cell, ...]:
    return tuple(line(Span(title, "dim")) for title in titles)
