"""Where a user's configuration is, and questions about a path that tell "it is not there" from "that cannot be told".

Since Python 3.14, those of `pathlib` answer no where a directory may not be searched, so that a file in it would be
taken for one that is missing.
"""

import errno
import stat
from collections.abc import Mapping
from pathlib import Path

_ABSENT = frozenset((errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP))


def config_home(environment: Mapping[str, str]) -> Path | None:
    """Return the directory of the user's configuration; None without a home (XDG Base Directory)."""
    if stated := environment.get("XDG_CONFIG_HOME"):
        return Path(stated)
    home = environment.get("HOME")
    return Path(home, ".config") if home else None


def exists(path: Path) -> bool:
    """Tell whether a path leads to something.

    Raises:
        OSError: that cannot be told.
    """
    return _mode(path) is not None


def is_file(path: Path) -> bool:
    """Tell whether a path leads to a regular file; raises as `exists` does."""
    mode = _mode(path)
    return mode is not None and stat.S_ISREG(mode)


def is_dir(path: Path) -> bool:
    """Tell whether a path leads to a directory; raises as `exists` does."""
    mode = _mode(path)
    return mode is not None and stat.S_ISDIR(mode)


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise
    except ValueError:  # a null byte
        return None
