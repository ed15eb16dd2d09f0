"""What one analysis may still spend: memory, inflated bytes and steps of work, counted by whoever spends them."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ocianalyze.layers.changeset import Changeset
    from ocianalyze.layers.limits import Limits

_ROW: Final = 320
"""Bytes for an entry: its row, its name as an object, its place in the merged tree, and as much again to work with."""
_ITEM: Final = 200
"""Bytes for a link or an attribute beside its characters."""


class Budget:
    """What is left of the limits of one image; it may be used from several threads."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._memory = limits.max_memory
        self._inflated = limits.max_inflated
        self._steps = limits.max_steps
        self._lock = Lock()

    def take(self, size: int, what: str, *, thing: str = "the contents that are examined") -> None:
        """Take `size` bytes of memory, or none if there are not so many left.

        `thing` is what takes them, as part of a sentence in the plural.

        Raises:
            LimitExceededError: there are not so many left.
        """
        with self._lock:
            if size > self._memory:
                raise self.limits.exceeded("max_memory", f"{what}: {thing} take too much memory")
            self._memory -= size

    def inflate(self, size: int, what: str) -> None:
        """Take `size` bytes that a stream has inflated to beyond what its compressed bytes account for.

        Raises:
            LimitExceededError: there are not so many left.
        """
        with self._lock:
            self._inflated -= size
            if self._inflated < 0:
                raise self.limits.exceeded(
                    "max_inflated", f"{what} inflates to far more than its compressed bytes account for"
                )

    def spend(self, steps: int) -> None:
        """Take steps of work: each is worth about a microsecond.

        Raises:
            LimitExceededError: there are none left.
        """
        self._steps -= steps  # facts and rules are worked out in one thread
        if self._steps < 0:
            most = self.limits.max_steps
            raise self.limits.exceeded("max_steps", f"examining the image took more than {most:,} steps")


def memory_of(changeset: Changeset) -> int:
    """Return how many bytes of memory the entries of a layer are charged, contents not included."""
    return memory_of_rows(changeset.names) + memory_of_extras(changeset.links.values(), changeset.xattrs.values())


def memory_of_rows(names: Sequence[str]) -> int:
    """Return how many bytes entries of these names are charged."""
    text = "".join(names)
    return _ROW * len(names) + memory_of_text(text)


def memory_of_extras(links: Iterable[str], xattrs: Iterable[Mapping[str, bytes]]) -> int:
    """Return how many bytes link targets and extended attributes are charged."""
    size = sum(_ITEM + memory_of_text(link) for link in links)
    for attributes in xattrs:
        size += _ITEM + sum(_ITEM + memory_of_text(key) + 2 * len(value) for key, value in attributes.items())
    return size


def memory_of_text(text: str) -> int:
    """Return how many bytes a text is charged: twice what its characters take at most."""
    return 2 * len(text) if text.isascii() else 8 * len(text)
