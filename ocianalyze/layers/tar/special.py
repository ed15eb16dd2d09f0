"""Symlinks, devices and named pipes: which of them runtimes refuse, and which are whiteouts."""

from __future__ import annotations

from typing import Final

from ocianalyze.layers.tar.entry import Kind
from ocianalyze.layers.tar.obstacles import EVERYONE, Cause, Refusal

_LONGEST_TARGET: Final = 4095
"""How many bytes the target of a symlink may have in Linux."""
_MOST_OF_A_DEVICE: Final = 1 << 32
_NOT_BY_PODMAN: Final = "CDOM"


def refused_target(target: bytes) -> tuple[Refusal, ...]:
    """Return why a symlink with this target is refused."""
    if 0 < len(target) <= _LONGEST_TARGET:
        return ()
    cause = Cause.TARGET_LENGTH if target else Cause.TARGET_EMPTY
    return (Refusal(cause, EVERYONE, f"{len(target):,} bytes"),)


def special_file(kind: int, major: int, minor: int) -> tuple[int, tuple[Refusal, ...]]:
    """Return what a device or a named pipe is, and why it is refused: overlayfs takes a device 0/0 for a whiteout."""
    is_known = 0 <= major < _MOST_OF_A_DEVICE and 0 <= minor < _MOST_OF_A_DEVICE
    refusals = () if is_known else (Refusal(Cause.DEVICE_NUMBER, _NOT_BY_PODMAN, f"{major}:{minor}"),)
    is_zero = not major & 0xFFF and not minor & 0xFFFFF  # as many bits as Linux takes
    return int(Kind.ABSENT) if kind == Kind.CHARACTER_DEVICE and is_zero else kind, refusals
