"""The layer cache: what was learned about layers, kept in a directory for the next scan.

An entry is a file. Its name is the digest of its key, and it contains the key again. Files are written under a
temporary name and then renamed, so that several processes can share a directory: each sees a whole entry or none. An
entry that cannot be read, is damaged or belongs to another key is ignored and replaced. A cache that cannot be used is
not an error, because it only saves time.

The path of the cache directory may contain symlinks, but the directory and everything in it must belong to the user,
and symlinks in it are not followed: nothing is written, replaced or deleted in a place that somebody else has chosen.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import re
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ocianalyze.layers.blob.compression import DamagedFrameError, compress_frame, expand_frame
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_log = logging.getLogger(__name__)

DEFAULT_CACHE_SIZE: Final = 2 << 30
"""The maximum size of all entries together, in bytes."""
_LARGEST_ENTRY: Final = 4 << 30
_MOST_EXPANSION: Final = 1 << 10
"""How many times an entry may expand that is large then: what we learn of layers shrinks some dozen times at most."""
_LARGE: Final = 64 << 20
_MAGIC: Final = b"ocianalyze layer\n"
_LAYERS: Final = "layers"
_LAYER: Final = ".layer"
_PROOF: Final = ".proof"
_ENTRY: Final = regex(r"[0-9a-f]{64}\.(?:layer|proof)", re.ASCII)
_UNFINISHED: Final = regex(r"[0-9a-f]{64}\.[0-9a-f]{16}\.tmp", re.ASCII)
_ABANDONED_SECONDS: Final = 3600
_KEPT_SHARE: Final = 0.9
"""How full the cache is left when entries had to go: so that not every scan has to make room."""
_TAG: Final = "CACHEDIR.TAG"
_TAG_CONTENT: Final = (
    b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# This directory is the layer cache of ocianalyze; it may be deleted at any time.\n"
    b"# https://bford.info/cachedir/\n"
)
_WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class CacheUsage:
    """The number of layers in a cache, and their size in bytes."""

    layers: int
    size: int


class LayerCache:
    """The entries of a cache directory, a `LayerStore`; `max_size` is their maximum total size in bytes."""

    is_shared = True

    def __init__(self, directory: Path, *, max_size: int = DEFAULT_CACHE_SIZE) -> None:
        self.directory = directory
        self.max_size = max_size

    def problem(self) -> str | None:
        """Return why the cache cannot be used, or None; creates the directory if it does not exist."""
        try:
            with self._opened(make=True) as layers:
                return None if os.access(".", os.W_OK | os.X_OK, dir_fd=layers) else "not writable"
        except OSError as error:
            return error.strerror

    def load(self, key: str) -> bytes | memoryview | None:
        """Return the content stored under `key`, or None; entries that are used stay longer."""
        return self._load(key, _LAYER)

    def holds(self, key: str) -> bool:
        """Return whether there seems to be an entry for `key`, without reading it."""
        with contextlib.suppress(OSError), self._opened() as layers:
            return stat.S_ISREG(os.stat(_name(key, _LAYER), dir_fd=layers, follow_symlinks=False).st_mode)
        return False

    def store(self, key: str, content: bytes) -> None:
        """Store `content` under `key`; replaces an existing entry."""
        self._store(key, _LAYER, content)

    def digest_of(self, identity: str) -> str | None:
        """Return the digest of the bytes with this identity, if they were ever hashed."""
        content = self._load(identity, _PROOF)
        return None if content is None else bytes(content).decode("ascii", "replace")

    def remember_digest(self, identity: str, digest: str) -> None:
        """Store the digest of the bytes with this identity."""
        self._store(identity, _PROOF, digest.encode())

    def trim(self) -> None:
        """Delete the least recently used entries until the rest fits, and abandoned temporary files."""
        now = time.time()
        entries = []
        with contextlib.suppress(OSError), self._opened() as layers:
            for name, status in _files(layers):
                if _ENTRY.fullmatch(name):
                    entries.append((status.st_mtime_ns, status.st_size, name))
                elif now - status.st_mtime > _ABANDONED_SECONDS:
                    _delete(name, layers)
            total = sum(size for _, size, _ in entries)
            for _, size, name in sorted(entries) if total > self.max_size else ():
                _delete(name, layers)
                total -= size
                if total <= self.max_size * _KEPT_SHARE:
                    break

    def usage(self) -> CacheUsage:
        """Return the number of layers and their size."""
        with contextlib.suppress(OSError), self._opened() as layers:
            return _usage(_files(layers))
        return CacheUsage(0, 0)

    def clear(self) -> CacheUsage:
        """Delete all entries and nothing else in the directory; return the number of deleted layers and their size.

        Raises:
            OSError: the directory belongs to another user, cannot be listed, or an entry cannot be deleted.
        """
        try:
            with self._opened() as layers:
                files = list(_files(layers))
                for name, _ in files:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(name, dir_fd=layers)
                return _usage(iter(files))
        except FileNotFoundError:
            return CacheUsage(0, 0)

    def _load(self, key: str, suffix: str) -> bytes | memoryview | None:
        prefix = key.encode() + b"\0"
        name = _name(key, suffix)
        try:
            with self._opened() as layers:
                frame = _read_own(name, layers, most=min(self.max_size, _LARGEST_ENTRY))
            most = min(_LARGEST_ENTRY, max(_LARGE, _MOST_EXPANSION * len(frame)))
            content = memoryview(expand_frame(frame, most=most))
            if content[: len(prefix)] == prefix:
                return content[len(prefix) :]
        except FileNotFoundError:
            return None
        except (OSError, DamagedFrameError, MemoryError) as error:
            _log.debug("ignoring cache entry %s: %s", name, error)
        return None

    def _store(self, key: str, suffix: str, content: bytes) -> None:
        try:
            data = _MAGIC + compress_frame(key.encode() + b"\0" + content)
            if len(data) <= self.max_size:
                with self._opened(make=True) as layers:
                    _replace(_name(key, suffix), layers, data)
        except OSError as error:
            _log.debug("cannot write to the cache %s: %s", self.directory, error.strerror)

    @contextlib.contextmanager
    def _opened(self, *, make: bool = False) -> Iterator[int]:
        """Open the directory of the entries for the time of the block; with `make` it is made where there is none.

        Raises:
            OSError: there is none, it is a link, or others may put entries in it.
        """
        if make:
            with contextlib.suppress(FileExistsError):  # if it is no directory, opening it says so
                self.directory.mkdir(mode=0o700, parents=True)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        above = os.open(self.directory, flags)
        try:
            _require_ours(above, str(self.directory))
            if make and _make(_LAYERS, above):
                _tag(above)
            try:
                layers = os.open(_LAYERS, flags | os.O_NOFOLLOW, dir_fd=above)
            except OSError as error:
                if error.errno in (errno.ELOOP, errno.ENOTDIR):
                    raise NotADirectoryError(
                        0, f"{self.directory / _LAYERS} is a symlink or not a directory"
                    ) from error
                raise
        finally:
            os.close(above)
        try:
            _require_ours(layers, str(self.directory / _LAYERS))
            yield layers
        finally:
            os.close(layers)


def _name(key: str, suffix: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest() + suffix


def _usage(files: Iterator[tuple[str, os.stat_result]]) -> CacheUsage:
    entries = [(name, status.st_size) for name, status in files if _ENTRY.fullmatch(name)]
    return CacheUsage(sum(name.endswith(_LAYER) for name, _ in entries), sum(size for _, size in entries))


def _files(layers: int) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the files that this module writes, also those that are not finished; raises OSError."""
    with os.scandir(layers) as found:
        for item in found:
            if _ENTRY.fullmatch(item.name) or _UNFINISHED.fullmatch(item.name):
                with contextlib.suppress(FileNotFoundError):
                    yield item.name, item.stat(follow_symlinks=False)


