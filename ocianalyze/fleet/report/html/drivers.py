"""Which driver of the host suffices for which image, as a matrix: images and drivers that are alike are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.html.elements import left_out, names
from ocianalyze.fleet.report.ranges import ranges
from ocianalyze.fleet.report.wording import OUTCOMES, number
from ocianalyze.reports.formats.html.markup import Markup, element, join, section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.fleet.report.document import DriverRow, FleetReport, Outcome
    from ocianalyze.fleet.report.ranges import Range
    from ocianalyze.reports.formats.html.markup import Section

_MOST: Final = 100
_MEANINGS: Final[dict[Outcome, str]] = {
    "sufficient": "the driver suffices",
    "too-old": "the driver is too old",
    "forward-compatible": "only with the compatibility package of the image, on GPUs that allow it",
    "refused": "a variable of the image refuses the driver",
    "depends": "depends on the GPU",
}


def drivers(report: FleetReport) -> Section | None:
    """Return the matrix, if any image needs a driver."""
    matrix = report.drivers
    if not matrix.rows:
        return None
    columns = ranges(matrix)
    rows = [_row(row, columns, report) for row in matrix.rows[:_MOST]]
    caption = "NVIDIA drivers of the host and images that need one; images with the same answers are one row"
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", element("th", "Images", scope="col", align="left"), *map(_head, columns))),
        element("tbody", *rows, _sums(columns, report)),
        border=1,
        cellpadding=6,
        cellspacing=0,
        class_="matrix",
    )
    shown = element("div", whole, class_="scroll", tabindex=0, role="group", aria_label=caption)
    used = {outcome for row in matrix.rows for outcome in row.outcomes}
    meanings = "; ".join(f"{OUTCOMES[one]}: {meaning}" for one, meaning in _MEANINGS.items() if one in used)
    about = element("p", f"{meanings[0].upper()}{meanings[1:]}.", class_="muted") if meanings else None
    return section("drivers", "NVIDIA drivers", about, shown, left_out(max(0, len(matrix.rows) - _MOST), "rows are"))


def _head(column: Range) -> Markup:
    return element("th", column.drivers, element("div", f"CUDA {column.cuda}", class_="muted small"), scope="col")


def _row(row: DriverRow, columns: Sequence[Range], report: FleetReport) -> Markup:
    needs = ", ".join(row.minimum_drivers)
    about = element("div", f"CUDA needs {needs} or newer", class_="muted small") if needs else None
    title = join(
        (element("strong", number(len(row.images), "image")), about, names(row.images, report.images, "Names"))
    )
    return element(
        "tr", element("th", title, scope="row", align="left"), *(_cell(row.outcomes[one.column]) for one in columns)
    )


def _cell(outcome: Outcome | None) -> Markup:
    if outcome is None:
        return element("td", "not known", class_="o-none", align="center")
    return element("td", OUTCOMES[outcome], class_=f"o-{outcome}", align="center")


def _sums(columns: Sequence[Range], report: FleetReport) -> Markup:
    """Return for how many images each driver suffices."""
    total = sum(len(row.images) for row in report.drivers.rows)
    enough = (report.drivers.drivers[one.column].outcomes.get("sufficient", 0) for one in columns)
    cells = (element("td", f"{count:,} of {total:,}", align="center") for count in enough)
    return element("tr", element("th", "Images that it suffices for", scope="row", align="left"), *cells, class_="sums")
