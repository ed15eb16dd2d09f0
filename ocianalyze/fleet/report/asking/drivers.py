"""Which driver of the host suffices for which image."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, get_args

from ocianalyze.facts.gpu import parse_version
from ocianalyze.fleet.report.document import Driver, DriverMatrix, DriverRow, Outcome

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from ocianalyze.fleet.report.document import ImageFacts

OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
_COLUMNS: Final = """
    SELECT d.driver, min(d.cuda) FROM drivers d JOIN images i ON i.id = d.image WHERE i.run = ? GROUP BY d.driver
"""
_ROWS: Final = """
    SELECT d.image, d.driver, d.outcome FROM images i CROSS JOIN drivers d ON d.image = i.id
    WHERE i.run = ? ORDER BY i.position
"""


def driver_matrix(
    connection: sqlite3.Connection, run: int, places: Mapping[int, int], images: Sequence[ImageFacts]
) -> DriverMatrix:
    """Return what each driver is for each image, images with equal outcomes together.

    `places` has the place of each image, by its number in the results file.
    """
    columns = sorted(connection.execute(_COLUMNS, (run,)), key=lambda row: (parse_version(row[0]) or (), row[0]))
    columns.reverse()
    numbers = {driver: number for number, (driver, _) in enumerate(columns)}
    rows: dict[tuple[Outcome | None, ...], list[int]] = {}
    for image, those in groupby(connection.execute(_ROWS, (run,)), key=itemgetter(0)):
        outcomes: list[Outcome | None] = [None] * len(columns)
        for _, driver, outcome in those:
            outcomes[numbers[driver]] = outcome
        rows.setdefault(tuple(outcomes), []).append(places[image])
    counts = [Counter[Outcome]() for _ in columns]
    for outcomes_of_row, those_images in rows.items():
        for counted, outcome in zip(counts, outcomes_of_row, strict=True):
            if outcome is not None:
                counted[outcome] += len(those_images)
    return DriverMatrix(
        drivers=[
            Driver(driver=driver, cuda=cuda, outcomes={outcome: counted[outcome] for outcome in OUTCOMES})
            for (driver, cuda), counted in zip(columns, counts, strict=True)
        ],
        rows=[
            DriverRow(outcomes=list(outcomes_of_row), minimum_drivers=_minimum(those, images), images=those)
            for outcomes_of_row, those in sorted(rows.items(), key=lambda item: -len(item[1]))
        ],
    )


def _minimum(places: Sequence[int], images: Sequence[ImageFacts]) -> list[str]:
    """Return the oldest drivers that images need, the oldest first."""
    needed = {driver for place in places if (driver := images[place].minimum_driver)}
    return sorted(needed, key=lambda driver: (parse_version(driver) or (), driver))
