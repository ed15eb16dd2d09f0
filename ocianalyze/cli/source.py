"""Which image is meant and how it is read, from the options and the settings."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, BinaryIO

from ocianalyze.cli.caching import CacheOptions, usable_cache
from ocianalyze.cli.input import either
from ocianalyze.cli.limits import LimitOptions, make_limits
from ocianalyze.cli.registries import RegistryOptions, make_access
from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from ocianalyze.analysis import Source
    from ocianalyze.settings.model import Settings


def make_source(
    image: str,
    settings: Settings,
    *,
    platform: str | None,
    image_name: str | None,
    limits: LimitOptions,
    registry: RegistryOptions,
    cache: CacheOptions | None = None,
    jobs: int | None = None,
    offline: bool = False,
    reads_stdin: bool = False,
    quiet: bool = False,
) -> Source:
    """Return the source; `reads_stdin` tells whether standard input is read for something else than the image.

    Raises:
        UsageError: options contradict each other, or standard input cannot be read.
    """
    from ocianalyze.analysis import Source

    return Source(
        reference=image,
        platform=platform or settings.platform,
        name=image_name,
        limits=make_limits(limits, settings),
        offline=offline,
        access=make_access(registry, reads_stdin=reads_stdin or image == "-", quiet=quiet),
        cache=usable_cache(cache, quiet=quiet) if cache is not None else None,
        jobs=either(jobs, settings.jobs),
        stdin=_stdin() if image == "-" else None,
    )


def _stdin() -> BinaryIO:
    """Return standard input; raises UsageError where nothing can come from there."""
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    if sys.stdin.buffer.isatty():
        raise UsageError(
            "standard input is a terminal", hint="Pipe an archive into it: docker save IMAGE | ocianalyze scan -"
        )
    return sys.stdin.buffer
