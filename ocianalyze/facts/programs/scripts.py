"""The scripts of an image as texts, and the mark for what only a running shell knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.errors import ContentUnavailableError
from ocianalyze.layers.contents.capture import SCRIPT

if TYPE_CHECKING:
    from ocianalyze.filesystem.node import Node

UNKNOWN: Final = "\0"
"""Stands in a word for what only a running shell knows; no argument of a program can hold it."""

LONGEST: Final = SCRIPT
"""How long a script may be, in bytes."""

READS: Final = (
    "**/bin/activate",
    *("/etc/profile", "/etc/profile.d/*", "/etc/environment", "/etc/arg_mamba_user"),
    *("/etc/os-release", "/usr/lib/os-release"),
)
"""What scripts of well-known images read, which neither is executable nor begins with ``#!``."""


class UnreadableError(Exception):
    """The text of a script is not available; the message is a clause that names the script."""


def text_of(node: Node) -> str:
    """Return the text of a script; bytes that are not UTF-8 are lone surrogates, as in the names of files.

    Raises:
        UnreadableError: it was not kept, or is too long.
    """
    try:
        content = node.read(most=LONGEST)
    except ContentUnavailableError as error:
        if node.size > LONGEST:
            raise UnreadableError(f"{node.path} exceeds the limit of {LONGEST >> 10} KiB for scripts") from error
        raise UnreadableError(f"the content of {node.path} is not available") from error
    # bash leaves NULs out of what it reads, and no word can hold one.
    return content.replace(b"\0", b"").decode("utf-8", "surrogateescape")
