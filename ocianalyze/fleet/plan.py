"""What a run has to do, in numbers: what would be read, what is known, and how long it will take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.analysis import Source

if TYPE_CHECKING:
    from ocianalyze.fleet.results.results import Results, Run
    from ocianalyze.fleet.work.conditions import Conditions

_USUAL_SPEED: Final = 100e6
"""Bytes of layers that one process reads in a second, until a run has told better."""
_JUDGING: Final = 0.1
"""Seconds that a process needs to judge an image, likewise."""
_ENOUGH: Final = 1 << 30
"""So many bytes must have been read by a run to tell how fast this machine is."""


class Plan(NamedTuple):
    """What a run has to do; sizes are in bytes.

    Attributes:
        images: images of the fleet.
        unreadable: those that could not be opened.
        judged: those that were judged before the run was interrupted.
        layers: distinct layers of all images that were opened.
        known: those whose results the cache has, by digest or by their places in files.
        named_size: layers of all images, each counted for every image that has it.
        size: distinct layers.
        size_to_read: those that are not known.
        seconds: an estimate of the time that it takes.
    """

    images: int
    unreadable: int
    judged: int
    layers: int
    known: int
    named_size: int
    size: int
    size_to_read: int
    seconds: float


def plan_of(results: Results, run: Run, conditions: Conditions, *, slots: int) -> Plan:
    """Return what a run has to do whose images are open, with `slots` tasks at a time."""
    ask = results.database.execute
    images, unreadable, judged = ask(
        "SELECT COUNT(*), COUNT(CASE WHEN pinned IS NULL THEN 1 END), "
        "COUNT(CASE WHEN pinned IS NOT NULL AND verdict IS NOT NULL THEN 1 END) FROM images WHERE run = ?",
        (run.id,),
    ).fetchone()
    (named_size,) = ask(
        "SELECT TOTAL(layers.size) FROM image_layers JOIN layers ON layers.id = layer JOIN images ON images.id = image "
        "WHERE run = ?",
        (run.id,),
    ).fetchone()
    layers = ask(
        "SELECT key, size FROM layers WHERE id IN "
        "(SELECT layer FROM image_layers JOIN images ON images.id = image WHERE run = ?)",
        (run.id,),
    ).fetchall()
    source = Source(reference="", cache=conditions.store, limits=conditions.limits)
    known = source.known_digests(key for key, _ in layers)
    to_read = sum(size or 0 for key, size in layers if key not in known)
    left = images - unreadable - judged
    return Plan(
        images=images,
        unreadable=unreadable,
        judged=judged,
        layers=len(layers),
        known=len(known),
        named_size=int(named_size),
        size=sum(size or 0 for _, size in layers),
        size_to_read=to_read,
        seconds=to_read / (_speed(results) or _USUAL_SPEED * slots) + left * _JUDGING / slots,
    )


class Unopened(NamedTuple):
    """An image that could not be opened, and why."""

    reference: str
    message: str


def unopened(results: Results, run: Run) -> list[Unopened]:
    """Return the images of a run that could not be opened."""
    rows = results.database.execute(
        "SELECT reference, error_message FROM images "
        "WHERE run = ? AND pinned IS NULL AND verdict IS NOT NULL ORDER BY position",
        (run.id,),
    )
    return [Unopened(*row) for row in rows]


def _speed(results: Results) -> float | None:
    """Return how many bytes earlier runs have read in a second, if they have read enough."""
    size, seconds = results.database.execute("SELECT SUM(bytes_read), SUM(seconds) FROM runs").fetchone()
    return size / seconds if seconds and size >= _ENOUGH else None
