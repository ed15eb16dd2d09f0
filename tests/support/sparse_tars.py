"""Tars of sparse files, as GNU tar writes them in each of its formats, and bsdtar in its own."""

from collections.abc import Mapping
from pathlib import Path

from tests.support.tools import run

FORMATS: Mapping[str, tuple[str, ...]] = {
    "gnu": ("tar", "--hole-detection=raw", "-S", "--format=gnu"),
    "pax-0.0": ("tar", "--hole-detection=raw", "-S", "--format=posix", "--sparse-version=0.0"),
    "pax-0.1": ("tar", "--hole-detection=raw", "-S", "--format=posix", "--sparse-version=0.1"),
    "pax-1.0": ("tar", "--hole-detection=raw", "-S", "--format=posix", "--sparse-version=1.0"),
    "bsdtar": ("bsdtar", "--format=pax"),
}
_BLOCK = 4096


def sparse_tar(directory: Path, form: str, *, names: tuple[str, ...] = (".",)) -> bytes:
    """Return the files of `directory` as a tar in which those with holes are sparse files."""
    return run(*FORMATS[form], "-cf", "-", "-C", directory, *names)


def write_with_holes(path: Path, content: bytes) -> None:
    """Write a file without its blocks of zeros, so that they are holes."""
    with path.open("wb") as sink:
        for start in range(0, len(content), _BLOCK):
            block = content[start : start + _BLOCK]
            if any(block):
                sink.seek(start)
                sink.write(block)
        sink.truncate(len(content))
