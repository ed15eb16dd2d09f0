"""What a run has to do, in numbers: what would be read, what is known, and how long it will take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.analysis import Source
from ocianalyze.errors import InvalidImageError
from ocianalyze.oci.digest import Digest
from ocianalyze.oci.image import Layer

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        known: those whose results the cache has.
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
        "SELECT digest, diff_id, key, size FROM layers WHERE id IN "
        "(SELECT layer FROM image_layers JOIN images ON images.id = image WHERE run = ?)",
        (run.id,),
    ).fetchall()
    source = Source(reference="", cache=conditions.store, limits=conditions.limits)
    known = [source.knows(_named(*layer)) for layer in layers]
    to_read = sum(layer[3] or 0 for layer, is_known in zip(layers, known, strict=True) if not is_known)
    left = images - unreadable - judged
    return Plan(
        images=images,
        unreadable=unreadable,
        judged=judged,
        layers=len(layers),
        known=sum(known),
        named_size=int(named_size),
        size=sum(layer[3] or 0 for layer in layers),
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


def _named(digest: str | None, diff_id: str, key: str, size: int | None) -> Layer:
    """Return a layer of which no more is known than its digest; one in a file can only be known where it lies."""
    try:
        found = Digest.parse(digest or "") if key == digest else None
    except InvalidImageError:
        found = None
    return Layer(0, Digest(diff_id), found, size, None, None, _Elsewhere(size))


class _Elsewhere(NamedTuple):
    """A blob that is not to be read."""

    size: int | None

    def chunks(self) -> Iterator[bytes]:
        """Yield nothing."""
        return iter(())

    def byte_range(self) -> None:
        """Return None."""
