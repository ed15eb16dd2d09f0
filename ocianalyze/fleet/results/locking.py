"""One call writes to a results file at a time: a lock that ends with the process that has it, however that ends.

The lock is on a file beside the results, because SQLite has locks of its own on that.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other calls from writing to the results file at `path` as long as the block lasts.

    Raises:
        UsageError: another call does so now, or no file can be made beside it.
    """
    beside = Path(f"{path}.lock")
    descriptor = _lock(beside, path)
    try:
        yield
    finally:
        with suppress(OSError):
            beside.unlink()
        os.close(descriptor)


def _lock(beside: Path, path: Path) -> int:
    import fcntl

    while True:
        try:
            descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise UsageError(f"{path} cannot be used: {error.strerror}", hint="Choose another file") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_there(beside, descriptor):
                return descriptor
        except BlockingIOError as error:
            os.close(descriptor)
            raise UsageError(
                f"{path} is in use by another call of 'ocianalyze fleet'", hint="Wait for it, or choose another file"
            ) from error
        except OSError:  # a file system without locks
            return descriptor
        os.close(descriptor)


def _is_there(beside: Path, descriptor: int) -> bool:
    """Tell whether the locked file is still the one of that name: who had it before may have removed it."""
    try:
        return os.path.samestat(beside.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
