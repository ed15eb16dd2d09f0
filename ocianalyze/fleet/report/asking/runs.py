"""Which run is asked for, and which one it is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ocianalyze.errors import UsageError
from ocianalyze.fleet.report.asking.stored import stored_json, stored_texts
from ocianalyze.fleet.report.document import RunFacts

if TYPE_CHECKING:
    import sqlite3

_COLUMNS: Final = "id, started, finished, version, sources, request, is_listed, seconds, bytes_read"
_MOST: Final = 20
"""How many runs a hint names."""


def find_run(connection: sqlite3.Connection, run: int | None) -> RunFacts:
    """Return a run, by default the newest one.

    Raises:
        UsageError: there is none.
    """
    known = [id_ for (id_,) in connection.execute("SELECT id FROM runs ORDER BY id DESC LIMIT ?", (_MOST,))]
    if not known:
        raise UsageError("the results file has no run", hint="Start one with 'ocianalyze fleet SOURCE'")
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM runs WHERE id = ?",  # noqa: S608 - our own names
        (known[0] if run is None else run,),
    ).fetchone()
    if row is None:
        raise UsageError(f"the results file has no run {run}", hint=f"Choose one of {', '.join(map(str, known))}")
    return _run(row)


def earlier_run(connection: sqlite3.Connection, run: int) -> RunFacts | None:
    """Return the newest earlier run that was finished, if there is one."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM runs WHERE id < ? AND finished IS NOT NULL ORDER BY id DESC LIMIT 1",  # noqa: S608
        (run,),
    ).fetchone()
    return None if row is None else _run(row)


def _run(row: tuple[Any, ...]) -> RunFacts:
    id_, started, finished, version, sources, request, is_listed, seconds, bytes_read = row
    options = stored_json(request)
    return RunFacts(
        id=id_,
        started=started,
        finished=finished,
        version=version,
        sources=stored_texts(sources),
        request=options if isinstance(options, dict) else {},
        is_listed=bool(is_listed),
        seconds=seconds,
        bytes_read=bytes_read,
    )
