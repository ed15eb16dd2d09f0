"""Mounting, in a mount namespace of our own: whatever happens, nothing stays mounted on this machine."""

import ctypes
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_MNT_DETACH = 2
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def leave_mounts_behind() -> None:
    """Move this process into a mount namespace of its own, from which no mount spreads, and end it with its parent."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    _check(_libc.unshare(_CLONE_NEWNS), "unshare")
    mount("none", Path("/"), "", flags=_MS_REC | _MS_PRIVATE)


def mount(source: str | Path, target: Path, kind: str, options: str = "", *, flags: int = 0) -> None:
    """Do what the system call of this name does."""
    words = (os.fsencode(source), os.fsencode(target), kind.encode(), flags, options.encode())
    _check(_libc.mount(*words), f"mount {target}")


def bind(source: Path, target: Path) -> None:
    """Show the file or directory `source` at `target` too."""
    mount(source, target, "", flags=_MS_BIND)


def unmount(target: Path) -> None:
    """Unmount at once, even if something there is still open."""
    _check(_libc.umount2(os.fsencode(target), _MNT_DETACH), f"umount {target}")


@contextmanager
def memory(target: Path) -> Iterator[Path]:
    """Mount a file system in memory on `target`, which is made, for the duration of the block."""
    target.mkdir(parents=True, exist_ok=True)
    mount("tmpfs", target, "tmpfs", "mode=0755")
    try:
        yield target
    finally:
        unmount(target)


@contextmanager
def overlay(lowers: Sequence[Path], upper: Path) -> Iterator[Path]:
    """Mount directories over each other, the topmost first, with `upper` on top of them, which gets what is written.

    Next to `upper`, which is made, are a directory to work in and the mounted tree, which is the value of the block.
    """
    work, merged = upper.with_name(f"{upper.name}.work"), upper.with_name(f"{upper.name}.merged")
    for directory in (upper, work, merged):
        directory.mkdir(parents=True, exist_ok=True)
    upper.chmod(0o755)
    options = f"lowerdir={':'.join(map(str, lowers))},upperdir={upper},workdir={work}"
    mount("overlay", merged, "overlay", options)
    try:
        yield merged
    finally:
        unmount(merged)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
