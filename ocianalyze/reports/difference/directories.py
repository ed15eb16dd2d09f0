"""Which directories take more or less in one image than in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.reports.difference.document import DirectoryChange
from ocianalyze.reports.size.directories import Directory

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

    path: str
    old: Directory
    new: Directory

    @property
    def growth(self) -> int:
        """How much more the new image has in it, in bytes."""
        return self.new.bytes - self.old.bytes

    def children(self) -> Iterator[_Pair]:
        """Yield what is in either of them."""
        for name in sorted(self.old.children.keys() | self.new.children.keys()):
            path = f"{self.path}/{name}"
            none = Directory(path)
            yield _Pair(path, self.old.children.get(name, none), self.new.children.get(name, none))


def changed_directories(old: Directory, new: Directory) -> list[DirectoryChange]:
    """Return the directories with a change that is not in one of their own directories alone, largest first.

    `old` and `new` are the roots of the two images.
    """
    least = max(1, max(old.bytes, new.bytes) // _SHARE)
    found: list[_Pair] = []
    todo = [(_Pair("", old, new), 0)]
    while todo:
        pair, shown = todo.pop()
        inside = list(pair.children())
        rest = pair.growth - sum(child.growth for child in inside)
        if abs(rest) >= least and abs(pair.growth) * _PART >= shown:
            found.append(pair)
            shown = abs(pair.growth)
        todo += ((child, shown) for child in inside)
    found.sort(key=lambda pair: (-abs(pair.growth), pair.path))
    return [DirectoryChange(path=pair.path or "/", old=pair.old.bytes, new=pair.new.bytes) for pair in found[:_MOST]]
