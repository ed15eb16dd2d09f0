"""Files that are written piece by piece, because what stands in them comes one after the other."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from shutil import copyfile
from typing import TYPE_CHECKING, BinaryIO, Protocol

from ocianalyze.cli.output import ONLY_IN_PLACE
from ocianalyze.errors import UsageError
from ocianalyze.paths import exists, is_file

if TYPE_CHECKING:
    from pathlib import Path


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
        try:
            if self._file is None:
                self._file = self._open()
            self._file.write(data)
            self._file.flush()
        except RuntimeError as error:  # what `Path.resolve` makes of a loop of links, too, before Python 3.13
            raise UsageError(f"{self._where} cannot be written: it is a symbolic link to itself") from error
        except OSError as error:
            raise UsageError(f"{self._where} cannot be written: {error.strerror}") from error

    def end(self) -> None:
        """Close the file and put it into its place."""
        if self._file is None:
            return
        try:
            self._file.close()
            if self._beside is not None:
                _move(self._beside, self._where.resolve())
        except OSError as error:
            raise UsageError(f"{self._where} cannot be written: {error.strerror}") from error

    def drop(self) -> None:
        """Close the file, and remove it if it is not in its place."""
        if self._file is not None:
            with suppress(OSError):  # where something could not be written, it cannot be now
                self._file.close()
        if self._beside is not None:
            self._beside.unlink(missing_ok=True)

    def _open(self) -> BinaryIO:
        if self._as_a_whole and (is_file(self._where) or not exists(self._where)):
            place = self._where.resolve()
            if place.is_symlink():  # a loop of links, since Python 3.13
                raise RuntimeError(f"symlink loop from {place}")
            beside = place.with_name(f".{place.name}.{os.getpid()}")
            try:
                file = beside.open("wb")
            except OSError as error:
                if error.errno not in ONLY_IN_PLACE:
                    raise
            else:
                self._beside = beside
                return file
        return self._where.open("wb")


def _move(beside: Path, place: Path) -> None:
    """Put a file into its place, with the mode of what is there; a mount point is written over."""
    try:
        if exists(place):
            beside.chmod(stat.S_IMODE(place.stat().st_mode))
        beside.replace(place)
    except OSError as error:
        if error.errno not in ONLY_IN_PLACE:
            raise
        copyfile(beside, place)
