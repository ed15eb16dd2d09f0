"""Memory that is needed for a while only: who needs some waits until others have given back enough."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


class Loans:
    """So many bytes of memory that threads share; one that needs more than there are waits until it is alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lent = 0
        self._changed = Condition()

    @contextmanager
    def loan(self) -> Iterator[Loan]:
        """Yield a loan of nothing, to be changed; what it has is given back at the end of the block."""
        loan = Loan(self)
        try:
            yield loan
        finally:
            loan.change(0)

    def exchange(self, old: int, new: int) -> None:
        """Give back some bytes, and wait until others can be had."""
        with self._changed:
            self._lent -= old
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._lent or self._lent + new <= self._most)
            self._lent += new


class Loan:
    """What one thread has borrowed."""

    def __init__(self, loans: Loans | None) -> None:
        self._loans = loans
        self._size = 0

    def change(self, size: int) -> None:
        """Have so many bytes instead; waits for them if there are too few."""
        if self._loans is not None:
            self._loans.exchange(self._size, size)
            self._size = size


UNLIMITED: Final = Loan(None)
"""A loan that is never refused, and never counted."""
