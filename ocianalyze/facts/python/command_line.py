"""What a Python interpreter is told to run.

Source: The Python manual, "Command line and environment": options of one letter may stand together, and one that wants
a value takes what is left of its word, or the next one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_WITH_VALUES: Final = "XW"
_WITHOUT_ENVIRONMENT: Final = frozenset("EI")


class PythonCall(NamedTuple):
    """The module of ``-m``, or the script; neither if it is given its program in another way.

    `isolated` tells whether the variables of Python do not count.
    """

    module: str | None = None
    script: str | None = None
    isolated: bool = False


def parse_python_call(argv: Sequence[str]) -> PythonCall:
    """Return what a command line of Python says; its first word is the interpreter."""
    words = iter(argv[1:])
    isolated = False
    for word in words:
        if word == "-" or not word.startswith("-"):
            return PythonCall(script=word if word != "-" else None, isolated=isolated)
        if word.startswith("--"):
            if word == "--check-hash-based-pycs":
                next(words, "")
            continue
        for place, letter in enumerate(word[1:], start=2):
            if letter == "c":
                return PythonCall(isolated=isolated)
            if letter == "m":
                return PythonCall(module=word[place:] or next(words, ""), isolated=isolated)
            if letter in _WITH_VALUES:
                if not word[place:]:
                    next(words, "")
                break
            isolated = isolated or letter in _WITHOUT_ENVIRONMENT
    return PythonCall(isolated=isolated)
