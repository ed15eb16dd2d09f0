"""Files and directories of this machine, read in place."""

from __future__ import annotations

import errno
import os
import time
from stat import S_ISREG
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import InvalidImageError, InvalidReferenceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK: Final = 1 << 17
"""How many bytes are read at once from what is read in full: few enough to stay in the cache."""
_DEPTH: Final = 3
"""How many directories deep names are looked for: enough for a layout in a directory, or a root file system."""
_SETTLED: Final = 2_000_000_000
"""How long ago the last change of a file must be to be told from the next one, in nanoseconds (FAT counts in 2 s)."""
_ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
"""How `stat` says that there is nothing: no such name, no directory on the way, or a link that leads to itself."""


def status(path: Path) -> os.stat_result | None:
    """Return what is known of a file, as `stat` says it; None if there is none.

    `Path.exists` and its like say so, too, of what they may not look at, since Python 3.14.

    Raises:
        OSError: it cannot be looked at.
    """
    try:
        return path.stat()
    except ValueError:  # no file is called like this
        return None
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise


class OpenFile:
    """A file that is open for reading; close it when done. `size` is in bytes."""

    def __init__(self, path: Path) -> None:
        try:
            self.descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except OSError as error:
            raise InvalidReferenceError(f"{path} cannot be opened: {error.strerror}") from error
        self.path = path
        status = os.fstat(self.descriptor)
        self.size = status.st_size
        self._mtime = status.st_mtime_ns

    def range(self, offset: int = 0, size: int | None = None) -> FileRange:
        """Return `size` bytes of the file from `offset`, all that follow if None."""
        return FileRange(self, offset, self.size - offset if size is None else size)

    def check_unchanged(self) -> None:
        """Raise InvalidImageError if the file was written to since it was opened, as its size and its time tell.

        `FileRange.identity` looks at more, so as never to know what is no longer so. Here a link, a name or a mode that
        changes meanwhile, and with it the ctime, is to be no error.
        """
        try:
            status = os.fstat(self.descriptor)
        except OSError as error:
            raise InvalidImageError(f"{self.path} cannot be read: {error.strerror}") from error
        if status.st_size < self.size:
            raise became_shorter(self.path)
        if (status.st_size, status.st_mtime_ns) != (self.size, self._mtime):
            raise InvalidImageError(
                f"{self.path} was modified while it was read", hint="Read it again when no other program writes to it"
            )

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)


class FileRange:
    """A part of a file: a `ByteRange`, and the `Blob` of those bytes."""

    __slots__ = ("_descriptor", "_offset", "_path", "size")

    def __init__(self, file: OpenFile, offset: int, size: int) -> None:
        self._descriptor = file.descriptor
        self._path = file.path
        self._offset = offset
        self.size = size

    def read_at(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset`, fewer only where the range ends.

        Raises:
            InvalidImageError: the file cannot be read, or has become shorter: a tar would just seem to end there.
        """
        if size > self.size - offset:
            size = self.size - offset
            if size <= 0:  # and the offset may be more than 64 bits hold
                return b""
        try:
            data = os.pread(self._descriptor, size, self._offset + offset)
        except OSError as error:
            raise InvalidImageError(f"{self._path} cannot be read: {error.strerror}") from error
        if len(data) < size:
            raise became_shorter(self._path)
        return data

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from the first to the last."""
        for offset in range(0, self.size, CHUNK):
            yield self.read_at(offset, CHUNK)

    def byte_range(self) -> FileRange:
        """Return these bytes for reading at offsets."""
        return self

    def identity(self) -> str | None:
        """Return which part of which file these bytes are, and when that was changed last.

        None if that was just now: what is written within one tick of the file system's clock has one time.
        """
        try:
            status = os.fstat(self._descriptor)
        except OSError:
            return None
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < _SETTLED:
            return None
        file = f"{status.st_dev}:{status.st_ino}:{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"
        return f"file {file}, {self.size} bytes from {self._offset}"

    def file(self) -> tuple[int, int]:
        """Return where the bytes lie: the descriptor of the file, and where they begin there."""
        return self._descriptor, self._offset


def became_shorter(path: Path) -> InvalidImageError:
    """Return the error that a file ends where it did not end before."""
    return InvalidImageError(f"{path} was truncated while it was read")


class DirectoryStore:
    """The files of an OCI layout directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._root = directory.resolve()
        self._open: dict[str, OpenFile] = {}
        self.what = str(directory)

    def find(self, name: str) -> FileRange | None:
        """Return the file `name`, or None if there is none, or only a link that leads to nothing or out of here.

        Raises:
            InvalidImageError: it is no regular file, or cannot be looked at.
        """
        if name not in self._open:
            path = self._directory / name
            try:
                if (found := status(path)) is None or not (real := path.resolve()).is_relative_to(self._root):
                    return None
            except OSError as error:
                raise InvalidImageError(f"{path} cannot be read: {error.strerror}") from error
            if not S_ISREG(found.st_mode):
                raise InvalidImageError(f"{path} is not a regular file")
            self._open[name] = OpenFile(real)
        file = self._open[name]
        return file.range()

    def link(self, name: str) -> str | None:
        """Return where the link leads that `name`, or a directory that it is in, is; None if there is none."""
        path = self._directory
        for part in name.split("/"):
            path = path / part
            try:
                if path.is_symlink():
                    return str(path.readlink())
            except (OSError, ValueError):
                return None
        return None

    def names(self) -> Iterator[str]:
        """Yield the names of what is here, at most three directories deep."""
        return _names_in(self._directory, "", depth=_DEPTH)

    def check_unchanged(self) -> None:
        """Raise InvalidImageError if one of the blobs that were opened was written to since.

        That ``index.json`` was is no error: others may add images to a layout.
        """
        for name, file in self._open.items():
            if name.startswith("blobs/"):
                file.check_unchanged()

    def close(self) -> None:
        """Close the files."""
        while self._open:
            self._open.popitem()[1].close()


def _names_in(directory: Path, prefix: str, *, depth: int) -> Iterator[str]:
    """Yield the names of what is in a directory, those of directories only by what is in them."""
    try:
        with os.scandir(directory) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in found:
        if depth and entry.is_dir(follow_symlinks=False):
            yield from _names_in(directory / entry.name, f"{prefix}{entry.name}/", depth=depth - 1)
        else:
            yield prefix + entry.name
