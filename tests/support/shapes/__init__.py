"""Layers with odd entries, by name: one of each kind that runtimes, tars or we may stumble over."""

from tests.layers.odd_tars import odd_tars
from tests.support.shapes import attributes, extended, links, names, numbers, places, types, whiteouts
from tests.support.shapes.pieces import Shapes

_FAMILIES = (types, links, places, names, whiteouts, numbers, attributes, extended)


def all_shapes() -> Shapes:
    """Return every shape by name, those of other projects included."""
    made: Shapes = {}
    for family in _FAMILIES:
        found = family.shapes()
        assert not made.keys() & found.keys(), made.keys() & found.keys()
        made |= found
    return made | {f"tar-{name.removesuffix('.tar')}": [data] for name, data in odd_tars().items()}
