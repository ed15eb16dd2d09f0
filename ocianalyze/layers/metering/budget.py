"""The remaining budget of one analysis: memory, inflated bytes and steps of work, counted where they are used."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ocianalyze.layers.metering.limits import Limits

_ROW: Final = 320
"""Bytes for an entry: its row, its name as an object, its place in the merged tree, and as much again to work with."""
_LOOK: Final = 1 << 20
"""After how many bytes a process looks at what the others have taken."""
_ITEM: Final = 200
"""Bytes for a link or an attribute beside its characters."""


_MEMBER: Final = 500
"""Bytes for a member of an archive beside its name."""


class Budget:
    """The remaining part of the limits for one image; it may be used from several threads."""

    def __init__(
        self, limits: Limits, *, part_of: Budget | None = None, beside: tuple[memoryview[int], int] | None = None
    ) -> None:
        """`part_of` is whose memory this takes, too; `beside` is what other processes take, and its place there."""
        self.limits = limits
        self._whole = part_of
        self._beside = beside
        self._untold = 0
        self._memory = limits.max_memory
        self._inflated = limits.max_inflated
        self._steps = limits.max_steps
        self._lock = Lock()

    def in_worker(self, used: memoryview[int], number: int) -> Budget:
        """Return the budget of a forked process, one of several that together may take what is left of this memory.

        Each writes what it has taken to a place of its own in `used`, which they share; `number` is that of this one.
        """
        return Budget(self.limits._replace(max_memory=self._memory), beside=(used, number))

    def part(self, share: int) -> Budget:
        """Return a budget that may take one of `share` parts of the memory, off this one."""
        return Budget(self.limits._replace(max_memory=self.limits.max_memory // share), part_of=self)

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
            self._untold += size
            if self._beside is not None and self._untold > _LOOK:
                used, number = self._beside
                used[number] += self._untold
                self._untold = 0
                if sum(used) > self.limits.max_memory:
                    raise self.limits.exceeded("max_memory", f"{what}: {thing} take too much memory")
        if self._whole is not None:
            self._whole.take(size, what, thing=thing)

    def inflate(self, size: int, what: str) -> None:
        """Take `size` bytes that a stream has inflated to beyond what its compressed bytes account for.

        Raises:
            LimitExceededError: there are not so many left.
        """
        with self._lock:
            self._inflated -= size
            if self._inflated < 0:
                raise self.limits.exceeded(
                    "max_inflated", f"{what} inflates to far more than expected from its compressed size"
                )

    def spend(self, steps: int) -> None:
        """Take steps of work: each is worth about a microsecond.

        Raises:
            LimitExceededError: there are none left.
        """
        self._steps -= steps  # facts and rules are worked out in one thread
        if self._steps < 0:
            raise self.limits.exceeded("max_steps", "examining the image takes too many steps")


def memory_of_member(path: str, link: str) -> int:
    """Return how many bytes of memory a member of an archive is charged."""
    return _MEMBER + memory_of_text(path + link)


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