def _delete(name: str, layers: int) -> None:
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=layers)


def _make(name: str, directory: int) -> bool:
    """Make a directory for nobody else to read; return False if there is something of that name."""
    try:
        os.mkdir(name, 0o700, dir_fd=directory)
    except FileExistsError:
        return False
    return True


def _tag(directory: int) -> None:
    """Say that a directory is a cache, for backup programs, unless something says so already."""
    with contextlib.suppress(OSError), open(os.open(_TAG, _NEW, 0o644, dir_fd=directory), "wb") as file:  # noqa: PTH123
        file.write(_TAG_CONTENT)


def _require_ours(descriptor: int, what: str) -> None:
    """Raise PermissionError if somebody but this user may write to what is open."""
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid() or status.st_mode & _WRITABLE_BY_OTHERS:
        raise PermissionError(0, f"other users can write to {what}")


def _read_own(name: str, layers: int, *, most: int) -> bytes:
    """Return the frame in an entry's file, and take note that it is in use.

    Raises:
        OSError: it is no file that nobody but this user may have written, larger than `most` bytes, or no entry.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO in its place keeps nobody waiting
    descriptor = os.open(name, flags, dir_fd=layers)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            raise OSError(0, f"{name} is not a file of at most {most:,} bytes")
        _require_ours(descriptor, name)
        with open(descriptor, "rb", closefd=False) as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise OSError(0, f"{name} is not a cache entry")
            frame = file.read()
        with contextlib.suppress(OSError):  # the cache may be read-only
            os.utime(descriptor)
        return frame
    finally:
        os.close(descriptor)


def _replace(name: str, layers: int, data: bytes) -> None:
    """Write a file whole or not at all: under no name where the system can do that, then under another, then its own.

    So who is killed on the way leaves nothing behind.
    """
    beside = f"{name.partition('.')[0]}.{os.urandom(8).hex()}.tmp"
    nameless = getattr(os, "O_TMPFILE", 0)
    try:
        descriptor = os.open(".", nameless | os.O_WRONLY | os.O_CLOEXEC, 0o600, dir_fd=layers)
    except OSError:
        nameless = 0
        descriptor = os.open(beside, _NEW, 0o600, dir_fd=layers)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(data)
            file.flush()
            if nameless:  # open(2), O_TMPFILE: how such a file gets a name
                os.link(f"/proc/self/fd/{descriptor}", beside, src_dir_fd=descriptor, dst_dir_fd=layers)
        os.replace(beside, name, src_dir_fd=layers, dst_dir_fd=layers)
    except BaseException:
        _delete(beside, layers)
        raise
