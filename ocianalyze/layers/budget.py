"""What one analysis may still spend: memory, entries, and steps of work, counted by whoever spends them."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocianalyze.layers.limits import Limits


class Budget:
    """What is left of the limits of one image; it may be used from several threads."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._contents = limits.max_captured
        self._entries = limits.max_entries
        self._steps = limits.max_steps
        self._lock = Lock()

    def count(self, entries: int) -> None:
        """Count the entries of one layer; raise LimitExceededError where all have more than ``max_entries``."""
        with self._lock:
            self._entries -= entries
            if self._entries < 0:
                most = self.limits.max_entries
                raise self.limits.exceeded("max_entries", f"the image has {most - self._entries:,} entries")

    def take(self, size: int, what: str, *, thing: str = "the contents that are examined") -> None:
        """Take `size` bytes for the content of a file; raise LimitExceededError where there are not so many left.

        `thing` is what takes them, as part of a sentence in the plural.
        """
        with self._lock:
            self._contents -= size
            if self._contents < 0:
                raise self.limits.exceeded("max_captured", f"{what}: {thing} take too much memory")

    def spend(self, steps: int) -> None:
        """Take steps of work: each is worth about a microsecond.

        Raises:
            LimitExceededError: there are none left.
        """
        self._steps -= steps  # facts and rules are worked out in one thread
        if self._steps < 0:
            most = self.limits.max_steps
            raise self.limits.exceeded("max_steps", f"examining the image took more than {most:,} steps")
