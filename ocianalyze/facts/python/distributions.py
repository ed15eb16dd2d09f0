"""Python distributions that are installed, told by the names of their metadata directories.

Sources: PyPA, "Recording installed projects" (``<name>-<version>.dist-info``) and setuptools (``.egg-info``).
"""

from __future__ import annotations

import re
from posixpath import dirname
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocianalyze.filesystem.node import Node

JUPYTERLAB: Final = "jupyterlab"
ACTIVITY_MONITOR: Final = "jupyter_activity_monitor_extension"

WANTED: Final = (JUPYTERLAB, ACTIVITY_MONITOR)
"""The distributions that are looked for; each is also the name of the package that it installs."""

_DIST_INFO: Final = ".dist-info"
_SEPARATORS: Final = regex(r"[-_.]+")
_RELEASE: Final = regex(r"(\d{1,9}(?:\.\d{1,9}){0,9})", re.ASCII)


class Distribution(NamedTuple):
    """An installed distribution: where its package lies, and the release of it (``4.2.5``), if that is told."""

    name: str
    package: Node
    release: tuple[int, ...] | None

    @property
    def directory(self) -> str:
        """The directory that it is imported from."""
        return dirname(self.package.path)

    @property
    def prefix(self) -> str:
        """The prefix of the Python that it is installed for: that of ``lib/python3.X/site-packages``."""
        return dirname(dirname(dirname(self.directory)))

    @property
    def version(self) -> str:
        """The release as people write it."""
        return "unknown" if self.release is None else ".".join(map(str, self.release))


def find_distributions(nodes: Iterable[Node]) -> dict[str, tuple[Distribution, ...]]:
    """Return the installations of what is `WANTED` by name, in the order of their paths.

    `nodes` are what bears one of the names; what counts is in a directory that Pythons import from.
    """
    found: dict[str, tuple[Distribution, ...]] = dict.fromkeys(WANTED, ())
    for node in sorted(nodes, key=lambda node: node.path):
        if node.name in found and not node.is_file and _is_installed(node.path):
            found[node.name] += (Distribution(node.name, node, _release_of(node)),)
    return found


def metadata_in(directory: Node) -> Iterator[tuple[str, str, Node]]:
    """Yield the distributions that are installed in a directory: normalized name, version, ``dist-info`` directory."""
    for child in directory.filesystem.children_of(directory):
        name, dash, version = child.name.removesuffix(_DIST_INFO).rpartition("-")
        if child.name.endswith(_DIST_INFO) and dash and child.is_directory:
            directory.filesystem.spend(1)
            yield normalized(name), version, child


def normalized(name: str) -> str:
    """Return the name of a distribution as it is compared (PyPA, "Name normalization")."""
    return _SEPARATORS.sub("-", name).lower()


def _is_installed(path: str) -> bool:
    return dirname(path).endswith("-packages") and "/pkgs/" not in path


def parse_release(text: str) -> tuple[int, ...] | None:
    """Return the release that a version begins with (PEP 440), or None if it has none."""
    match = _RELEASE.match(text)
    return tuple(int(part) for part in match[1].split(".")) if match is not None else None


def _release_of(package: Node) -> tuple[int, ...] | None:
    filesystem = package.filesystem
    parent = filesystem.lookup(dirname(package.path))
    prefix = f"{package.name}-"
    for child in filesystem.children_of(parent) if parent is not None else ():
        if child.name.startswith(prefix) and child.name.endswith((_DIST_INFO, ".egg-info")):
            return parse_release(child.name.removeprefix(prefix))
    return None
