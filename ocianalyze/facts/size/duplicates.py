"""Large files that are in the image more than once, with the same content under different paths.

Only files of the same size are compared, byte for byte by their digests; for that, the layers that store them are read
once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ocianalyze.facts.size.waste import LARGE
from ocianalyze.layers.changeset.columns import rows_from
from ocianalyze.layers.metering.budget import Budget
from ocianalyze.layers.reading.again import Extent, hash_extents

if TYPE_CHECKING:
    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.oci.image import Image


class Duplicates(NamedTuple):
    """Files with the same content.

    Attributes:
        size: the size of each, in bytes.
        places: the path of each, and the position of the layer that stores it.
    """

    size: int
    places: tuple[tuple[str, int], ...]

    @property
    def bytes(self) -> int:
        """What the image would be smaller with one of them."""
        return self.size * (len(self.places) - 1)


def find_duplicates(image: Image, filesystem: Filesystem) -> tuple[Duplicates, ...]:
    """Return large visible files with the same content, those that take most first; files with several names are one.

    Raises:
        ContentUnavailableError: the image came as a stream, so that its files cannot be compared.
    """
    by_size: dict[int, list[int]] = {}
    for layer, changeset in enumerate(filesystem.changesets):
        base = filesystem.bases[layer]
        for row in rows_from(changeset, LARGE):
            if base + row not in filesystem.shadowed and changeset.offsets[row] >= 0:
                by_size.setdefault(changeset.sizes[row], []).append(base + row)
    alike = sorted(id_ for ids in by_size.values() if len(ids) > 1 for id_ in ids)
    by_content: dict[tuple[int, bytes], list[int]] = {}
    for id_, digest in _digests(image, filesystem, alike).items():
        layer = filesystem.ids.layer(id_)
        size = filesystem.changesets[layer].sizes[id_ - filesystem.bases[layer]]
        by_content.setdefault((size, digest), []).append(id_)
    found = (
        Duplicates(size, tuple((node.path, node.layer) for node in map(filesystem.node, ids)))
        for (size, _), ids in by_content.items()
        if len(ids) > 1
    )
    return tuple(sorted(found, key=lambda item: (-item.bytes, item.places)))


def _digests(image: Image, filesystem: Filesystem, ids: list[int]) -> dict[int, bytes]:
    """Return the digest of the content of each file."""
    found: dict[int, bytes] = {}
    for layer, changeset in enumerate(filesystem.changesets):
        base = filesystem.bases[layer]
        rows = [id_ - base for id_ in ids if base <= id_ < base + len(changeset)]
        rows.sort(key=lambda row: changeset.offsets[row])
        extents = [Extent(changeset.offsets[row], changeset.sizes[row]) for row in rows]
        if extents:
            blob, budget = image.layers[layer].blob, Budget(filesystem.budget.limits)
            digests = hash_extents(blob, extents, budget=budget, what=f"layer {layer}")
            found |= {base + row: digest for row, digest in zip(rows, digests, strict=True)}
    return found
