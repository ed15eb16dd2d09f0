"""Python distributions that are installed, told by the names of their metadata directories.

Sources: PyPA, "Recording installed projects" (``<name>-<version>.dist-info``) and setuptools (``.egg-info``).
"""

from __future__ import annotations

import re
from posixpath import dirname
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.filesystem.node import Node

JUPYTERLAB: Final = "jupyterlab"
ACTIVITY_MONITOR: Final = "jupyter_activity_monitor_extension"

WANTED: Final = (JUPYTERLAB, ACTIVITY_MONITOR)
"""The distributions that are looked for; each is also the name of the package that it installs."""

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
        if child.name.startswith(prefix) and child.name.endswith((".dist-info", ".egg-info")):
            return parse_release(child.name.removeprefix(prefix))
    return None
