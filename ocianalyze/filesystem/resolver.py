"""Where paths lead in the merged tree: path_resolution(7), with the root of the image as the root.

Many paths lead through the same symlinks. Where one of them leads is the same whoever comes by, because a symlink lies
in one place; so that is found out once, and however links are chained, a path costs its own length and little more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.filesystem.node import Resolution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.filesystem.node import Node, Tree

MAX_HOPS: Final = 40
"""How many symlinks one path may lead through, as in Linux (path_resolution(7))."""

LONGEST_PATH: Final = 4096
"""How many bytes a path has at least that Linux does not take (``PATH_MAX`` counts the zero byte at its end)."""

_MOST_KNOWN: Final = 1 << 20
"""How many nodes all that is known goes through at most, before it is forgotten."""


class _Lead(NamedTuple):
    """Where a symlink leads, or how far: the nodes from the root on, the symlinks on the way, and what is wrong."""

    nodes: tuple[Node, ...]
    hops: tuple[Node, ...]
    problem: str | None = None
    rest: str = ""


class Resolver:
    """Resolves paths in one file system, which must not change."""

    def __init__(self, filesystem: Tree) -> None:
        self._filesystem = filesystem
        self._leads: dict[int, _Lead] = {}
        self._known = 0

    def resolve(self, path: str, *, follow: bool) -> Resolution:
        """Return where `path` leads; a symlink as the last component is followed if `follow`.

        Raises:
            LimitExceededError: too many steps were taken in this image already.
        """
        if len(path) >= LONGEST_PATH and len(path.encode("utf-8", "surrogateescape")) >= LONGEST_PATH:
            return Resolution(path, None, (), "missing")
        found = self._walk((self._filesystem.root,), path, follow=follow, depth=0)
        where = found.nodes[-1].path
        if found.problem is None:
            return Resolution(where, found.nodes[-1], found.hops, None)
        if found.rest:
            where = f"{where.rstrip('/')}/{found.rest}"
        return Resolution(where, None, found.hops, found.problem)

    def _walk(self, start: Sequence[Node], path: str, *, follow: bool, depth: int) -> _Lead:
        """Follow `path` from a directory, which is the last of the nodes `start`."""
        filesystem = self._filesystem
        here = list(start[:1] if path.startswith("/") else start)
        todo = _steps(path)
        filesystem.spend(len(todo))
        hops: list[Node] = []
        while todo:
            part = todo.pop()
            children = filesystem.children.get(here[-1].id)
            if children is None:
                return _Lead(tuple(here), tuple(hops), "not-a-directory", _joined(part, todo))
            if part == ".":
                continue
            if part == "..":
                del here[max(1, len(here) - 1) :]
                continue
            id_ = children.get(part)
            if id_ is None:
                return _Lead(tuple(here), tuple(hops), "missing", _joined(part, todo))
            node = filesystem.node(id_)
            if not (node.is_symlink and (todo or follow)):
                here.append(node)
                continue
            lead = self._lead(node, here, depth)
            hops += (node, *lead.hops)
            if len(hops) > MAX_HOPS or lead.problem == "loop":
                return _Lead((*here, node), tuple(hops[: MAX_HOPS + 1]), "loop")
            if lead.problem is not None:
                return _Lead(lead.nodes, tuple(hops), lead.problem, _joined(lead.rest, todo))
            here = list(lead.nodes)
        return _Lead(tuple(here), tuple(hops))

    def _lead(self, link: Node, here: Sequence[Node], depth: int) -> _Lead:
        """Return where a symlink leads that lies in the last of the nodes `here`."""
        known = self._leads.get(link.id)
        if known is not None:
            self._filesystem.spend(len(known.nodes) >> 3)
            return known
        target = link.target
        if not target:
            return _Lead((*here, link), (), "missing")
        if depth >= MAX_HOPS:
            return _Lead((*here, link), (), "loop")
        lead = self._walk(here, target, follow=True, depth=depth + 1)
        if lead.problem != "loop" or depth == 0:  # else it may only be too far for whoever comes from far away
            self._known += len(lead.nodes) + len(lead.hops)
            if self._known > _MOST_KNOWN:
                self._leads.clear()
                self._known = 0
            self._leads[link.id] = lead
        return lead


def _steps(path: str) -> list[str]:
    """Return the steps of a path, the first one last; a slash at the end asks for a directory."""
    steps = [part for part in reversed(path.split("/")) if part]
    return [".", *steps] if path.endswith("/") and steps else steps


def _joined(part: str, todo: Sequence[str]) -> str:
    return "/".join((part, *reversed(todo))) if todo else part
