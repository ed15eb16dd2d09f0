"""Parses values of options, variables and settings, with the same error messages for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UsageError, suggest
from ocianalyze.units import parse_size

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEAST_WITHOUT_UNIT: Final = 1_000_000
_MOST_DIGITS: Final = 9
_SHOWN: Final = 100


def parse_size_limit(text: str) -> int:
    """Return a maximum image size in bytes; raises ValueError if it is so small that the unit must be missing."""
    size = parse_size(text)
    if size < _LEAST_WITHOUT_UNIT and text.strip().isdecimal():
        raise ValueError(f"{size} without a unit means {size} bytes; add a unit, such as {size or 30}GB")
    return size


def parse_jobs(text: str) -> int:
    """Return the number of layers to read in parallel; raises ValueError if it is invalid."""
    digits = text.strip()
    number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS else 0
    if not number:
        raise ValueError(f"{text[:_SHOWN]!r} is not a whole number such as 1 or 4")
    return number


def choose(value: str, choices: Iterable[str]) -> str:
    """Return `value`, which must be one of `choices`.

    Raises:
        UsageError: it is not.
    """
    known = list(choices)
    if value not in known:
        raise UsageError(f"unknown value {value[:_SHOWN]!r}", hint=suggest(value, known))
    return value
