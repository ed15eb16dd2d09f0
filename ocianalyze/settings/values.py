"""Parses values of options, variables and settings, with the same error messages for all of them."""

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
    """Return a maximum image size in bytes; raises ValueError if it is so small that the unit must be missing."""
    size = parse_size(value) if isinstance(value, str) else value
    if 0 <= size < _LEAST_WITHOUT_UNIT and str(value).strip().isdecimal():
        raise ValueError(f"{size} without a unit means {size} bytes; add a unit, such as {size or 30}GB")
    return size


def parse_jobs(value: str | int) -> int:
    """Return the number of layers to read in parallel; raises ValueError if it is invalid."""
    text = str(value).strip()
    if not (text.isascii() and text.isdecimal() and len(text) < len(str(_MOST_JOBS)) + 1 and int(text) >= 1):
        raise ValueError(f"{str(value)[:_SHOWN]!r} is not a whole number from 1 to {_MOST_JOBS}")
    return min(int(text), _MOST_JOBS)


def choose(value: str, choices: Iterable[str]) -> str:
    """Return `value`, which must be one of `choices`.

    Raises:
        UsageError: it is not.
    """
    known = list(choices)
    if value not in known:
        raise UsageError(f"unknown value {value[:_SHOWN]!r}", hint=suggest(value, known))
    return value
