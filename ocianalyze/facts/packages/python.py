"""Python distributions, wherever they are installed: their metadata directories, and ``RECORD``.

Sources: PyPA, "Recording installed projects" (``RECORD`` is CSV, with paths relative to the directory of the
``dist-info``), "Name normalization"; setuptools (``.egg-info``, as Debian's packages have them).
"""

from __future__ import annotations

import csv
import re
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import ContentUnavailableError
from ocianalyze.facts.packages.package import Package, read_list
from ocianalyze.facts.python import normalized
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

LISTS: Final = ("**/*.dist-info/RECORD",)

_DIST_INFO: Final = ".dist-info"
_EGG_INFO: Final = ".egg-info"
_RECORD: Final = "RECORD"
_NOT_INSTALLED: Final = ("/pkgs/", "/_vendor/")
"""Where packages lie that no Python imports as they are: conda's unpacked ones, and those that others bring along."""

_LEFT_OVER: Final = ("~", "-")
"""How directories begin that pip leaves behind, or that have no name."""

_FOR_PYTHON: Final = regex(r"-py\d\.\d{1,2}$", re.ASCII)


def find(filesystem: Filesystem) -> Iterator[Package]:
    """Yield the installed distributions."""
    for ending in (_DIST_INFO, _EGG_INFO):
        for node in filesystem.ending(ending):
            path = node.path
            name, dash, version = _FOR_PYTHON.sub("", node.name.removesuffix(ending)).partition("-")
            if name and dash and not name.startswith(_LEFT_OVER) and not any(part in path for part in _NOT_INSTALLED):
                listed = filesystem.child(node, _RECORD) if node.is_directory else None
                yield Package("python", normalized(name), version, dirname(path), listed)


def files_of(package: Package, listed: Node) -> list[str]:
    """Return the paths that a distribution installed.

    Raises:
        ContentUnavailableError: its ``RECORD`` was not kept, or is no CSV.
    """
    text = read_list(listed).decode("utf-8", "surrogateescape")
    try:
        return [normpath(join(package.place, row[0])) for row in csv.reader(text.splitlines()) if row]
    except csv.Error as error:
        raise ContentUnavailableError(f"{listed.path} is no CSV: {error}", path=listed.path) from error
