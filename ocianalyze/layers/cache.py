"""What was learned of layers, kept in a directory for the next scan.

An entry is a file whose name is the digest of its key, and which holds the key again. Files are written beside their
place and moved there, so that many processes may share a directory: each sees a whole entry or none. What cannot be
read, is damaged or belongs to another key is no entry, and is replaced. A cache that cannot be used is no error: it is
only there to save time.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ocianalyze.layers.compression import DamagedFrameError, compress_frame, expand_frame

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)

DEFAULT_CACHE_SIZE: Final = 2 << 30
"""How many bytes all entries together may take."""
_LARGEST_ENTRY: Final = 4 << 30
_MOST_EXPANSION: Final = 1 << 10
"""How many times an entry may expand that is large then: what we learn of layers shrinks some dozen times at most."""
_LARGE: Final = 64 << 20
_MAGIC: Final = b"ocianalyze layer\n"
_LAYERS: Final = "layers"
_ENTRY: Final = re.compile(r"[0-9a-f]{64}\.layer", re.ASCII)
_UNFINISHED: Final = re.compile(r"[0-9a-f]{64}\.[0-9a-f]{16}\.tmp", re.ASCII)
_ABANDONED_SECONDS: Final = 3600
_KEPT_SHARE: Final = 0.9
"""How full the cache is left when entries had to go: so that not every scan has to make room."""
_TAG: Final = "CACHEDIR.TAG"
_TAG_CONTENT: Final = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This directory holds what ocianalyze learned of layers; it may be deleted at any time.\n"
    "# https://bford.info/cachedir/\n"
)
_WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Usage:
    """How many layers a cache holds, and how many bytes they take."""

    layers: int
    size: int


class LayerCache:
    """The entries of a cache directory; `max_size` is how many bytes they may take together."""

    def __init__(self, directory: Path, *, max_size: int = DEFAULT_CACHE_SIZE) -> None:
        self.directory = directory
        self.max_size = max_size
        self._layers = directory / _LAYERS

    def problem(self) -> str | None:
        """Return why nothing can be kept, or None; the directory is made where there is none."""
        try:
            self._make_directories()
        except OSError as error:
            return error.strerror
        return None if os.access(self._layers, os.W_OK | os.X_OK) else "it cannot be written to"

    def load(self, key: str) -> bytes | memoryview | None:
        """Return what is kept under `key`, or None; who is asked for stays longer."""
        path = self._path(key)
        prefix = key.encode() + b"\0"
        try:
            frame = _read_own(path, most=self.max_size)
            most = min(_LARGEST_ENTRY, max(_LARGE, _MOST_EXPANSION * len(frame)))
            content = memoryview(expand_frame(frame, most=most))
            if content[: len(prefix)] == prefix:
                return content[len(prefix) :]
        except FileNotFoundError:
            return None
        except (OSError, DamagedFrameError, MemoryError) as error:
            _log.debug("the cache entry %s is passed over: %s", path.name, error)
        return None

    def store(self, key: str, content: bytes) -> None:
        """Keep `content` under `key`, in the place of what is kept there."""
        try:
            self._make_directories()
            data = _MAGIC + compress_frame(key.encode() + b"\0" + content)
            if len(data) <= self.max_size:
                _replace(self._path(key), data)
        except OSError as error:
            _log.debug("a layer could not be kept in %s: %s", self.directory, error.strerror)

    def trim(self) -> None:
        """Delete the entries that were not asked for the longest, until the rest fits; and what nobody will finish."""
        now = time.time()
        entries = []
        for name, status in self._files():
            if _ENTRY.fullmatch(name):
                entries.append((status.st_mtime_ns, status.st_size, name))
            elif now - status.st_mtime > _ABANDONED_SECONDS:
                self._delete(name)
        total = sum(size for _, size, _ in entries)
        if total <= self.max_size:
            return
        for _, size, name in sorted(entries):
            self._delete(name)
            total -= size
            if total <= self.max_size * _KEPT_SHARE:
                break

    def usage(self) -> Usage:
        """Return how much there is."""
        sizes = [status.st_size for name, status in self._files() if _ENTRY.fullmatch(name)]
        return Usage(len(sizes), sum(sizes))

    def clear(self) -> Usage:
        """Delete all entries, and nothing else that may lie in the directory; return what there was.

        Raises:
            OSError: the directory cannot be looked through, or an entry cannot be deleted.
        """
        layers = size = 0
        for name, status in self._files(must_be_readable=True):
            (self._layers / name).unlink(missing_ok=True)
            if _ENTRY.fullmatch(name):
                layers, size = layers + 1, size + status.st_size
        return Usage(layers, size)

    def _path(self, key: str) -> Path:
        return self._layers / f"{hashlib.sha256(key.encode()).hexdigest()}.layer"

    def _make_directories(self) -> None:
        """Make the directories, for nobody else to read.

        Raises:
            PermissionError: there is one in which others may put entries.
        """
        if not self._layers.is_dir():
            self._layers.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(OSError):
                (self.directory / _TAG).write_text(_TAG_CONTENT)
        if not _is_ours(self._layers.stat()):
            raise PermissionError(0, f"others may write to {self._layers}")

    def _files(self, *, must_be_readable: bool = False) -> list[tuple[str, os.stat_result]]:
        """Return the files that this class writes, also those that are not finished.

        Raises:
            OSError: the directory is there, but cannot be read, and `must_be_readable`.
        """
        files = []
        try:
            with os.scandir(self._layers) as found:
                for item in found:
                    if _ENTRY.fullmatch(item.name) or _UNFINISHED.fullmatch(item.name):
                        with contextlib.suppress(FileNotFoundError):
                            files.append((item.name, item.stat(follow_symlinks=False)))
        except FileNotFoundError:
            pass
        except OSError:
            if must_be_readable:
                raise
        return files

    def _delete(self, name: str) -> None:
        with contextlib.suppress(OSError):
            (self._layers / name).unlink(missing_ok=True)


def _is_ours(status: os.stat_result) -> bool:
    """Tell whether nobody but this user may have written it."""
    return status.st_uid == os.geteuid() and not status.st_mode & _WRITABLE_BY_OTHERS


def _read_own(path: Path, *, most: int) -> bytes:
    """Return the frame in an entry's file, and take note that it is in use.

    Raises:
        OSError: it is no file that nobody but this user may have written, larger than `most` bytes, or no entry.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO in its place keeps nobody waiting
    descriptor = os.open(path, flags)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            raise OSError(0, f"{path} is no file of at most {most:,} bytes")
        if not _is_ours(status):
            raise PermissionError(0, f"others may write to {path}")
        with open(descriptor, "rb", closefd=False) as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise OSError(0, f"{path} is no entry")
            frame = file.read()
        with contextlib.suppress(OSError):  # the cache may be read-only
            os.utime(descriptor)
        return frame
    finally:
        os.close(descriptor)


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: under no name where the system can do that, then under another, then its own.

    So who is killed on the way leaves nothing behind.
    """
    beside = path.with_name(f"{path.stem}.{os.urandom(8).hex()}.tmp")
    nameless = getattr(os, "O_TMPFILE", 0)
    try:
        descriptor = os.open(path.parent, nameless | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError:
        nameless = 0
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(data)
            file.flush()
            if nameless:  # open(2), O_TMPFILE: how such a file gets a name; a directory given lets Python follow links
                os.link(f"/proc/self/fd/{descriptor}", beside, src_dir_fd=descriptor)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
