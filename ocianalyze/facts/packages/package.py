"""An installed package, as the program that installed it lists it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from ocianalyze.filesystem.node import Node

_LARGEST: Final = 8 << 20
"""The maximum size of a list of files, in bytes."""

_BYTES_PER_STEP: Final = 256
"""How much of a list is read in a step of work, in bytes."""

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


def read_list(listed: Node) -> bytes:
    """Return a list of files, which is not needed any more when its package is measured.

    Raises:
        ContentUnavailableError: it was not kept, or is too large.
        LimitExceededError: there are too many.
    """
    inode = listed.inode
    listed.filesystem.spend(1 + min(inode.size, _LARGEST) // _BYTES_PER_STEP)
    return listed.filesystem.contents[inode.layer].read(inode.row, most=_LARGEST)
