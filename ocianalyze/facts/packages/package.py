"""An installed package, as the program that installed it lists it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from ocianalyze.filesystem.node import Node

Manager: TypeAlias = Literal["dpkg", "apk", "conda", "python"]


class Package(NamedTuple):
    """An installed package.

    Attributes:
        manager: the program that manages it; ``python`` for pip and what installs Python distributions as pip does.
        name: its name.
        version: its version, as the manager writes it.
        place: where it is installed: ``/`` for the system's packages, the prefix of a conda environment, or the
            directory that a Python imports it from.
        listed: the file that lists its files; None if there is none.
    """

    manager: Manager
    name: str
    version: str
    place: str
    listed: Node | None
