"""Tar files from plain data.

An `Item` is one member of a tar: of a layer, or of the archive around the layers. Items are written in the order given,
duplicates and contradictions included, because tests need tars that no sane tool would make.
"""

import io
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, TypeAlias

Kind: TypeAlias = Literal["file", "directory", "symlink", "hardlink", "char", "block", "fifo", "contiguous"]

WHITEOUT_PREFIX = ".wh."
OPAQUE_MARKER = ".wh..wh..opq"
MTIME = 1_700_000_000

_TYPES: Mapping[Kind, bytes] = {
    "file": tarfile.REGTYPE,
    "directory": tarfile.DIRTYPE,
    "symlink": tarfile.SYMTYPE,
    "hardlink": tarfile.LNKTYPE,
    "char": tarfile.CHRTYPE,
    "block": tarfile.BLKTYPE,
    "fifo": tarfile.FIFOTYPE,
    "contiguous": tarfile.CONTTYPE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One member of a tar.

    A file's bytes are `content`, held in memory or in a file that is streamed; with `size` and no content it is that
    many zero bytes. Bytes of a name that are not UTF-8 are given as surrogate escapes.
    """

    path: str
    kind: Kind = "file"
    content: bytes | Path = b""
    size: int = 0
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: float = MTIME
    target: str = ""
    xattrs: Mapping[str, str] = field(default_factory=dict)
    device: tuple[int, int] = (0, 0)


def file(path: str, content: bytes | Path = b"", *, mode: int = 0o644, uid: int = 0, gid: int = 0) -> Item:
    """Make a regular file."""
    return Item(path=path, content=content, mode=mode, uid=uid, gid=gid)


def directory(path: str, *, mode: int = 0o755, uid: int = 0, gid: int = 0) -> Item:
    """Make a directory."""
    return Item(path=path, kind="directory", mode=mode, uid=uid, gid=gid)


def symlink(path: str, target: str) -> Item:
    """Make a symbolic link; `target` is its text."""
    return Item(path=path, kind="symlink", target=target, mode=0o777)


def hardlink(path: str, target: str, *, mode: int = 0o644, uid: int = 0, gid: int = 0) -> Item:
    """Make a hard link; `target` is a member's name."""
    return Item(path=path, kind="hardlink", target=target, mode=mode, uid=uid, gid=gid)


def whiteout(path: str) -> Item:
    """Make the marker that deletes `path` of the layers below."""
    parent, _, name = path.rpartition("/")
    return Item(path=f"{parent}/{WHITEOUT_PREFIX}{name}".lstrip("/"))


def opaque(path: str) -> Item:
    """Make the marker that hides what the layers below have in the directory `path`."""
    return Item(path=f"{path}/{OPAQUE_MARKER}".lstrip("/"))


def write_tar(items: Iterable[Item], sink: IO[bytes], *, tar_format: int = tarfile.PAX_FORMAT) -> None:
    """Write items to `sink` as a tar of the given format, streaming contents that are files."""
    with tarfile.open(mode="w", fileobj=sink, format=tar_format) as tar:
        for item in items:
            info = tar_info(item)
            if item.kind != "file":
                tar.addfile(info)
            elif isinstance(item.content, Path):
                with item.content.open("rb") as body:
                    tar.addfile(info, body)
            else:
                tar.addfile(info, io.BytesIO(item.content) if item.content else Zeros())


def layer(items: Iterable[Item], *, tar_format: int = tarfile.PAX_FORMAT) -> bytes:
    """Return the tar of a layer, or of any other list of items."""
    buffer = io.BytesIO()
    write_tar(items, buffer, tar_format=tar_format)
    return buffer.getvalue()


class Zeros(io.RawIOBase):
    """An endless file of zero bytes."""

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return `size` zero bytes."""
        return bytes(size)


def tar_info(item: Item) -> tarfile.TarInfo:
    """Return the header of a member."""
    info = tarfile.TarInfo(item.path)
    info.type = _TYPES[item.kind]
    info.mode, info.uid, info.gid, info.mtime = item.mode, item.uid, item.gid, item.mtime
    info.linkname = item.target
    info.devmajor, info.devminor = item.device
    info.pax_headers = {f"SCHILY.xattr.{name}": value for name, value in item.xattrs.items()}
    if item.kind == "file":
        info.size = _size(item)
    return info


def _size(item: Item) -> int:
    if isinstance(item.content, Path):
        return item.content.stat().st_size
    return len(item.content) or item.size
