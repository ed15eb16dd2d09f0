"""Drivers that are the same for all images, one after the other: most branches differ for no image."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ocianalyze.fleet.report.document import Driver, DriverMatrix


class Range(NamedTuple):
    """Drivers from the newest to the oldest that have the same outcome for each image; `column` is one of theirs."""

    newest: Driver
    oldest: Driver
    column: int

    @property
    def drivers(self) -> str:
        """Their versions."""
        return _from_to(self.oldest.driver, self.newest.driver)

    @property
    def cuda(self) -> str:
        """The CUDA versions that they were released with."""
        return _from_to(self.oldest.cuda, self.newest.cuda)


def ranges(matrix: DriverMatrix) -> list[Range]:
    """Return the drivers in as few ranges as say all, newest first."""
    outcomes = [tuple(row.outcomes[column] for row in matrix.rows) for column in range(len(matrix.drivers))]
    found = []
    for _, columns in groupby(range(len(outcomes)), key=outcomes.__getitem__):
        first, *others = columns
        found.append(Range(matrix.drivers[first], matrix.drivers[others[-1] if others else first], first))
    return found


def _from_to(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"
