"""Apache Parquet: one row for each image, lists as lists, for data frames.

Texts are as the image has them: programs read them, and nothing runs them.
"""

from __future__ import annotations

from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ocianalyze.errors import UsageError
from ocianalyze.fleet.report.tabular.columns import COLUMNS, rows

if TYPE_CHECKING:
    from ocianalyze.fleet.report.document import FleetReport


def write(report: FleetReport) -> bytes:
    """Return the rows as a Parquet file.

    Raises:
        UsageError: pyarrow is not installed.
    """
    try:
        arrow: Any = import_module("pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError as error:
        raise UsageError("Parquet needs pyarrow", hint="Install 'ocianalyze[parquet]'") from error
    types = {
        "text": arrow.string(),
        "number": arrow.int64(),
        "fraction": arrow.float64(),
        "texts": arrow.list_(arrow.string()),
    }
    schema = arrow.schema([(column.name, types[column.type]) for column in COLUMNS])
    found = list(rows(report))
    columns = [arrow.array([column.of(row) for row in found], types[column.type]) for column in COLUMNS]
    file = BytesIO()
    parquet.write_table(arrow.table(columns, schema=schema), file, compression="zstd")
    return file.getvalue()
