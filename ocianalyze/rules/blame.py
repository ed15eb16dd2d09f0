"""The layer whose step made something wrong: the deletion, the change of a mode or owner, the replaced symlink.

A layer repeats directories in which it changes something, so the layer that wrote a mode last need not be the one that
set it.
"""

from __future__ import annotations

from posixpath import join
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.facts.programs import Program
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem


def mode_layer(filesystem: Filesystem, node: Node) -> int:
    """Return the position of the layer that gave a file or directory its present mode and owner."""
    found = node.layer
    for earlier in reversed(filesystem.states(node.path)):
        if earlier.attributes != node.attributes:
            break
        found = min(found, earlier.layer)
    return found


def deletion_layer(filesystem: Filesystem, paths: Iterable[str]) -> int | None:
    """Return the position of the last layer that removed one of some missing paths; None if none was ever there."""
    places = {place: None for path in paths for place in (path, filesystem.resolve(path).path)}
    removed = (node.shadowed_by for path in places for node in filesystem.states(path))
    return max((layer for layer in removed if layer is not None), default=None)


def program_layer(
    filesystem: Filesystem, program: Program, *, named_in: Node | None = None, searched: Iterable[str] = ()
) -> int | None:
    """Return the position of the layer because of which a program cannot be run; None if no layer has any of it.

    `named_in` is the file that names the program, if there is one, and `searched` where it was looked for.
    """
    while program.interpreter is not None and program.interpreter.problem is not None:
        named_in, program = program.node, program.interpreter
    problem = program.problem
    if problem is None:
        return program.node.layer if program.node is not None else None
    closed = filesystem.lookup(problem.culprit) if problem.culprit is not None else program.node
    if problem.code in ("not-executable", "no-permission", "library-unreadable") and closed is not None:
        return mode_layer(filesystem, closed)
    if problem.code in ("empty", "not-runnable") and program.node is not None:
        return program.node.layer
    lost = [problem.culprit] if problem.culprit is not None else []
    if problem.code == "not-on-path":
        lost = [join("/", directory, program.word) for directory in searched]
    deleted = deletion_layer(filesystem, lost)
    links = [filesystem.lookup(path, follow=False) for path in program.chain]
    written = [node.layer for node in (*links, program.node, named_in) if node is not None]
    return deleted if deleted is not None else max(written, default=None)


def link_layer(filesystem: Filesystem, path: str) -> int | None:
    """Return the position of the last layer that wrote a symlink on the way to `path`, or what it leads to."""
    found = filesystem.resolve(path)
    links = (filesystem.lookup(hop.path, follow=False) for hop in found.hops)
    return max((node.layer for node in (*links, found.node) if node is not None), default=None)
