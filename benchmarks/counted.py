"""Images of a number of entries, layers and bytes that is asked for, to see what each of them costs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from tests.support.tarballs import MTIME, Item, directory

MILLION: Final = 1_000_000
_WIDTH: Final = 50
"""Entries of a directory, itself among them."""
_SIZES: Final = 6_000
_REPEATED: Final = 1_000
"""Of so many entries one comes again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What an image is to have.

    Attributes:
        entries: of all layers together.
        layers: they share the entries.
        large: bytes of one more file in each layer, all layers together; without it files have 900 to 6,900 bytes.
    """

    entries: int
    layers: int
    large: int = 0


def layer_items(counts: Counts, position: int) -> Iterator[Item]:
    """Yield the entries of a layer."""
    share = counts.entries * (position + 1) // counts.layers - counts.entries * position // counts.layers
    top = f"srv/part-{position:03}"
    fixed = [directory("srv"), directory(top)]
    if counts.large:
        fixed.append(Item(path=f"{top}/weights.bin", size=counts.large // counts.layers))
    yield from fixed[:share]
    for number in range(share - len(fixed)):
        group, place = divmod(number, _WIDTH)
        path = f"{top}/samples-{group:05}"
        yield directory(path) if place == 0 else Item(path=f"{path}/{number:07}.json", size=900 + number % _SIZES)


def with_fractional_times(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the entries with times that are no whole seconds, as Python's tarfile and kaniko write them."""
    return (replace(item, mtime=MTIME + number % 1000 / 1000 + 0.0005) for number, item in enumerate(items))


def with_repeats(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the entries and, at the end, some of them again, as `tar --append` leaves them."""
    found = list(items)
    return chain(found, found[1::_REPEATED])
