"""Ctrl-C, and being told to go away: the program stops at once, says so in one line, and leaves nothing behind.

A signal raises `Stopped` wherever the program happens to be, so that all that is open is closed on the way out. Where
that does not lead out (somebody swallowed it, or closing takes long), or on the second signal, the process just ends.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_WORDS: Final = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
_PATIENCE: Final = 1.0
"""How long the way out may take, in seconds."""
_STDERR: Final = 2
_came: list[int] = []
"""The signals that have asked the program to stop."""
_CURSOR: Final = b"\r\x1b[J\x1b[?25h"
"""Clears what is below, and shows the cursor again."""


class Stopped(BaseException):
    """A signal asks the program to stop; no `Exception`, so that nobody takes it for a failure of his own."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(number)
        self.number = number


def obey_signals() -> None:
    """Let SIGINT and SIGTERM stop the program from now on, unless whoever started it wants them to be ignored."""
    owner = os.getpid()

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        if os.getpid() != owner:  # a worker: its parent speaks for it
            os._exit(_code(number))
        _came.append(number)

        def give_up(*_: object) -> NoReturn:
            _leave_at_once(number)

        for each in (*_WORDS, signal.SIGALRM):
            signal.signal(each, give_up)
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
        raise Stopped(number)

    for number in _WORDS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    say = sys.unraisablehook

    def unraisable(what: sys.UnraisableHookArgs) -> None:
        if isinstance(what.exc_value, Stopped):  # it came up where Python cannot pass it on, such as in a callback
            _leave_at_once(what.exc_value.number)
        say(what)

    sys.unraisablehook = unraisable


def leave_if_told() -> None:
    """End this process if a signal has asked for that, whatever was made of it on the way out: another error, say."""
    if _came:
        leave(_came[0])


def raise_if_told() -> None:
    """Raise `Stopped` again if a signal has asked the program to stop and something made another error of that."""
    if _came:
        raise Stopped(_came[0])


def leave(number: int = signal.SIGINT) -> NoReturn:
    """End this process, whatever its threads do: what a signal stopped is closed by now."""
    for each in _WORDS:
        signal.signal(each, signal.SIG_IGN)
    with suppress(OSError):
        os.write(_STDERR, f"ocianalyze: {_WORDS[signal.Signals(number)]}\n".encode())
    os._exit(_code(number))


@contextmanager
def undisturbed() -> Iterator[None]:
    """Put signals off to the end of the block, which is short: what it writes is whole, or not begun.

    They only ever reach the main thread, so others need nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers = {number: signal.getsignal(number) for number in _WORDS}
    for number, handler in handlers.items():
        if callable(handler):
            signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            os.kill(os.getpid(), came[0])


def _leave_at_once(number: int) -> NoReturn:
    """End this process in the middle of whatever it does; bars may be on the terminal."""
    with suppress(OSError):
        if os.isatty(_STDERR):
            os.write(_STDERR, _CURSOR)
    leave(number)


def _code(number: int) -> int:
    """Return the exit code by which shells know what a signal has ended."""
    return 128 + number
