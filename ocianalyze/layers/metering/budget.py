"""The remaining budget of one analysis: memory, inflated bytes and steps of work, counted where they are used."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from ocianalyze.layers.metering.loans import Loans

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ocianalyze.layers.metering.limits import Limits

_ROW: Final = 320
"""Bytes for an entry: its row, its name object, its place in the merged tree, and the same again as working memory."""
_LOOK: Final = 1 << 20
"""The number of bytes after which a process checks how much the others have taken."""
LISTED: Final = 600
"""Bytes for an entry or a chunk that an index lists, until its layer is read."""
_ITEM: Final = 200
"""Bytes for a link or an attribute in addition to its characters."""


_MEMBER: Final = 500
"""Bytes for a member of an archive in addition to its name."""


class Budget:
    """The remaining part of the limits for one image; it may be used from several threads.

    Attributes:
        limits: the limits.
        loans: memory that is needed for a while, beside what is taken.
    """

    def __init__(
        self, limits: Limits, *, part_of: Budget | None = None, beside: tuple[memoryview[int], int] | None = None
    ) -> None:
        """`part_of` is charged for memory as well; `beside` is what other processes take, and our place in it."""
        self.limits = limits
        self._whole = part_of
        self._beside = beside
        self._untold = 0
        self._memory = limits.max_memory
        self._inflated = limits.max_inflated
        self._steps = limits.max_steps
        self._lock = Lock()
        self.loans = Loans(limits.max_memory >> 1)

    def in_worker(self, used: memoryview[int], number: int) -> Budget:
        """Return the budget of a forked process, one of several that share the rest of this memory.

        Each process writes how much it has taken to its own place in `used`, which they share; `number` is that place.
        """
        return Budget(self.limits._replace(max_memory=self._memory), beside=(used, number))

    def part(self, share: int) -> Budget:
        """Return a budget with the memory divided by `share`; what it takes is taken from this budget as well."""
        return Budget(self.limits._replace(max_memory=self.limits.max_memory // share), part_of=self)

    def take(self, size: int, what: str, *, thing: str = "the examined contents") -> None:
        """Take `size` bytes of memory, or none if fewer are left.

        `thing` is what takes them, as a plural phrase for the error.

        Raises:
            LimitExceededError: fewer are left.
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
        """Take `size` bytes that a stream has inflated to beyond what is expected from its compressed size.

        Raises:
            LimitExceededError: fewer are left.
        """
        with self._lock:
            self._inflated -= size
            if self._inflated < 0:
                raise self.limits.exceeded(
                    "max_inflated", f"{what} inflates to far more than expected from its compressed size"
                )

    def spend(self, steps: int) -> None:
        """Take steps of work, each of about a microsecond.

        Raises:
            LimitExceededError: none are left.
        """
        self._steps -= steps  # facts and rules run in one thread
        if self._steps < 0:
            raise self.limits.exceeded("max_steps", "examining the image takes too many steps")


def memory_of_member(path: str, link: str) -> int:
    """Return the memory that is charged for a member of an archive, in bytes."""
    return _MEMBER + memory_of_text(path + link)


def memory_of_rows(names: Sequence[str]) -> int:
    """Return the memory that is charged for entries with these names, in bytes."""
    text = "".join(names)
    return _ROW * len(names) + (memory_of_text(text) if text.isascii() else sum(map(memory_of_text, names)))


def memory_of_extras(links: Iterable[str], xattrs: Iterable[Mapping[str, bytes]]) -> int:
    """Return the memory that is charged for link targets and extended attributes, in bytes."""
    size = sum(_ITEM + memory_of_text(link) for link in links)
    for attributes in xattrs:
        size += _ITEM + sum(_ITEM + memory_of_text(key) + 2 * len(value) for key, value in attributes.items())
    return size


def memory_of_text(text: str) -> int:
    """Return the memory that is charged for a text, in bytes: twice the maximum that its characters take."""
    return 2 * len(text) if text.isascii() else 8 * len(text)
