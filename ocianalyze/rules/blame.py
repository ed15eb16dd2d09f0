"""The layer whose step made something wrong: the deletion, the change of a mode or owner, the replaced symlink.

A layer repeats directories in which it changes something, so the layer that wrote a mode last need not be the one that
set it.
"""

from __future__ import annotations

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
    removed = (node.shadowed_by for path in paths for node in filesystem.states(path))
    return max((layer for layer in removed if layer is not None), default=None)


def program_layer(filesystem: Filesystem, program: Program, *, named_in: Node | None = None) -> int | None:
    """Return the position of the layer because of which a program cannot be run; None if no layer has any of it.

    `named_in` is the file that names the program, if there is one.
    """
    problem = program.problem
    if problem is None:
        return program.node.layer if program.node is not None else None
    closed = filesystem.lookup(problem.culprit) if problem.culprit is not None else program.node
    if problem.code in ("not-executable", "no-permission", "library-unreadable") and closed is not None:
        return mode_layer(filesystem, closed)
    if problem.code in ("empty", "not-runnable") and program.node is not None:
        return program.node.layer
    deleted = deletion_layer(filesystem, [problem.culprit] if problem.culprit is not None else [])
    links = [filesystem.lookup(path, follow=False) for path in program.chain]
    written = [node.layer for node in (*links, program.node, named_in) if node is not None]
    return deleted if deleted is not None else max(written, default=None)
