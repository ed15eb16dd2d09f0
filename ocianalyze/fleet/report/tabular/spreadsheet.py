"""Comma-separated values (RFC 4180): one row for each image, in UTF-8, with the names of the columns in the first row.

Lists are joined with ``; ``. Control characters are shown as escapes, and texts are cut after 2,000 characters. A
spreadsheet program would run a cell that begins like a formula, so that gets an apostrophe before it, which such
programs do not show.

Source: OWASP, "CSV Injection".
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.tabular.columns import COLUMNS, rows
from ocianalyze.reports.text import printable

if TYPE_CHECKING:
    from ocianalyze.fleet.report.document import FleetReport
    from ocianalyze.fleet.report.tabular.columns import Value

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How formulas begin; the last four are the same in full width, which Japanese spreadsheets take for them, too."""


def write(report: FleetReport) -> bytes:
    """Return the rows as UTF-8."""
    file = StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(column.name for column in COLUMNS)
    writer.writerows([_cell(column.of(row)) for column in COLUMNS] for row in rows(report))
    return file.getvalue().encode()


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    shown = printable(value) if isinstance(value, str) else "; ".join(map(printable, value))
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
