"""The layer that an overlay's upper directory is: deleted paths become whiteouts, nothing else changes."""

import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tests.support.tarballs import OPAQUE_MARKER, WHITEOUT_PREFIX

_OPAQUE = "trusted.overlay.opaque"
_KEPT = ("security.capability",)


def write_layer(upper: Path, sink: IO[bytes]) -> None:
    """Write the tar of what was written to an overlay's upper directory, or of a whole tree."""
    with tarfile.open(mode="w", fileobj=sink, format=tarfile.PAX_FORMAT) as tar:
        for path in _walk(upper):
            name = str(path.relative_to(upper))
            status = path.lstat()
            if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
                tar.addfile(tarfile.TarInfo(f"{name.rpartition('/')[0]}/{WHITEOUT_PREFIX}{path.name}".lstrip("/")))
                continue
            info = tar.gettarinfo(path, name)
            info.uname = info.gname = ""
            info.pax_headers = _attributes(path)
            if info.isreg():
                with path.open("rb") as content:
                    tar.addfile(info, content)
            else:
                tar.addfile(info)
            if info.isdir() and _attribute(path, _OPAQUE) == b"y":
                tar.addfile(tarfile.TarInfo(f"{name}/{OPAQUE_MARKER}"))


def _walk(directory: Path) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)


def _attributes(path: Path) -> dict[str, str]:
    values = ((name, _attribute(path, name)) for name in _KEPT)
    return {f"SCHILY.xattr.{name}": value.decode("utf-8", "surrogateescape") for name, value in values if value}


def _attribute(path: Path, name: str) -> bytes | None:
    try:
        return os.getxattr(path, name, follow_symlinks=False)
    except OSError:
        return None
