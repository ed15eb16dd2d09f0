"""Whole reports on single images, out of the results of a fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UsageError
from ocianalyze.layers.blob.compression import DamagedFrameError, expand_frame
from ocianalyze.reports.report import Report

if TYPE_CHECKING:
    import sqlite3

_MOST: Final = 10
"""How many images that are called the same are told apart."""
_LARGEST: Final = 256 << 20
"""The maximum size of a report, in bytes."""


def stored_report(database: sqlite3.Connection, image: str, run: int | None = None) -> bytes:
    """Return the JSON report on an image, by its reference, title or position, from a run, by default the newest.

    Raises:
        UsageError: the results have none, or several.
    """
    found = database.execute(
        "SELECT report, position FROM reports JOIN images ON images.id = image "
        "WHERE run = COALESCE(?, (SELECT MAX(id) FROM runs)) AND ? IN (reference, title, CAST(position AS TEXT)) "
        "ORDER BY position LIMIT ?",
        (run, image, _MOST),
    ).fetchall()
    if not found:
        raise UsageError(f"the results have no report on {image}", hint="Name it as 'ocianalyze fleet report' does")
    if len(found) > 1:
        positions = ", ".join(str(position) for _, position in found)
        raise UsageError(
            f"the results have several reports on {image}, at the positions {positions}", hint="Name it by its position"
        )
    try:
        content = bytes(expand_frame(found[0][0], most=_LARGEST))
    except (DamagedFrameError, TypeError) as error:
        raise UsageError(f"the report on {image} is damaged: {error}", hint="Scan the image again") from error
    return Report.from_json(content, what=f"the report on {image}").to_json()
