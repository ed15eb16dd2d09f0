"""What images are built on: which image of the fleet has only their lowest layers, and where each layer comes from.

The layers of all images, from the bottom up, are ways through one tree, so that this takes time in proportion to their
number. Layers are the same if their contents are, however they are compressed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.fleet.report.document import BaseUse, ImageBase, LayerBase

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from ocianalyze.fleet.report.document import ImageFacts

_BITS: Final = 40
"""How many bits of the number of a step are that of its layer."""
_ROOT: Final = 0
_UNKNOWN: Final = -1
_SEVERAL: Final = -2

_LAYERS: Final = "SELECT id, diff_id FROM layers"
_STACKS: Final = """
    SELECT il.image, il.layer FROM images i CROSS JOIN image_layers il ON il.image = i.id
    WHERE i.run = ? ORDER BY i.position, il.position
"""
_IMAGES: Final = "SELECT id, base FROM images WHERE run = ? ORDER BY position"


class Holders(NamedTuple):
    """Which images have a layer.

    Attributes:
        number: how many they are.
        smallest: the place of the one with the fewest layers.
        stated: the number of the base that they state, if they state one.
    """

    number: int
    smallest: int
    stated: int


@dataclass(slots=True, eq=False)
class Bases:
    """What is known of the images of a run from their layers; images are named by their places in the list.

    Attributes:
        places: the place of each image, by its number in the results file.
        depths: the number of layers of each image.
        stated: the base that each image states.
        found: the base of each image in the fleet.
        followers: how many images are built on each image, directly or not.
        family: how many images have all the layers of each image as their lowest ones, it included.
    """

    places: dict[int, int]
    depths: list[int]
    stated: list[str | None]
    found: list[int | None]
    followers: list[int]
    family: list[int]
    _holders: Mapping[str, Holders]
    _names: Sequence[str]

    def of_image(self, place: int) -> ImageBase | None:
        """Return what an image is built on, if that is known."""
        image, stated = self.found[place], self.stated[place]
        return None if image is None and stated is None else ImageBase(image=image, stated=stated)

    def has_layer(self, diff_id: str) -> bool:
        """Tell whether any image has a layer."""
        return diff_id in self._holders

    def smallest(self, diff_id: str) -> int:
        """Return which of the images that have a layer has the fewest layers."""
        return self._holders[diff_id].smallest

    def of_layer(self, diff_id: str) -> LayerBase:
        """Return where a layer comes from; some image must have it."""
        number, image, stated = self._holders[diff_id]
        if number == 1:
            return LayerBase(relation="own", image=image, name=None)
        if self.family[image] == number:
            return LayerBase(relation="base", image=image, name=None)
        if stated >= 0:
            return LayerBase(relation="stated", image=image, name=self._names[stated])
        return LayerBase(relation="shared", image=image, name=None)


def read_bases(connection: sqlite3.Connection, run: int) -> Bases:
    """Return what the layers of a run's images tell."""
    rows = connection.execute(_IMAGES, (run,)).fetchall()
    places = {id_: place for place, (id_, _) in enumerate(rows)}
    stated = [base or None for _, base in rows]
    names = list(dict.fromkeys(base for base in stated if base is not None))
    numbers = {name: number for number, name in enumerate(names)}

    contents: dict[str, int] = {}
    content_of = {id_: contents.setdefault(diff_id, len(contents)) for id_, diff_id in connection.execute(_LAYERS)}
    depths, ends = [0] * len(rows), [_ROOT] * len(rows)
    holders: list[Holders | None] = [None] * len(contents)
    parents, steps = [_ROOT], dict[int, int]()
    for place, stack in _stacks(connection, run, places, content_of):
        node = _ROOT
        for content in stack:
            step = node << _BITS | content
            if step not in steps:
                steps[step] = len(parents)
                parents.append(node)
            node = steps[step]
        depths[place], ends[place] = len(stack), node
        base = stated[place]
        said = _UNKNOWN if base is None else numbers[base]
        for content in set(stack):
            holders[content] = _joined(holders[content], place, said, depths)

    first = {end: place for place, end in reversed(list(enumerate(ends))) if end != _ROOT}
    nearest: list[int | None] = [None] * len(parents)
    for node in range(1, len(parents)):
        nearest[node] = first.get(node, nearest[parents[node]])
    here = Counter(ends)
    below = [here[node] for node in range(len(parents))]
    for node in range(len(parents) - 1, _ROOT, -1):
        below[parents[node]] += below[node]
    return Bases(
        places=places,
        depths=depths,
        stated=stated,
        found=[nearest[parents[end]] if end != _ROOT else None for end in ends],
        followers=[below[end] - here[end] if end != _ROOT else 0 for end in ends],
        family=[below[end] if end != _ROOT else 0 for end in ends],
        _holders={diff_id: held for diff_id, number in contents.items() if (held := holders[number]) is not None},
        _names=names,
    )


def _stacks(
    connection: sqlite3.Connection, run: int, places: Mapping[int, int], content_of: Mapping[int, int]
) -> Iterator[tuple[int, list[int]]]:
    """Yield each image that has layers, with these from the bottom up."""
    last, stack = None, list[int]()
    for image, layer in connection.execute(_STACKS, (run,)):
        if image != last:
            if last is not None:
                yield places[last], stack
            last, stack = image, []
        if layer in content_of:
            stack.append(content_of[layer])
    if last is not None:
        yield places[last], stack


def _joined(held: Holders | None, place: int, stated: int, depths: Sequence[int]) -> Holders:
    """Return who has a layer, one more image included."""
    if held is None:
        return Holders(1, place, stated)
    bases = {held.stated, stated} - {_UNKNOWN}
    said = bases.pop() if len(bases) == 1 else _SEVERAL if bases else _UNKNOWN
    smallest = place if depths[place] < depths[held.smallest] else held.smallest
    return Holders(held.number + 1, smallest, said)


def base_uses(images: Sequence[ImageFacts]) -> list[BaseUse]:
    """Return the bases of all images, those first that most images are built on; one in the fleet counts as such."""
    direct = Counter(_nearest(image.base) for image in images if image.base is not None)
    uses = [
        BaseUse(image=place, name=name, direct=number, in_all=number if place is None else images[place].built_on_it)
        for (place, name), number in direct.items()
    ]
    return sorted(uses, key=lambda use: (-use.in_all, -use.direct))


def _nearest(base: ImageBase) -> tuple[int | None, str | None]:
    return (None, base.stated) if base.image is None else (base.image, None)


def without_base(images: Sequence[ImageFacts]) -> list[int]:
    """Return the images of which no base is known, those without any layer that is known left out."""
    return [place for place, image in enumerate(images) if image.base is None and image.layers]
