"""Large files that are in the image more than once, with the same content under different paths.

Only files of the same size are compared, byte for byte by their digests; for that, the layers that store them are read
once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from ocianalyze.facts.size.waste import LARGE
from ocianalyze.layers.changeset.columns import rows_from
from ocianalyze.layers.metering.budget import Budget
from ocianalyze.layers.reading.again import Extent, hash_extents, plain_range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.oci.image import Image

_HEAD: Final = 4096
"""How many bytes of files are compared first, so that few have to be read whole."""

_Key = TypeVar("_Key")


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


def find_duplicates(
    image: Image, filesystem: Filesystem, *, without: AbstractSet[int] = frozenset()
) -> tuple[Duplicates, ...]:
    """Return large visible files with the same content, those that take most first; files with several names are one.

    `without` are the ids of files that are not looked at.

    Raises:
        ContentUnavailableError: the image came as a stream, so that its files cannot be compared.
    """
    alike: dict[object, list[int]] = {}
    for layer, changeset in enumerate(filesystem.changesets):
        base = filesystem.bases[layer]
        for row in rows_from(changeset, LARGE):
            id_ = base + row
            if id_ not in filesystem.shadowed and id_ not in without and changeset.offsets[row] >= 0:
                alike.setdefault(changeset.sizes[row], []).append(id_)
    heads = _digests(image, filesystem, _several(alike), most=_HEAD)
    alike = _by(_several(alike), lambda id_: (_size(filesystem, id_), heads.get(id_)))
    digests = _digests(image, filesystem, _several(alike))
    by_content = _by(digests, lambda id_: (_size(filesystem, id_), digests[id_]))
    found = (
        Duplicates(size, tuple((node.path, node.layer) for node in map(filesystem.node, sorted(ids))))
        for (size, _), ids in by_content.items()
        if len(ids) > 1
    )
    return tuple(sorted(found, key=lambda item: (-item.bytes, item.places)))


def _several(groups: Mapping[object, list[int]]) -> list[int]:
    """Return the members of all groups that have more than one, in order."""
    return sorted(id_ for ids in groups.values() if len(ids) > 1 for id_ in ids)


def _by(ids: Iterable[int], key: Callable[[int], _Key]) -> dict[_Key, list[int]]:
    groups: dict[_Key, list[int]] = {}
    for id_ in ids:
        groups.setdefault(key(id_), []).append(id_)
    return groups


def _size(filesystem: Filesystem, id_: int) -> int:
    changeset, row = filesystem.ids.locate(id_)
    return changeset.sizes[row]


def _digests(image: Image, filesystem: Filesystem, ids: list[int], *, most: int | None = None) -> dict[int, bytes]:
    """Return the digest of the content of each file; with `most` of its beginning, if none of them is compressed.

    What compressed layers begin with costs as much as all of it.
    """
    by_layer = _by(ids, filesystem.ids.layer)
    if most is not None and any(plain_range(image.layers[layer].blob) is None for layer in by_layer):
        return {}
    found: dict[int, bytes] = {}
    for layer, members in by_layer.items():
        changeset, base = filesystem.changesets[layer], filesystem.bases[layer]
        rows = sorted((id_ - base for id_ in members), key=changeset.offsets.__getitem__)
        sizes = (changeset.sizes[row] if most is None else min(most, changeset.sizes[row]) for row in rows)
        extents = [Extent(changeset.offsets[row], size) for row, size in zip(rows, sizes, strict=True)]
        blob, budget = image.layers[layer].blob, Budget(filesystem.budget.limits)
        digests = hash_extents(blob, extents, budget=budget, what=f"layer {layer}")
        found |= {base + row: digest for row, digest in zip(rows, digests, strict=True)}
    return found
