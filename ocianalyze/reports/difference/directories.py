"""Which directories take more or less in one image than in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.reports.difference.document import DirectoryChange
from ocianalyze.reports.size.places import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHARE: Final = 1000
"""A change is shown from a thousandth of the larger image on: smaller parts may be missing in a tree of sizes."""

_PART: Final = 4
"""A directory below one that is shown is shown, too, if it has one part in so many of the change."""

_MOST: Final = 200
"""The maximum number of directories."""


class _Pair(NamedTuple):
    """The same directory in both images; an empty one stands for none."""

    old: Place
    new: Place

    @property
    def path(self) -> str:
        """Its path."""
        return max(self.old.path, self.new.path, key=len)

    @property
    def growth(self) -> int:
        """How much more the new image has in it, in bytes."""
        return self.new.bytes - self.old.bytes

    def children(self) -> Iterator[_Pair]:
        """Yield what is in either of them."""
        for name in sorted(self.old.children.keys() | self.new.children.keys()):
            none = Place(name)
            yield _Pair(self.old.children.get(name, none), self.new.children.get(name, none))


def changed_directories(old: Place, new: Place) -> list[DirectoryChange]:
    """Return the directories and files that take more or less, largest change first; the root is not among them.

    One in which a single other one accounts for the change is left out for that. `old` and `new` are the roots of the
    two images.
    """
    least = max(1, max(old.bytes, new.bytes) // _SHARE)
    found: list[_Pair] = []
    todo = [(pair, 0) for pair in _Pair(old, new).children()]
    while todo:
        pair, shown = todo.pop()
        inside = list(pair.children())
        is_explained = any(abs(pair.growth - child.growth) < least for child in inside)
        if abs(pair.growth) >= max(least, shown // _PART) and not is_explained:
            found.append(pair)
            shown = abs(pair.growth)
        todo += ((child, shown) for child in inside)
    found.sort(key=lambda pair: -abs(pair.growth))
    changes = [DirectoryChange(path=pair.path, old=pair.old.bytes, new=pair.new.bytes) for pair in found[:_MOST]]
    return sorted(changes, key=lambda change: (-abs(change.new - change.old), change.path))
