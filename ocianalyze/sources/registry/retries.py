"""When and how often a request is repeated (RFC 9110, section 10.2.3, Retry-After)."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from threading import Event

    from ocianalyze.sources.registry.answers.answer import Answer

_PASSING: Final = frozenset((429, 500, 502, 503, 504))
"""What a server may not answer for long."""
ATTEMPTS: Final = 6
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 60.0


class Pauses:
    """The pauses between the attempts of one request; `closed` ends them, and all attempts."""

    def __init__(self, closed: Event, attempts: int | None = None) -> None:
        self._closed = closed
        self._attempts = ATTEMPTS if attempts is None else attempts
        self._attempt = 1

    def wait(self, retry_after: str = "") -> bool:
        """Wait before the next attempt and return True, or return False if that was the last one.

        `retry_after` is how long the server asks us to wait; who asks for very long gets no further request.
        """
        if self._attempt >= self._attempts:
            return False
        asked_for = seconds_of(retry_after)
        if asked_for is not None and asked_for > _LONGEST_PAUSE:
            return False
        longest = min(_FIRST_PAUSE * 2 ** (self._attempt - 1), _LONGEST_PAUSE)
        jitter = random.uniform(longest / 2, longest)  # noqa: S311 - to spread requests, not to hide anything
        self._attempt += 1
        return not self._closed.wait(jitter if asked_for is None else asked_for + jitter / 4)

    def wait_after(self, answer: Answer) -> bool:
        """Wait if a server may answer something else later, for as long as it asks us to; return as `wait` does."""
        return answer.status in _PASSING and self.wait(answer.headers.get("Retry-After", ""))

    def progressed(self) -> None:
        """Take note that something came of the last attempt."""
        self._attempt = 1


def seconds_of(text: str) -> float | None:
    """Return for how many seconds a server asks us to wait: a number, or a date."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max(0.0, (when - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
