"""How values are written, in an option, a variable or a file: the same words say what is wrong with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UsageError, suggest
from ocianalyze.units import parse_size

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEAST_WITHOUT_UNIT: Final = 1_000_000
_MOST_JOBS: Final = 1024
_SHOWN: Final = 100


def parse_size_limit(value: str | int) -> int:
    """Return how large an image may be, in bytes; raises ValueError for a few bytes, where a unit is missing."""
    size = parse_size(value) if isinstance(value, str) else value
    if 0 <= size < _LEAST_WITHOUT_UNIT and str(value).strip().isdecimal():
        raise ValueError(f"{size} without a unit means {size} bytes; add a unit, such as {size or 30}GB")
    return size


def parse_jobs(value: str | int) -> int:
    """Return a number of layers to read at a time; raises ValueError."""
    text = str(value).strip()
    if not (text.isascii() and text.isdecimal() and len(text) < len(str(_MOST_JOBS)) + 1 and int(text) >= 1):
        raise ValueError(f"{str(value)[:_SHOWN]!r} is not a whole number from 1 to {_MOST_JOBS}")
    return min(int(text), _MOST_JOBS)


def choose(value: str, choices: Iterable[str]) -> str:
    """Return one of some words.

    Raises:
        UsageError: it is none of them.
    """
    known = list(choices)
    if value not in known:
        raise UsageError(f"{value[:_SHOWN]!r} is not known", hint=suggest(value, known))
    return value
