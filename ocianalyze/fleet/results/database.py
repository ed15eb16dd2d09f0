"""Opening a results file: the only place that knows SQLite's ways."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UsageError
from ocianalyze.fleet.results.schema import APPLICATION_ID, TABLES, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CACHE: Final = 64 << 20
"""How much of the file is kept in memory, in bytes."""
_LOG_PAGES: Final = 20_000
"""How many pages, of 4 KiB, are written beside the file before they are put in their places."""
_PATIENCE: Final = 30.0
"""How many seconds to wait while another program holds the file."""
_MEMORY: Final = ":memory:"
_ELSEWHERE: Final = "Choose another file"


def create(path: Path | None) -> sqlite3.Connection:
    """Open a results file for writing; it is made if there is none. None is one in memory.

    Raises:
        UsageError: the file cannot be written, is something else, or was written by a newer version.
    """
    with _translated(path or _MEMORY):
        place = _MEMORY if path is None else path.resolve()  # ':memory:' is a file, if somebody calls one so
        connection = sqlite3.connect(place, timeout=_PATIENCE, isolation_level=None)
        try:
            if _is_empty(connection):
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(
                    f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
                    f"{TABLES} COMMIT;"
                )
            _check(connection, path or _MEMORY)
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA cache_size = -{_CACHE >> 10}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        except BaseException:
            connection.close()
            raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a results file that somebody else may write to at the same time.

    Raises:
        UsageError: there is none, it cannot be read, or is something else.
    """
    with _translated(path):
        if not path.is_file():
            problem = "is not a file" if path.exists() else "does not exist"
            raise UsageError(f"{path} {problem}", hint="Make it with 'ocianalyze fleet SOURCE'")
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)
        try:
            _check(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _is_empty(connection: sqlite3.Connection) -> bool:
    """Tell whether a database is new, or was left by somebody who died when it was."""
    asked = ("SELECT COUNT(*) FROM sqlite_master", "PRAGMA application_id", "PRAGMA user_version")
    return all(connection.execute(query).fetchone() == (0,) for query in asked)


def _check(connection: sqlite3.Connection, path: Path | str) -> None:
    """Raise UsageError if the file is not ours, or of a version that we do not know, or would run what others wrote."""
    connection.execute("PRAGMA trusted_schema = OFF")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise UsageError(f"{path} is not a results file of 'ocianalyze fleet'", hint=_ELSEWHERE)
    if version > VERSION:
        raise UsageError(f"{path} was written by a newer version of ocianalyze", hint="Update ocianalyze")
    (foreign,) = connection.execute("SELECT COUNT(*) FROM sqlite_master WHERE type IN ('view', 'trigger')").fetchone()
    if foreign:
        raise UsageError(f"{path} has views or triggers, which ocianalyze does not make", hint=_ELSEWHERE)


@contextmanager
def _translated(path: Path | str) -> Iterator[None]:
    """Raise what SQLite and the system raise as our own error."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if "not a database" in str(error):
            raise UsageError(f"{path} is not a results file of 'ocianalyze fleet'", hint=_ELSEWHERE) from error
        raise UsageError(f"{path} cannot be used: {error}", hint=_ELSEWHERE) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be used: {error.strerror}", hint=_ELSEWHERE) from error
