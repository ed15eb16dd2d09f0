"""The findings that count, in a table that lasts as long as the transaction: they are asked for several times.

They decide a verdict, no waiver accepts them, and they follow from no other finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

    from ocianalyze.reports.report import Severity

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "note")
"""By their rank."""
_TABLE: Final = """
    CREATE TEMP TABLE counted AS
    SELECT f.rule, f.kind, f.path, f.diff_id, f.image, count(*) AS findings, min(f.rowid) AS first,
        min(CASE f.severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END) AS rank
    FROM images i JOIN findings f ON f.image = i.id
    WHERE i.run = ? AND f.selected AND f.waived IS NULL AND f.caused_by IS NULL
    GROUP BY f.rule, f.kind, f.path, f.diff_id, f.image
"""


def count_findings(connection: sqlite3.Connection, run: int) -> None:
    """Make the table ``counted``: rule, kind, path, layer and image, each combination once.

    `first` is the first finding of these, `findings` is how many there are, and `rank` that of the worst severity.
    """
    connection.execute(_TABLE, (run,))
