"""What surely cannot be done to a file: what is to be read is not there, or the user may not change it.

Only what the image says is told. What a script may have changed before is open.

Sources: path_resolution(7), rename(2), unlink(2).
"""

from __future__ import annotations

from posixpath import dirname
from typing import TYPE_CHECKING

from ocianalyze.facts.programs.scripts import UNKNOWN

if TYPE_CHECKING:
    from ocianalyze.facts.shell.files import Files
    from ocianalyze.filesystem.node import Node


def refusal_to_read(target: str, files: Files) -> str | None:
    """Return why a file cannot be read; None if it can, or may be."""
    seen = files.look(target)
    if not seen.sure or seen.mounted:
        return None
    if seen.node is None:
        return f"{files.full(target)} does not exist" if target else "a file name is empty"
    return f"{files.full(target)} is not readable" if files.test("r", target) is False else None


def refusal_to_write(target: str, files: Files) -> str | None:
    """Return why a file cannot be opened to be written to, which makes it if it is not there."""
    if not target:
        return "a file name is empty"
    seen, full = files.look(target), files.full(target)
    if not seen.sure:
        return None
    if seen.mounted or (seen.node is not None and seen.node.is_directory):
        return f"{full} is a directory"
    if seen.node is not None:
        return f"{full} is not writable" if files.test("w", target) is False else None
    if files.look(target, follow=False).node is not None:
        return None  # a link to nothing, which is made where it leads
    return refusal_to_change(files.place(target), files)


def refusal_to_change(path: str, files: Files) -> str | None:
    """Return why nothing can be made at an absolute path, or removed from there, because of its directory."""
    directory = dirname(path)
    seen = files.look(directory)
    if UNKNOWN in path or not seen.sure or seen.mounted:
        return None
    if seen.node is None:
        return f"{directory} does not exist"
    if not seen.node.is_directory:
        return f"{directory} is not a directory"
    return f"{directory} is not writable" if files.test("w", directory) is False else None


def node_at(path: str, files: Files, *, follow: bool = True) -> Node | None:
    """Return what surely lies at a path, if it is something of the image."""
    seen = files.look(path, follow=follow)
    return seen.node if seen.sure else None


def is_missing(path: str, files: Files, *, follow: bool = True) -> bool:
    """Tell whether there is surely nothing at a path."""
    return files.look(path, follow=follow).exists is False
