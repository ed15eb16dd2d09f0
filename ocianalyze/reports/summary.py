"""Several images as a person reads of them: a heading above each report, and at the end a line for each image."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from ocianalyze.reports.findings import STYLES
from ocianalyze.reports.layout import EMPTY, Span, columns, line
from ocianalyze.reports.table import print_report
from ocianalyze.reports.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.reports.layout import Line
    from ocianalyze.reports.report import Report
    from ocianalyze.reports.screen import Screen


class Row(NamedTuple):
    """What came of one of several images."""

    reference: str
    verdict: str
    errors: int
    warnings: int
    exit_code: int


def print_entry(report: Report, heading: str, screen: Screen) -> None:
    """Print the report on one of several images, below a heading."""
    screen.print(line(Span(f"==> {printable(heading)} <==", "bold")), EMPTY)
    print_report(report, screen, is_one=False)
    screen.print()


def print_summary(rows: Sequence[Row], screen: Screen) -> None:
    """Print a line for each image, and how many there are with each verdict."""
    screen.print(line(Span("==> summary <==", "bold")), EMPTY)
    screen.print_all(columns(_cells(rows), screen.width, right=(1, 2, 3)))
    screen.print(EMPTY, line(summary_text(rows)))


def summary_text(rows: Sequence[Row]) -> str:
    """Return how many images there are with each verdict."""
    counted = Counter(row.verdict for row in rows)
    known = (verdict for verdict in ("pass", "fail", "undecided", "error") if counted[verdict])
    verdicts = ", ".join(f"{counted[verdict]:,} {verdict}" for verdict in known)
    return f"{len(rows):,} image{'' if len(rows) == 1 else 's'}: {verdicts}"


def _cells(rows: Sequence[Row]) -> Iterator[tuple[str | Line, ...]]:
    yield tuple(line(Span(title, "dim")) for title in ("verdict", "errors", "warnings", "exit code", "image"))
    for row in rows:
        numbers = ("", "") if row.verdict == "error" else (f"{row.errors:,}", f"{row.warnings:,}")
        yield line(Span(row.verdict, STYLES[row.verdict])), *numbers, str(row.exit_code), printable(row.reference)
