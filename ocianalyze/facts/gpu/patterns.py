"""Classifies NVIDIA's files by path: the driver, the toolkit, stubs, compatibility libraries, and look-alikes.

The patterns are in ``data/nvidia_patterns.json``; the first match counts. Sources: libnvidia-container
``nvc_info.c``, nvidia-container-toolkit ``pkg/nvcdi``, the driver's own ``sandboxutils-filelist.json``, and the file
lists of 111 Debian and Ubuntu packages and 26 wheels, which the tests check the patterns against.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Final, Literal, NamedTuple, TypeAlias

from ocianalyze.regex import regex

NvidiaClass: TypeAlias = Literal[
    "driver-userspace",
    "driver-kernel",
    "driver-leftover",
    "stub",
    "compat",
    "container-toolkit",
    "icd",
    "egl-platform",
    "toolkit",
    "none",
]

FileType: TypeAlias = Literal["f", "l"]

PREFILTER: Final = (
    r"lib(?:cuda|nv|GLX_n|EGL_n|GLESv|glxserver_n|vdpau_n|XvMCN)|nv|gsp|ucodes|[0-9]+_nv|sandboxutils-"
    r"|cuda|cupy_cuda|jax_cuda|torch(?:vision|audio)?-|version\.(?:json|txt)(?=\0)"
)
"""The beginnings of file names that a pattern other than the toolkit's can match, or that contain a CUDA version; for
`Filesystem.search`."""

VERSION: Final = regex(r"[3-9]\d\d\.\d{1,3}(?:\.\d{1,3})?", re.ASCII)
"""The version of a driver."""


class Match(NamedTuple):
    """The pattern that a path matches, its class, and the driver version in the name, if any."""

    pattern: str
    cls: NvidiaClass
    version: str | None = None


class _Pattern(NamedTuple):
    id: str
    cls: NvidiaClass
    directory: str | None
    base: str
    types: str


def classify(path: str, kind: FileType, size: int) -> Match | None:
    """Return the class of a file (``f``) or symlink (``l``) by its path alone, or None if it is not NVIDIA's.

    An empty regular file of the driver's userspace is left over from a mount point.
    """
    directory, _, base = path.rpartition("/")
    directory = directory or "/"
    for pattern in _patterns():
        if kind not in pattern.types or (
            pattern.directory is not None and not _compiled(pattern.directory).search(directory)
        ):
            continue
        found = _compiled(pattern.base).fullmatch(base)
        if found is None:
            continue
        version = found.groupdict().get("ver")
        if pattern.cls == "driver-userspace" and kind == "f" and not size:
            return Match(pattern.id, "driver-leftover", version)
        return Match(pattern.id, pattern.cls, version)
    return None


@cache
def _patterns() -> tuple[_Pattern, ...]:
    raw = json.loads(files("ocianalyze.facts.gpu").joinpath("data/nvidia_patterns.json").read_bytes())
    return tuple(
        _Pattern(
            item["id"],
            item["cls"],
            item["dir"] or None,
            item["base"],
            item["types"],
        )
        for item in raw
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern on first use, because most images contain files for few of them."""
    return re.compile(pattern, re.DOTALL)
