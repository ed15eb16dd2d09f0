"""Whole reports on single images, out of the results of a fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UsageError
from ocianalyze.layers.blob.compression import DamagedFrameError, expand_frame

if TYPE_CHECKING:
    import sqlite3

_LARGEST: Final = 256 << 20
"""The maximum size of a report, in bytes."""


def stored_report(database: sqlite3.Connection, image: str, run: int | None = None) -> bytes:
    """Return the JSON report on an image, by its reference or title, from a run, by default the newest.

    Raises:
        UsageError: the results have none, or several.
    """
    found = database.execute(
        "SELECT report FROM reports JOIN images ON images.id = image "
        "WHERE run = COALESCE(?, (SELECT MAX(id) FROM runs)) AND (reference = ? OR title = ?) LIMIT 2",
        (run, image, image),
    ).fetchall()
    if len(found) != 1:
        problem = "no report on" if not found else "several reports on"
        raise UsageError(f"the results have {problem} {image}", hint="Name it as 'ocianalyze fleet report' does")
    try:
        return bytes(expand_frame(found[0][0], most=_LARGEST))
    except DamagedFrameError as error:
        raise UsageError(f"the report on {image} is damaged: {error}") from error
