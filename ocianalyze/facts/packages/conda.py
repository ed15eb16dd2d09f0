"""The packages of conda: ``conda-meta`` of each environment, with a file for each package.

Source: conda, ``core/prefix_data.py`` (``<name>-<version>-<build>.json``, whose ``files`` are relative to the prefix).
"""

from __future__ import annotations

from posixpath import dirname, join
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import ContentUnavailableError
from ocianalyze.facts.packages.package import Package, read_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

LISTS: Final = ("**/conda-meta/*.json",)

_META: Final = "conda-meta"
_UNPACKED: Final = "/pkgs/"
_JSON: Final = ".json"
_PARTS: Final = 3


def find(filesystem: Filesystem) -> Iterator[Package]:
    """Yield the packages of all environments."""
    for directory in filesystem.named(_META):
        path = directory.path
        for node in filesystem.children_of(directory) if _UNPACKED not in path else ():
            parts = node.name.removesuffix(_JSON).rsplit("-", 2)
            if node.name.endswith(_JSON) and len(parts) == _PARTS and node.is_file:
                name, version, _ = parts
                yield Package("conda", name, version, dirname(path), node)


def files_of(package: Package, listed: Node) -> list[str]:
    """Return the paths that a package installed.

    Raises:
        ContentUnavailableError: its file was not kept, or is not as conda writes it.
    """
    import orjson

    try:
        files = orjson.loads(read_list(listed))["files"]
        if isinstance(files, list):
            return [*(join(package.place, path) for path in files), listed.path]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        pass
    raise ContentUnavailableError(f"{listed.path} is not as conda writes it", path=listed.path)
