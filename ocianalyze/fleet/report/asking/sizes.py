"""What images and their layers take, and what is saved because they share layers."""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.fleet.report.document import FleetSizes, LayerUse, Sharing

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from ocianalyze.fleet.report.asking.bases import Bases
    from ocianalyze.fleet.report.document import ImageFacts

_MOST: Final = 100
"""How long the lists are at most."""
_USES: Final = """
    WITH used AS (
        SELECT il.layer, count(*) AS uses, count(DISTINCT il.image) AS images, min(il.image) AS first
        FROM images i CROSS JOIN image_layers il ON il.image = i.id WHERE i.run = ? GROUP BY il.layer
    )
    SELECT l.id, l.diff_id, CASE WHEN l.entries IS NOT NULL THEN l.size END, l.uncompressed_size,
        used.uses, used.images, used.first
    FROM used CROSS JOIN layers l ON l.id = used.layer
"""
_PLACES: Final = "SELECT id FROM images WHERE run = ? ORDER BY position"
_TEXTS: Final = """
    SELECT l.digest, il.created_by
    FROM layers l JOIN image_layers il ON il.layer = l.id JOIN images i ON i.id = il.image
    WHERE l.id = ? AND i.run = ? ORDER BY i.verdict = 'error', i.position LIMIT 1
"""


class _Use(NamedTuple):
    """A layer with its sizes, how often it is used, by how many images, and by which of them first.

    What a manifest states of a layer that nobody has read is not known to be true.
    """

    id: int
    diff_id: str
    size: int | None
    unpacked: int | None
    uses: int
    images: int
    first: int

    @property
    def stored(self) -> int:
        """Its size as stored, as far as it is known."""
        return self.size or 0

    @property
    def saved(self) -> int:
        """What is not stored because it is shared."""
        return self.stored * (self.uses - 1)


class Measured(NamedTuple):
    """What the layers of a run take.

    Attributes:
        own: the bytes as stored that each image brings into the fleet, by its place.
        layers: the number of distinct layers.
        stored: all of them as stored.
        unpacked: all of them uncompressed.
        shared: those whose sharing saves most.
        single: the largest that only one image has.
    """

    own: dict[int, int]
    layers: int
    stored: Sharing
    unpacked: Sharing
    shared: list[LayerUse]
    single: list[LayerUse]

    def of_fleet(self, images: Sequence[ImageFacts]) -> FleetSizes:
        """Return the sizes of all images and layers."""
        sizes = {place: image.size for place, image in enumerate(images) if image.size is not None}
        return FleetSizes(
            images=sum(sizes.values()),
            images_known=len(sizes),
            layers=self.layers,
            stored=self.stored,
            unpacked=self.unpacked,
            largest=nlargest(_MOST, sizes, key=sizes.__getitem__),
            shared=self.shared,
            single=self.single,
        )


def measure(connection: sqlite3.Connection, run: int, bases: Bases) -> Measured:
    """Return what the layers of a run's images take."""
    uses = [_Use(*row) for row in connection.execute(_USES, (run,))]
    places = {image: place for place, (image,) in enumerate(connection.execute(_PLACES, (run,)))}
    own: dict[int, int] = {}
    for use in uses:  # of the same layer, every file has a copy of its own
        place = places[use.first] if use.images == 1 else bases.smallest(use.diff_id)
        own[place] = own.get(place, 0) + use.stored
    shared = nlargest(_MOST, (use for use in uses if use.images > 1 and use.saved), key=lambda use: use.saved)
    single = nlargest(_MOST, (use for use in uses if use.images == 1), key=lambda use: use.stored)
    return Measured(
        own=own,
        layers=len(uses),
        stored=_sharing((use.size, use.uses) for use in uses),
        unpacked=_sharing((use.unpacked, use.uses) for use in uses),
        shared=[_layer(connection, run, use, bases) for use in shared],
        single=[_layer(connection, run, use, bases) for use in single],
    )


def _sharing(sizes: Iterable[tuple[int | None, int]]) -> Sharing:
    """Return what layers take, each with its size and how often it is used."""
    apart = together = unknown = 0
    for size, uses in sizes:
        apart += (size or 0) * uses
        together += size or 0
        unknown += size is None
    return Sharing(apart=apart, together=together, unknown=unknown)


def _layer(connection: sqlite3.Connection, run: int, use: _Use, bases: Bases) -> LayerUse:
    digest, created_by = connection.execute(_TEXTS, (use.id, run)).fetchone()
    return LayerUse(
        digest=digest,
        diff_id=use.diff_id,
        created_by=created_by,
        size=use.size,
        uncompressed_size=use.unpacked,
        images=use.images,
        saved=use.saved,
        base=bases.of_layer(use.diff_id),
    )
