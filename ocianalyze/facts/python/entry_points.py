"""The entry points that the packages of a Python offer.

Sources: PyPA, "Entry points specification" (``entry_points.txt`` in ``*.dist-info``); setuptools (``*.egg-info``).
"""

from __future__ import annotations

from posixpath import join
from typing import TYPE_CHECKING, Final

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.filesystem.tree import Filesystem

READS: Final = ("**/entry_points.txt",)

_METADATA: Final = (".dist-info", ".egg-info")
_LARGEST: Final = 1 << 20
_SECTION: Final = regex(r"\[\s*([^\]]+?)\s*\]")


def find_entry_points(filesystem: Filesystem, directories: Iterable[str], group: str) -> frozenset[str]:
    """Return the names of the entry points of `group` that packages in `directories` (``site-packages``) offer.

    Raises:
        ContentUnavailableError: an ``entry_points.txt`` was not kept.
    """
    found: set[str] = set()
    for directory in directories:
        top = filesystem.lookup(directory)
        for child in filesystem.children_of(top) if top is not None else ():
            if child.name.endswith(_METADATA):
                node = filesystem.lookup(join(child.path, "entry_points.txt"))
                if node is not None and node.is_file:
                    found.update(_names(node.read(most=_LARGEST).decode("utf-8", "surrogateescape"), group))
    return frozenset(found)


def _names(text: str, group: str) -> Iterable[str]:
    section = ""
    for line in text.splitlines():
        heading = _SECTION.fullmatch(line.strip())
        if heading:
            section = heading[1]
        elif section == group and "=" in line and not line.lstrip().startswith(("#", ";")):
            yield line.partition("=")[0].strip()
