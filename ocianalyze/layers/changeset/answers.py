"""Questions to a layer that need a look at all of its rows; their answers are kept with it, in the cache, too."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING

from ocianalyze.layers.changeset.columns import find_repeats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocianalyze.layers.changeset.changeset import Changeset


def prepare(changeset: Changeset, searches: Iterable[str]) -> None:
    """Answer now what will be asked later: what repeats, and which names begin like this."""
    repeats_of(changeset)
    for beginning in searches:
        search(changeset, beginning)


def repeats_of(changeset: Changeset) -> Sequence[tuple[int, int]]:
    """Return the rows whose path an earlier row has; see `find_repeats`."""
    if changeset.repeats is None:
        changeset.repeats = find_repeats(changeset)
    return changeset.repeats


def search(changeset: Changeset, beginning: str) -> Sequence[int]:
    r"""Return the rows whose names begin with a match of a regular expression.

    All names are searched as one text, which is much faster than a search in each name. To match a name to its end, let
    the expression end in ``(?=\0)``; do not use ``^``, ``$``, ``\A`` or ``\Z``. It is matched against UTF-8 bytes.
    """
    known = changeset.searches.get(beginning)
    if known is None:
        known = changeset.searches[beginning] = array("i")
        text = changeset.joined_names()
        row, last = 0, 0
        for match in re.finditer(rf"\0(?:{beginning})".encode(), text):
            row += text.count(b"\0", last, match.start() + 1)
            last = match.start() + 1
            known.append(row)
    return known
