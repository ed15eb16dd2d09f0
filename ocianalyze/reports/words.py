"""Texts of a report that are this program's own, and not the image's: writers may trust them.

A stored report may come from anywhere, so what stands in such a place is checked when a report is made of it. These
checks are no part of the schema.
"""

from __future__ import annotations

import re
from datetime import datetime
from math import isfinite
from typing import Final

from ocianalyze.regex import regex

_RULE: Final = regex(r"[A-Z]{2,8}\d{3}", re.ASCII)
_WORD: Final = regex(r"[A-Za-z0-9][A-Za-z0-9_.+!-]{0,99}")
_TITLE: Final = regex(r"(?:[A-Za-z0-9][A-Za-z0-9 ,.()/+-]{0,99})?")
_MOMENT: Final = regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_FINGERPRINT: Final = regex(r"[A-Za-z0-9:_./-]{1,200}")


def rule_id(text: str) -> str:
    """Return the id of a rule.

    Raises:
        ValueError: it is none; so do the other functions here.
    """
    return _matched(text, bool(_RULE.fullmatch(text)), "two to eight capital letters and three digits")


def word(text: str) -> str:
    """Return a name, a code or a version, without spaces."""
    return _matched(text, bool(_WORD.fullmatch(text)), "a word of letters, digits and hyphens")


def title(text: str) -> str:
    """Return a title of plain words."""
    return _matched(text, bool(_TITLE.fullmatch(text)), "plain words")


def fingerprint(text: str) -> str:
    """Return the fingerprint of a finding."""
    return _matched(text, bool(_FINGERPRINT.fullmatch(text)), "hexadecimal digits, a colon and a number")


def moment(text: str) -> str:
    """Return a time in UTC."""
    _matched(text, bool(_MOMENT.fullmatch(text)), "a time such as 2026-11-28T12:00:00Z")
    datetime.fromisoformat(text)
    return text


def line_number(number: int) -> int:
    """Return the number of a line, which counts from 1."""
    if number < 1:
        raise ValueError("lines count from 1")
    return number


def seconds(number: float) -> float:
    """Return a duration."""
    if number < 0 or not isfinite(number):
        raise ValueError("no time takes less than nothing, or forever")
    return number


def _matched(text: str, fits: bool, expected: str) -> str:  # noqa: FBT001 - what was found out
    if not fits:
        raise ValueError(f"expected {expected}")
    return text
