"""Distributions that are installed twice in one directory, told by the names of their metadata directories.

Source: PyPA, "Recording installed projects": there is one ``<name>-<version>.dist-info`` for each distribution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ocianalyze.facts.python.distributions import metadata_in, parse_release
from ocianalyze.facts.python.installations import site_directories

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocianalyze.facts.python.installations import Installation
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem


class Twin(NamedTuple):
    """A distribution that is there more than once: its versions, the oldest first, and the metadata of the newest."""

    name: str
    directory: str
    versions: tuple[str, ...]
    node: Node


def find_twins(filesystem: Filesystem, pythons: Iterable[Installation]) -> tuple[Twin, ...]:
    """Return what is installed twice in a directory that one of `pythons` imports from, in order."""
    directories = dict.fromkeys(
        filesystem.resolve(place).path for python in pythons for place in site_directories(filesystem, python)
    )
    return tuple(twin for place in directories if place.endswith("-packages") for twin in _twins_in(filesystem, place))


def _twins_in(filesystem: Filesystem, directory: str) -> Iterator[Twin]:
    found: dict[str, dict[str, Node]] = {}
    top = filesystem.lookup(directory)
    for name, version, node in metadata_in(top) if top is not None and top.is_directory else ():
        found.setdefault(name, {})[version] = node
    for name, versions in sorted(found.items()):
        if len(versions) > 1:
            ordered = sorted(versions, key=lambda version: (parse_release(version) or (), version))
            yield Twin(name, directory, tuple(ordered), versions[ordered[-1]])
