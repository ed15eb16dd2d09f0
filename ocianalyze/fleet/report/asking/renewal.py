"""Findings that one of two runs has, and the other has not, image by image.

As with `ocianalyze scan --baseline`, a finding is known if it was there with the same fingerprint and no less severe;
what could not be completed then and is a finding now is new.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ocianalyze.fleet.report.document import FindingChange

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping

_FINDINGS: Final = """
    SELECT f.image, f.fingerprint, f.rowid, f.kind = 'undecided', f.caused_by IS NULL,
        CASE f.severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END
    FROM images i CROSS JOIN findings f ON f.image = i.id
    WHERE i.run = ? AND f.selected AND f.waived IS NULL ORDER BY i.position
"""
_WANTED: Final = "CREATE TEMP TABLE wanted (finding INTEGER PRIMARY KEY)"
_TEXTS: Final = """
    SELECT f.rowid, f.rule, f.kind, f.severity, f.path, f.message, f.fingerprint
    FROM wanted CROSS JOIN findings f ON f.rowid = wanted.finding
"""


class _Found(NamedTuple):
    """A finding: its row, whether it is undecided, whether it counts, and the rank of its severity."""

    row: int
    is_undecided: bool
    counts: bool
    rank: int


_Findings: TypeAlias = dict[str, _Found]
"""Of one image, by fingerprint."""


class Renewal(NamedTuple):
    """Findings of an image that are new, and those that are fixed."""

    new: list[FindingChange]
    fixed: list[FindingChange]


def compare_findings(
    connection: sqlite3.Connection, old: int, new: int, pairs: Mapping[int, int]
) -> dict[int, Renewal]:
    """Return new and fixed findings of two runs, by the number of the new image; `pairs` are old and new images.

    Those that follow from others are not among them, and images whose findings are the same are left out.
    """
    once: dict[str, str] = {}
    before = {pairs[image]: found for image, found in _by_image(connection, old, once) if image in pairs}
    paired = frozenset(pairs.values())
    rows: dict[int, tuple[list[int], list[int]]] = {}
    for image, now in _by_image(connection, new, once):
        if image in paired:
            rows[image] = _compared(before.pop(image, {}), now)
    rows |= {image: _compared(found, {}) for image, found in before.items()}
    findings = _findings(connection, (row for added, fixed in rows.values() for row in (*added, *fixed)))
    return {
        image: Renewal([findings[row] for row in added], [findings[row] for row in fixed])
        for image, (added, fixed) in rows.items()
        if added or fixed
    }


def _by_image(connection: sqlite3.Connection, run: int, once: dict[str, str]) -> Iterator[tuple[int, _Findings]]:
    """Yield the findings of each image that has some; `once` keeps one copy of each fingerprint."""
    for image, rows in groupby(connection.execute(_FINDINGS, (run,)), key=itemgetter(0)):
        yield image, {once.setdefault(fingerprint, fingerprint): _Found(*row) for _, fingerprint, *row in rows}


def _compared(before: _Findings, now: _Findings) -> tuple[list[int], list[int]]:
    """Return the rows of findings that are new, and of those that are fixed."""
    new = [found.row for key, found in now.items() if found.counts and not _is_known(found, before.get(key))]
    fixed = [found.row for key, found in before.items() if found.counts and key not in now]
    return new, fixed


def _is_known(found: _Found, old: _Found | None) -> bool:
    if old is None or (old.is_undecided and not found.is_undecided):
        return False
    return old.rank <= found.rank


def _findings(connection: sqlite3.Connection, rows: Iterable[int]) -> dict[int, FindingChange]:
    """Return findings by their rows; those that are alike in all images are one object."""
    connection.execute(_WANTED)
    connection.executemany("INSERT INTO wanted VALUES (?)", ((row,) for row in rows))
    alike: dict[tuple[str | None, ...], FindingChange] = {}
    findings = {}
    for row, *texts in connection.execute(_TEXTS):
        key = tuple(texts)
        if key not in alike:
            rule, kind, severity, path, message, fingerprint = texts
            alike[key] = FindingChange(
                rule=rule, kind=kind, severity=severity, path=path, message=message, fingerprint=fingerprint
            )
        findings[row] = alike[key]
    return findings
