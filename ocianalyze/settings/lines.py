"""Finds the line of a key in a TOML file, which the standard library's parser does not report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEADER: Final = regex(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]")
_NAME: Final = regex(r"\"[^\"]*\"|'[^']*'|[\w-]+")
_KEY: Final = regex(r"\s*[\"']?([\w-]+)[\"']?\s*=")


def find_line(place: Sequence[str | int], text: str) -> int | None:
    """Return the line number of a key, or of the nearest enclosing table that is found, or None.

    It is a simple reader for TOML as people write it, and skips what it does not understand.
    """
    found: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    seen: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            names = [name.strip("\"'") for name in _NAME.findall(header[2])]
            table = tuple(names)
            if header[1] == "[[":
                table = (*names, seen[header[2]])
                seen[header[2]] += 1
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, key[1]), number)
    candidates = (tuple(place[:length]) for length in range(len(place), 0, -1))
    return next((found[candidate] for candidate in candidates if candidate in found), None)
