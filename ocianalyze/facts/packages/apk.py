"""The packages of Alpine: apk's database, which lists their files too.

Source: Alpine wiki, "Apk spec", "Installed Database V2": ``P:`` name, ``V:`` version, ``F:`` directory, ``R:`` file.
"""

from __future__ import annotations

from posixpath import join
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.packages.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

LISTS: Final = ("**/apk/db/installed",)

_DATABASES: Final = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")


def find(filesystem: Filesystem) -> Iterator[Package]:
    """Yield the installed packages; raises ContentUnavailableError and LimitExceededError."""
    found = {node.id: node for path in _DATABASES if (node := filesystem.lookup(path)) is not None and node.is_file}
    for node in found.values():
        for fields in _paragraphs(node):
            names = dict(reversed(fields))
            if "P" in names:
                yield Package("apk", names["P"], names.get("V", ""), "/", node)


def files_by_package(database: Node) -> dict[str, list[str]]:
    """Return the paths that each package of a database installed, by the name of the package."""
    found: dict[str, list[str]] = {}
    for fields in _paragraphs(database):
        paths: list[str] = []
        directory = ""
        for key, value in fields:
            if key == "P":
                paths = found.setdefault(value, [])
            elif key == "F":
                directory = value
            elif key == "R":
                paths.append(join("/", directory, value))
    return found


def _paragraphs(database: Node) -> Iterator[list[tuple[str, str]]]:
    for paragraph in database.read().decode("utf-8", "surrogateescape").split("\n\n"):
        lines = [line.partition(":") for line in paragraph.splitlines()]
        database.filesystem.spend(len(lines))
        yield [(key, value) for key, colon, value in lines if colon]
