"""The bytes of an image as trees: by directory over all layers, and by layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ocianalyze.reports.report import SizeNode

_ALMOST: Final = 0.995
"""Share of a directory from which an only child stands for it."""


@dataclass(slots=True, eq=False)
class Place:
    """A directory, a file or a layer, with what is in it."""

    name: str
    bytes: int = 0
    hidden: int = 0
    layers: set[int] = field(default_factory=set)
    parent: Place | None = None
    children: dict[str, Place] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Its path from the root of its tree."""
        names: list[str] = []
        place: Place | None = self
        while place is not None and place.parent is not None:
            names.append(place.name)
            place = place.parent
        return "/" + "/".join(reversed(names))

    @property
    def end(self) -> Place:
        """What it consists of: its only child, or the only child of that, unless there are other bytes in it."""
        place = self
        while (child := place.only) is not None:
            place = child
        return place

    @property
    def only(self) -> Place | None:
        """Its only child, if that has all its bytes."""
        child = next(iter(self.children.values())) if len(self.children) == 1 else None
        return child if child is not None and child.bytes >= _ALMOST * self.bytes else None

    @property
    def largest(self) -> list[Place]:
        """Its children, the largest first."""
        return sorted(self.children.values(), key=lambda child: (-child.bytes, child.name))


def by_directory(nodes: Sequence[SizeNode]) -> Place:
    """Return the tree of all layers together: the same path in several layers is one place."""
    root = Place("")
    _grow(nodes, lambda _: root)
    return root


def by_layer(nodes: Sequence[SizeNode]) -> Place:
    """Return a tree whose first level are the layers."""
    root = Place("")
    _grow(nodes, lambda layer: root.children.setdefault(str(layer), Place(str(layer), parent=root)))
    root.bytes = sum(layer.bytes for layer in root.children.values())
    root.hidden = sum(layer.hidden for layer in root.children.values())
    return root


def _grow(nodes: Sequence[SizeNode], root_of: Callable[[int], Place]) -> None:
    """Put nodes into trees; a stored report may say what cannot be, such as less than there is below."""
    parents = [_parent(node, number) for number, node in enumerate(nodes)]
    stored, hidden = [max(0, node.bytes) for node in nodes], [max(0, node.hidden) for node in nodes]
    below, hidden_below = [0] * len(nodes), [0] * len(nodes)
    for number in range(len(nodes) - 1, -1, -1):
        stored[number] = max(stored[number], below[number])
        hidden[number] = min(max(hidden[number], hidden_below[number]), stored[number])
        if (parent := parents[number]) is not None:
            below[parent] += stored[number]
            hidden_below[parent] += hidden[number]
    places: list[Place] = []
    for number, node in enumerate(nodes):
        parent = parents[number]
        if parent is None:
            place = root_of(node.layer)
        else:
            above = places[parent]
            place = above.children.get(node.name) or above.children.setdefault(
                node.name, Place(node.name, parent=above)
            )
        place.bytes += stored[number]
        place.hidden += hidden[number]
        place.layers.add(node.layer)
        places.append(place)


def _parent(node: SizeNode, number: int) -> int | None:
    return node.parent if node.parent is not None and 0 <= node.parent < number else None


def largest(root: Place, most: int) -> list[Place]:
    """Return the largest places below a root; of a directory with an only child, the child stands for both."""
    found = (place for place in _all(root) if place.only is None and place is not root)
    return sorted(found, key=lambda place: -place.bytes)[:most]


def _all(root: Place) -> Iterator[Place]:
    rest = [root]
    while rest:
        place = rest.pop()
        yield place
        rest.extend(place.children.values())


def unfold(top: Place, least: int) -> Iterator[tuple[int, str, Place]]:
    """Yield a place and what is in it of at least so many bytes, each with how deep it lies and its relative path.

    One that has almost nothing but one other is left out for that.
    """
    todo = [(0, [top])]
    while todo:
        depth, chain = todo.pop()
        inside = _worth(chain[-1], least)
        while depth and len(inside) == 1 and chain[-1].bytes - inside[0].bytes < least:
            chain.append(inside[0])
            inside = _worth(inside[0], least)
        yield depth, "/".join(place.name for place in chain) or "/", chain[-1]
        todo += ((depth + 1, [child]) for child in reversed(inside))


def _worth(place: Place, least: int) -> list[Place]:
    return [child for child in place.largest if child.bytes >= least]
