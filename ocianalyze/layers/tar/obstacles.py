"""What keeps container runtimes from unpacking a layer.

Who refuses what was asked of the runtimes' own code: tests/data/unpackers.json holds their answers for some hundred
shapes of layers, and a test holds ours against them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CONTAINERD: Final = "C"
"""containerd, and Docker with its image store."""
DOCKER: Final = "D"
"""Docker with the storage driver overlay2 (moby/go-archive 0.3)."""
PODMAN: Final = "P"
"""Podman, Buildah and CRI-O."""
OLDER_DOCKER: Final = "O"
"""Docker with overlay2 and moby/go-archive 0.2."""
MERGED_DOCKER: Final = "M"
"""Docker with a storage driver that applies layers to the merged tree: vfs, btrfs, zfs."""

EVERYONE: Final = "CDPOM"
CURRENT: Final = frozenset((CONTAINERD, DOCKER))
"""What neither of these unpacks is not in the image."""

_SHOWN: Final = 10
"""How many obstacles of one kind are kept for each layer, beside their number."""
_LONGEST_PATH: Final = 8192
_LONGEST_DETAIL: Final = 300
"""How much is kept of a path, and of what is refused of it; in characters."""


class Cause(StrEnum):
    """Why an entry is refused."""

    ENTRY_TYPE = "entry-type"
    SPARSE_MAP = "sparse-map"
    EXTENDED_HEADER = "extended-header"
    NUMBER = "number"
    DEVICE_NUMBER = "device-number"
    ATTRIBUTE = "attribute"
    ATTRIBUTE_SIZE = "attribute-size"
    NAME_LENGTH = "name-length"
    PATH_LENGTH = "path-length"
    TARGET_LENGTH = "target-length"
    TARGET_EMPTY = "target-empty"
    LINK_MISSING = "link-missing"
    LINK_DIRECTORY = "link-directory"
    LINK_OUTSIDE = "link-outside"
    LINK_SYMLINKS = "link-symlinks"
    BELOW = "below"
    BELOW_LOWER = "below-lower"
    SYMLINK_LOOP = "symlink-loop"
    SYMLINK_OUTSIDE = "symlink-outside"
    SYMLINK_DANGLING = "symlink-dangling"
    OUTSIDE = "outside"
    ROOT = "root"
    WHITEOUT_NAME = "whiteout-name"
    WHITEOUT_TAKEN = "whiteout-taken"
    DIRECTORY_GONE = "directory-gone"
    PARENT = "parent"


class Refusal(NamedTuple):
    """Why an entry is refused, by whom (letters of `EVERYONE`, in that order), and what of it."""

    cause: Cause
    by: str
    detail: str = ""


class Group(NamedTuple):
    """The obstacles of one layer that have one cause and stop the same runtimes.

    `shown` are the paths of the first of them, each with what of it is refused; `total` is how many there are.
    """

    cause: Cause
    by: str
    total: int
    shown: list[tuple[str, str]]


class Obstacles:
    """The obstacles in a layer, in the order in which their kinds were met; of each kind the first few are kept."""

    __slots__ = ("_groups",)

    def __init__(self) -> None:
        self._groups: dict[tuple[Cause, str], Group] = {}

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._groups)

    def __iter__(self) -> Iterator[Group]:
        """Yield them by cause and by whom they stop."""
        return iter(self._groups.values())

    def add(self, refusal: Refusal, path: str) -> None:
        """Take note that the entry at `path`, which is absolute, is refused."""
        cause, by, detail = refusal
        if by:
            group = self._groups.setdefault((cause, by), Group(cause, by, 0, []))
            shown = [(_short(path, _LONGEST_PATH), _short(detail, _LONGEST_DETAIL))]
            self._add(group, 1, shown if len(group.shown) < _SHOWN else [])

    def extend(self, others: Iterable[Group]) -> None:
        """Take note of others behind those that there are."""
        for other in others:
            group = self._groups.setdefault((other.cause, other.by), Group(other.cause, other.by, 0, []))
            self._add(group, other.total, other.shown[: _SHOWN - len(group.shown)])

    def pack(self) -> list[Any]:
        """Return them as values of JSON."""
        return [list(group) for group in self]

    @classmethod
    def unpack(cls, packed: list[Any]) -> Obstacles:
        """Return what `pack` made these values of.

        Raises:
            ValueError, TypeError: they are none that it makes.
        """
        obstacles = cls()
        for cause, by, total, shown in packed:
            entries = [(str(path), str(detail)) for path, detail in shown]
            if not by or set(by) - set(EVERYONE) or not len(entries) <= int(total) or len(entries) > _SHOWN:
                raise ValueError("invalid obstacles")
            obstacles.extend([Group(Cause(cause), str(by), int(total), entries)])
        return obstacles

    def _add(self, group: Group, total: int, shown: Iterable[tuple[str, str]]) -> None:
        group.shown.extend(shown)
        self._groups[group.cause, group.by] = group._replace(total=group.total + total)


def joined(*by: str) -> str:
    """Return the runtimes of all of these together, in the order of `EVERYONE`."""
    return "".join(letter for letter in EVERYONE if any(letter in some for some in by))


def stops_current(by: str) -> bool:
    """Tell whether neither containerd nor Docker unpacks what these refuse."""
    return CURRENT.issubset(by)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
