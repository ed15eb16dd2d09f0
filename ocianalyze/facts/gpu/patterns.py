"""What a path says of NVIDIA's files: the driver, the toolkit, stubs, compatibility libraries, and look-alikes.

The patterns lie in ``data/nvidia_patterns.json``; the first that matches wins. Sources: libnvidia-container
``nvc_info.c``, nvidia-container-toolkit ``pkg/nvcdi``, the driver's own ``sandboxutils-filelist.json``, and the file
lists of 111 Debian and Ubuntu packages and 26 wheels, on which the tests hold them.
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
    r"|cuda|torch-|version\.(?:json|txt)(?=\0)"
)
"""What the name of a file begins with that any pattern but the toolkit's could match, or that tells a CUDA version; for
`Filesystem.search`."""

VERSION: Final = regex(r"[3-9]\d\d\.\d{1,3}(?:\.\d{1,3})?", re.ASCII)
"""The version of a driver."""


class Match(NamedTuple):
    """The pattern that a path matches, the class that follows, and the driver version in the name, if it has one."""

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
    """Return what a file (``f``) or symlink (``l``) is by its path alone, or None if nothing says that it is NVIDIA's.

    A regular file of the driver's userspace without content is what a mount point leaves behind.
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
    """Compile a pattern when it is first asked for: most images hold files for few of them."""
    return re.compile(pattern, re.DOTALL)
