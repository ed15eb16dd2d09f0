"""Directories of the image that are mounted over at run time, so that the image's files in them are hidden.

Sources: AWS, "Custom SageMaker image specifications", File system and User data; "Custom image specifications" of the
newer Studio, whose volume is mounted on ``/home/sagemaker-user`` whatever the AppImageConfig says.
"""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from ocianalyze.filesystem.node import Resolution
    from ocianalyze.filesystem.tree import Filesystem

RESERVED: Final = ("/opt/ml", "/opt/.sagemakerinternal")
"""The directories that are reserved for SageMaker."""

LOGS: Final = "/var/log/studio"
"""The directory that the newer Studio reserves for the logs of its applications."""


RUNTIME: Final = ("/proc", "/sys", "/dev")
"""The directories that every container runtime mounts over (runtime-spec, config-linux.md, "Default Filesystems")."""


class Mounts(NamedTuple):
    """The directories that are hidden at run time: the mounted user directory, the reserved ones, and the runtime's.

    Attributes:
        home: where the user's directory is mounted.
        directories: all hidden directories, each as stated and with its symlinks resolved.
    """

    home: str
    directories: tuple[tuple[str, str], ...]

    def hides(self, path: str) -> str | None:
        """Return the directory whose mount hides `path` (absolute, normalised), or None."""
        for stated, real in self.directories:
            if within(path, stated) or within(path, real):
                return stated
        return None

    def hides_any(self, paths: tuple[str, ...]) -> tuple[str, str] | None:
        """Return the first of `paths` that is hidden and the directory that hides it, or None."""
        for path in paths:
            directory = self.hides(path)
            if directory is not None:
                return path, directory
        return None

    def hides_on_the_way(self, resolution: Resolution) -> str | None:
        """Return the directory that hides one of the symlinks or their final target, or None."""
        found = self.hides_any((*(hop.path for hop in resolution.hops), resolution.path))
        return found[1] if found else None


def find_mounts(filesystem: Filesystem, home: str, *, reserved: tuple[str, ...] = RESERVED) -> Mounts:
    """Return the directories that are hidden: `reserved`, and `home`, on which the user's directory is mounted."""
    stated = [normpath(home), *reserved, *RUNTIME]
    return Mounts(stated[0], tuple((path, filesystem.resolve(path).path) for path in stated))


def within(path: str, directory: str) -> bool:
    """Return whether `path` is `directory` or is in it; both are absolute and normalised."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")
