"""What the command line reads: the image, and the files that come with it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from ocianalyze.analysis import Source
    from ocianalyze.facts.app_image_config import AppImageConfig
    from ocianalyze.layers.limits import Limits

STDIN = Path("-")


def read_app_image_config(path: Path, *, image: str) -> AppImageConfig:
    """Return the AppImageConfig in a file, or on standard input if `path` is ``-`` and the image is not read from it.

    Raises:
        UsageError: it cannot be read, or is not one.
    """
    from ocianalyze.facts.app_image_config import LARGEST, load

    if path == STDIN and (image == "-" or sys.stdin is None):
        raise UsageError(
            "standard input cannot be both the image and the AppImageConfig"
            if image == "-"
            else "standard input is closed"
        )
    try:
        if path == STDIN:
            raw = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with path.open("rb") as file:
                raw = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    return load(raw, what="standard input" if path == STDIN else str(path))


def open_source(
    image: str, platform: str | None, name: str | None, limits: Limits, *, verify: bool = False, jobs: int | None = None
) -> Source:
    """Return the source that the options describe; nothing is opened yet."""
    from ocianalyze.analysis import Source

    if image == "-" and sys.stdin is None:
        raise UsageError("standard input is closed")
    stdin = sys.stdin.buffer if image == "-" else None
    if stdin is not None and stdin.isatty():
        raise UsageError(
            "standard input is a terminal", hint="pipe an archive into it: docker save IMAGE | ocianalyze scan -"
        )
    return Source(
        reference=image, platform=platform, name=name, stdin=stdin, verify_all=verify, jobs=jobs, limits=limits
    )
