"""Questions to a layer that need a look at all of its rows; their answers are kept with it, in the cache, too."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING

from ocianalyze.layers.changeset.changeset import ROOT
from ocianalyze.layers.changeset.columns import find_repeats, rows_by_directory, rows_of
from ocianalyze.layers.tar.entry import DIRECTORIES, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ocianalyze.layers.changeset.changeset import Changeset

_FILE, _HARDLINK = int(Kind.FILE), int(Kind.HARDLINK)


def prepare(changeset: Changeset, searches: Iterable[str]) -> None:
    """Answer now what will be asked later: what repeats, what is linked, and which names begin like this."""
    linked_files(changeset)
    for beginning in searches:
        search_names(changeset, beginning)


def repeats_of(changeset: Changeset) -> Sequence[tuple[int, int]]:
    """Return the rows whose path an earlier row has; see `find_repeats`."""
    if changeset.repeats is None:
        changeset.repeats = find_repeats(changeset)
    return changeset.repeats


def linked_files(changeset: Changeset) -> Sequence[int] | None:
    """Return the row of the file that each hardlink is another name of, if all of them plainly are; else None.

    That is: no path repeats, and each leads through directories to a file that was there before, and states the same
    attributes. Then all runtimes agree on it.
    """
    if changeset.linked is None:
        changeset.linked = array("i", () if repeats_of(changeset) else _find_linked_files(changeset))
    return changeset.linked if len(changeset.linked) == changeset.kinds.count(_HARDLINK) else None


def _find_linked_files(changeset: Changeset) -> Iterator[int]:
    """Yield the row of the file that each hardlink is another name of, up to the first that is not plainly that."""
    names, kinds, identities = changeset.names, changeset.kinds, changeset.identities
    if not kinds.count(_HARDLINK):
        return
    rows = rows_by_directory(changeset)
    inside: dict[int, dict[str, int]] = {}
    directories: dict[str, int | None] = {"": ROOT}

    def find(directory: int | None, name: str) -> int | None:
        if directory is None or kinds[directory] not in DIRECTORIES:
            return None
        if directory not in inside:
            inside[directory] = {names[row]: row for row in rows.inside(directory)}
        return inside[directory].get(name)

    for row in rows_of(changeset, _HARDLINK):
        path, _, name = changeset.links[row].removeprefix("./").rpartition("/")
        if path not in directories:
            found: int | None = ROOT
            for part in path.split("/"):
                found = find(found, part)
            directories[path] = found
        file = find(directories[path], name)
        if file is None or file > row or kinds[file] != _FILE or identities[file] != identities[row]:
            return
        yield file


def search_names(changeset: Changeset, beginning: str) -> Sequence[int]:
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
