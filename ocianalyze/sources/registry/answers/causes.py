"""What an error came of: the libraries beneath wrap errors several times, each in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_SOME: Final = 50


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it came of, the nearest first."""
    pending: list[object] = [error]
    seen: list[BaseException] = []
    while pending and len(seen) < _SOME:
        cause = pending.pop(0)
        if isinstance(cause, BaseException) and not any(cause is one for one in seen):
            seen.append(cause)
            yield cause
            pending += [*cause.args, *(getattr(cause, name, None) for name in ("reason", "original_error"))]
            pending += [cause.__cause__, cause.__context__, getattr(cause, "socket_err", None)]
