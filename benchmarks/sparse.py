"""Tars whose bodies are holes: they have their full size and their true digest, and take the disk of their headers."""

import hashlib
import os
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tests.support.tarballs import Item

if TYPE_CHECKING:
    from hashlib import _Hash

BLOCK = 512
_PIECE = 1 << 20
_ZEROS = memoryview(bytes(_PIECE))
_TYPES = {
    "file": tarfile.REGTYPE,
    "directory": tarfile.DIRTYPE,
    "symlink": tarfile.SYMTYPE,
    "hardlink": tarfile.LNKTYPE,
}


class SparseWriter:
    """Writes to a file, leaving out zeros, and hashes what the file will be read as."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash: _Hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Write bytes."""
        self._file.seek(self.size)
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)

    def skip(self, size: int) -> None:
        """Leave a hole of `size` bytes."""
        self.size += size
        while size > 0:
            self._hash.update(_ZEROS[:size])
            size -= _PIECE

    def pad(self) -> None:
        """Fill the block."""
        self.skip(-self.size % BLOCK)

    def finish(self) -> str:
        """End the file where it is now, and return its digest."""
        self._file.truncate(self.size)
        return f"sha256:{self._hash.hexdigest()}"


def write_layer(items: Iterable[Item], path: Path) -> tuple[str, int, int]:
    """Write a layer's tar; return its digest, its size and the number of its entries.

    Names longer than 100 bytes are PAX records, as builders write them. A file whose size is larger than its content
    ends in zeros.
    """
    with path.open("wb") as file:
        writer = SparseWriter(file)
        entries = 0
        for item in items:
            entries += 1
            writer.write(_header(item))
            if item.kind == "file":
                content = item.content if isinstance(item.content, bytes) else item.content.read_bytes()
                if content:
                    writer.write(content)
                writer.skip(_size(item) - len(content))
                writer.pad()
        writer.skip(2 * BLOCK)
        return writer.finish(), writer.size, entries


def write_archive(items: Sequence[Item], path: Path) -> None:
    """Write the tar around the layers; members that are sparse files stay sparse."""
    position = 0
    with path.open("wb") as file:
        for item in items:
            header = _header(item)
            file.seek(position)
            file.write(header)
            position += len(header)
            if isinstance(item.content, Path):
                _copy_data(item.content, file, position)
            elif item.content:
                file.write(item.content)
            position += -(-_size(item) // BLOCK) * BLOCK
        file.truncate(position + 2 * BLOCK)


def _copy_data(source: Path, sink: IO[bytes], position: int) -> None:
    """Copy what is no zero block of `source` to `position`."""
    with source.open("rb") as file:
        for start, end in _data(file.fileno(), source.stat().st_size):
            for offset in range(start, end, _PIECE):
                data = os.pread(file.fileno(), min(_PIECE, end - offset), offset)
                for first, last in _runs(data):
                    sink.seek(position + offset + first)
                    sink.write(data[first:last])


def _data(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield where data begins and ends, as far as the file system tells it from holes."""
    if not hasattr(os, "SEEK_DATA"):
        yield 0, size
        return
    end = 0
    while end < size:
        try:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
        except OSError:  # nothing but a hole is left
            return
        end = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, end


def _runs(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the stretches of blocks that hold anything but zeros."""
    zeros = bytes(BLOCK)
    start = None
    for offset in range(0, len(data), BLOCK):
        empty = data.startswith(zeros[: len(data) - offset], offset)
        if empty and start is not None:
            yield start, offset
            start = None
        elif not empty and start is None:
            start = offset
    if start is not None:
        yield start, len(data)


def _header(item: Item) -> bytes:
    info = tarfile.TarInfo(item.path + "/" if item.kind == "directory" else item.path)
    info.type = _TYPES[item.kind]
    info.mode, info.uid, info.gid, info.mtime = item.mode, item.uid, item.gid, item.mtime
    info.linkname = item.target
    info.size = _size(item)
    return info.tobuf(tarfile.PAX_FORMAT)


def _size(item: Item) -> int:
    if item.kind != "file":
        return 0
    return item.content.stat().st_size if isinstance(item.content, Path) else max(item.size, len(item.content))
