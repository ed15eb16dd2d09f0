"""Which image is meant and how it is read: all the options that commands share for that, as one `Source`."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from ocianalyze.cli.caching import with_cache
from ocianalyze.cli.extending import extend
from ocianalyze.cli.input import either
from ocianalyze.cli.options import Image, ImageName, Jobs, Platform, with_settings
from ocianalyze.cli.registries import with_registry
from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WHICH: Final = {
    "image": (Image, inspect.Parameter.empty),
    "platform": (Platform, None),
    "image_name": (ImageName, None),
}
_HOW: Final = {"jobs": (Jobs, None)}


def with_source(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command IMAGE and the options that say how it is read, its layers too.

    They arrive as two keywords: `settings`, those of the file, and `source`, which tells nobody of its progress.
    """
    made = extend(command, {**_WHICH, **_HOW}, _make, into=("source",), of=("limits", "access", "cache"))
    return with_settings(with_registry(with_cache(made)))


def with_declaration(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that reads no layers IMAGE and the options that say how it is opened, as `with_source` does."""
    made = extend(command, _WHICH, _make, into=("source",), of=("limits", "access"))
    return with_settings(with_registry(made))


def _make(given: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    from ocianalyze.analysis import Source

    settings = arguments["settings"]
    source = Source(
        reference=given["image"],
        platform=given["platform"] or settings.platform,
        name=given["image_name"],
        stdin=_stdin() if given["image"] == "-" else None,
        access=given["access"],
        cache=given.get("cache"),
        jobs=either(given.get("jobs"), settings.jobs),
        limits=given["limits"],
    )
    return {"source": source}


def _stdin() -> BinaryIO:
    """Return standard input; raises UsageError where nothing can come from there."""
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    if sys.stdin.buffer.isatty():
        raise UsageError(
            "standard input is a terminal", hint="pipe an archive into it: docker save IMAGE | ocianalyze scan -"
        )
    return sys.stdin.buffer
