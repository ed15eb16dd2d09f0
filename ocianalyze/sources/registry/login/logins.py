"""Logins that were asked for a moment ago: many images of one registry are opened with one."""

from __future__ import annotations

from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from typing import Any, Self

_Login = TypeVar("_Login")

LIFETIME: Final = 300.0
"""Seconds; who gives tokens that are valid for longer than that gives the same one again, or another."""


class Logins:
    """What credential helpers and AWS answered, for `LIFETIME` seconds, in memory only.

    It can be used from several threads, of which one asks. Another process begins with none.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[Hashable, tuple[float, Any]] = {}

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        """Pickle no secrets."""
        return type(self), ()

    def get(self, key: Hashable, ask: Callable[[], _Login]) -> _Login:
        """Return what `ask` answers, or has answered a moment ago; what it raises is not remembered."""
        with self._lock:
            until, login = self._known.get(key, (0.0, None))
            if monotonic() >= until:
                login = ask()
                self._known[key] = monotonic() + LIFETIME, login
            return login  # type: ignore[no-any-return] # keys tell what they stand for
