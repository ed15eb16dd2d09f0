"""From a results file to what people want to know of it: one module for each question."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ocianalyze.errors import UsageError
from ocianalyze.fleet.report.asking.bases import base_uses, read_bases, without_base
from ocianalyze.fleet.report.asking.causes import find_causes
from ocianalyze.fleet.report.asking.changes import find_changes
from ocianalyze.fleet.report.asking.counted import count_findings
from ocianalyze.fleet.report.asking.drivers import driver_matrix
from ocianalyze.fleet.report.asking.failures import group_failures
from ocianalyze.fleet.report.asking.images import read_images
from ocianalyze.fleet.report.asking.runs import earlier_run, find_run
from ocianalyze.fleet.report.asking.sizes import measure
from ocianalyze.fleet.report.asking.verdicts import count_profiles, count_verdicts
from ocianalyze.fleet.report.document import FleetReport

if TYPE_CHECKING:
    from collections.abc import Iterator

_BROKEN = "Scan the images again into another file"


def ask(connection: sqlite3.Connection, run: int | None = None) -> FleetReport:
    """Return what a results file says of a run, by default of the newest one.

    All is read as it is at one moment, also while a run goes on. Nothing is written, neither to the file nor beside it.

    Raises:
        UsageError: there is no such run, or the file is damaged.
    """
    with _at_one_moment(connection):
        asked = find_run(connection, run)
        count_findings(connection, asked.id)
        bases = read_bases(connection, asked.id)
        sizes = measure(connection, asked.id, bases)
        images = read_images(connection, asked.id, bases, sizes.own)
        earlier = earlier_run(connection, asked.id)
        return FleetReport(
            run=asked,
            verdicts=count_verdicts(images),
            profiles=count_profiles(connection, asked.id),
            findings=find_causes(connection, bases),
            drivers=driver_matrix(connection, asked.id, bases.places, images),
            sizes=sizes.of_fleet(images),
            bases=base_uses(images),
            without_base=without_base(images),
            changes=None if earlier is None else find_changes(connection, asked, earlier, images),
            failures=group_failures(images),
            images=images,
        )


@contextmanager
def _at_one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """Let all queries of the block see the same; raise what goes wrong as our own error."""
    try:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.rollback()
    except sqlite3.DatabaseError as error:
        raise UsageError(f"the results file cannot be read: {error}", hint=_BROKEN) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, (error.title, *first["loc"])))
        raise UsageError(f"the results file is not valid at {place}: {first['msg']}", hint=_BROKEN) from error
