"""Sizes in words, as Docker writes them, and back; times in words.

Source: docker/cli, ``units.HumanSizeWithPrecision``.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ocianalyze.regex import regex

_ROUNDS_UP: Final = 999.5
"""From here on three digits show 1000."""
_WRITTEN: Final = regex(r"(\d{1,18})\s*([kmgt]i?)?b?", re.ASCII)
_MOST_DIGITS: Final = 19
_MULTIPLES: Final = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}
_PERCENT: Final = regex(r"(\d{1,6}(?:\.\d{1,3})?)\s*%", re.ASCII)
_TIMES: Final = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")


def human(size: float) -> str:
    """Return a size in decimal units with three significant digits, as Docker shows it: ``13.2 kB``."""
    unit = 0
    while size >= _ROUNDS_UP and unit < len(_UNITS) - 1:
        size /= 1000
        unit += 1
    return f"{size:.3g} {_UNITS[unit]}"


def duration(seconds: float) -> str:
    """Return a time for people, in its largest unit that fits, rounded up."""
    size, unit = next(((size, unit) for size, unit in _TIMES if seconds >= 2 * size), _TIMES[-1])
    count = max(1, -int(-seconds // size))
    return f"{count} {unit}{'' if count == 1 else 's'}"


def parse_size(text: str) -> int:
    """Return the number of bytes that ``40000``, ``64MiB`` or ``300GB`` says; raises ValueError."""
    match = _WRITTEN.fullmatch(text.strip().lower())
    if match is None:
        is_number = text.strip()[:_MOST_DIGITS].isdecimal()
        problem = "is too large" if is_number else "is not a size such as 40000, 64MiB or 300GB"
        raise ValueError(f"{text[:100]!r} {problem}")
    return int(match[1]) * _MULTIPLES[match[2] or ""]


class Growth(NamedTuple):
    """By how much something may grow: in bytes, or as a share."""

    text: str
    size: int | None
    share: float | None

    def is_exceeded(self, old: int, new: int) -> bool:
        """Tell whether something grew by more, from `old` to `new` bytes."""
        return new - old > (self.size if self.size is not None else (self.share or 0) * old)

    def __str__(self) -> str:
        """Return it as it was written."""
        return self.text


def parse_growth(text: str) -> Growth:
    """Return what ``500MB`` or ``10%`` says; raises ValueError."""
    percent = _PERCENT.fullmatch(text.strip())
    if percent is not None:
        return Growth(text.strip(), None, float(percent[1]) / 100)
    try:
        return Growth(text.strip(), parse_size(text), None)
    except ValueError as error:
        raise ValueError(f"{text[:100]!r} is neither a size such as 500MB nor a share such as 10%") from error
