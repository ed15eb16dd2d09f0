"""Files that are written at once, or piece by piece, because what stands in them comes one after the other."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager, nullcontext, suppress
from shutil import copyfile
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from ocianalyze.cli.stopping import undisturbed
from ocianalyze.errors import UsageError
from ocianalyze.paths import exists, is_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ONLY_IN_PLACE: Final = frozenset({errno.EACCES, errno.EPERM, errno.EBUSY})
"""Why a file cannot be replaced that may be written to: its directory is closed, or it is a mount point itself."""


class Growing(Protocol):
    """Takes bytes, and lets whoever reads them have them at once."""

    def write(self, data: bytes) -> None:
        """Write more; raises OSError for standard output, UsageError for a file."""

    def end(self) -> None:
        """Take note that all was written."""

    def drop(self) -> None:
        """Take away what is not complete, if it is no use to anybody."""


class StandardOutput:
    """Standard output."""

    def write(self, data: bytes) -> None:
        """Write more."""
        sys.stdout.buffer.write(data)
        sys.stdout.flush()

    def end(self) -> None:
        """Do nothing: all was flushed."""

    def drop(self) -> None:
        """Do nothing: it was read already."""


class GrowingFile:
    """A file. One that is of no use before its end is written beside its place, where it comes as a whole."""

    def __init__(self, where: Path, *, as_a_whole: bool) -> None:
        self._where = where
        self._as_a_whole = as_a_whole
        self._beside: Path | None = None
        self._file: BinaryIO | None = None

    def write(self, data: bytes) -> None:
        """Write more; the file is made for the first piece."""
        with _writing(self._where):
            if self._file is None:
                self._file = self._open()
            self._file.write(data)
            self._file.flush()

    def end(self) -> None:
        """Close the file and put it into its place."""
        if self._file is None:
            return
        with _writing(self._where):
            self._file.close()
            if self._beside is not None:
                _move(self._beside, self._where.resolve())
                self._beside = None

    def drop(self) -> None:
        """Close the file, and remove it if it is not in its place."""
        if self._file is not None:
            with suppress(OSError):  # where something could not be written, it cannot be now
                self._file.close()
        if self._beside is not None:
            self._beside.unlink(missing_ok=True)

    def _open(self) -> BinaryIO:
        if self._as_a_whole and _may_be_replaced(self._where):
            place = self._where.resolve()
            if place.is_symlink():  # a loop of links, since Python 3.13
                raise RuntimeError(f"symlink loop from {place}")
            beside = place.with_name(f".{place.name}.{os.getpid()}")
            try:
                file = beside.open("wb")
            except OSError as error:
                if error.errno not in _ONLY_IN_PLACE:
                    raise
            else:
                self._beside = beside
                return file
        return self._where.open("wb")


def write_file(where: Path, content: bytes) -> None:
    """Write a file as a whole or not at all; a pipe or a device, which may keep us waiting, as it comes.

    Raises:
        UsageError: it cannot be written.
    """
    with _writing(where):
        calm = undisturbed() if _may_be_replaced(where) else nullcontext()
    file = GrowingFile(where, as_a_whole=True)
    with calm:
        try:
            file.write(content)
            file.end()
        finally:
            file.drop()


@contextmanager
def _writing(where: Path) -> Iterator[None]:
    """Say what keeps a file from being written."""
    try:
        yield
    except RuntimeError as error:  # what `Path.resolve` makes of a loop of links, too, before Python 3.13
        raise UsageError(f"{where} cannot be written: it is a symbolic link to itself") from error
    except OSError as error:
        raise UsageError(f"{where} cannot be written: {error.strerror}") from error


def _may_be_replaced(where: Path) -> bool:
    """Tell whether another file may come into the place of what is there, if anything: it is no pipe and no device."""
    return is_file(where) or not exists(where)


def _move(beside: Path, place: Path) -> None:
    """Put a file into its place, with the mode of what is there; a mount point is written over."""
    try:
        if exists(place):
            beside.chmod(stat.S_IMODE(place.stat().st_mode))
        beside.replace(place)
    except OSError as error:
        if error.errno not in _ONLY_IN_PLACE:
            raise
        copyfile(beside, place)
        beside.unlink()
