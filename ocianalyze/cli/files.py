"""Files that the command line reads: stored reports, and what comes with an image."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UsageError
from ocianalyze.paths import exists, is_file

if TYPE_CHECKING:
    from ocianalyze.reports.report import Report

STDIN: Final = Path("-")
_LARGEST_REPORT: Final = 256 << 20
"""The maximum size of a stored report, in bytes; that of an image of 35 GB has about 100 kB."""
_BEGINNING: Final = 64
_REPORT: Final = ".json"
_ARCHIVES: Final = ("docker-archive:", "oci-archive:")


def name_of(path: Path) -> str:
    """Return what a file is called in messages."""
    return "standard input" if path == STDIN else str(path)


def read_bytes(path: Path, most: int) -> bytes:
    """Return at most the first `most` bytes of a file, or of standard input if `path` is ``-``.

    Raises:
        UsageError: it cannot be read.
    """
    if path == STDIN and sys.stdin is None:
        raise UsageError("standard input is closed")
    try:
        if path == STDIN:
            return sys.stdin.buffer.read(most)
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def read_stored(path: Path) -> bytes:
    """Return a stored report as it is written, from a file or from standard input if `path` is ``-``.

    Raises:
        UsageError: it cannot be read, or is too large to be a report.
    """
    raw = read_bytes(path, _LARGEST_REPORT + 1)
    if len(raw) > _LARGEST_REPORT:
        raise UsageError(f"{name_of(path)} is larger than {_LARGEST_REPORT:,} bytes, so it is no report of ocianalyze")
    return raw


def read_report(path: Path) -> Report:
    """Return a stored report; raises as `read_stored` does, and UsageError if it is no report."""
    from ocianalyze.reports.report import Report

    return Report.from_json(read_stored(path), what=name_of(path))


def local_report(name: str) -> Report | None:
    """Return the stored report in a file; None if the file is none, because it does not begin as JSON does.

    Raises:
        UsageError: it is JSON, but no report.
    """
    path = Path(name)
    try:
        if not is_file(path):
            if path.suffix == _REPORT and not exists(path):
                raise UsageError(f"{name} does not exist")
            return None
        with path.open("rb") as file:
            begins = file.read(_BEGINNING).lstrip()
    except (OSError, ValueError):
        return None
    return read_report(path) if begins.startswith(b"{") else None


def local_file(image: str) -> Path | None:
    """Return the file that IMAGE names, None if it names none that exists."""
    for name in (image, *(image.removeprefix(start) for start in _ARCHIVES if image.startswith(start))):
        for path in (name, name.partition(":")[0]):
            with suppress(OSError, ValueError):
                if path and is_file(Path(path)):
                    return Path(path)
    return None
