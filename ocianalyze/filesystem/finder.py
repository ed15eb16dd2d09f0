"""What a path names in a tree that is in the making: in that of one layer by itself, or in the merged one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.layers.changeset.places import MOST_HOPS, normalise
from ocianalyze.layers.tar.entry import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ocianalyze.filesystem.ids import Ids
    from ocianalyze.layers.metering.limits import Limits

_SYMLINK: Final = int(Kind.SYMLINK)
_NAMELESS: Final = frozenset(("", ".", ".."))
_FILE: Final[dict[str, int]] = {}
"""Stands for what is no directory, nor a symlink to one."""
_MOST_FOUND: Final = 1 << 14
"""How many directories are remembered at most."""


class Way(NamedTuple):
    """A way to a directory, past symlinks.

    Attributes:
        table: what lies there, or None if there is no such directory.
        latest: the latest id on the way.
        hops: how many symlinks it leads through.
        docker_hops: how many of them Docker follows one by one: relative ones before the first absolute one.
        is_outside: whether a relative symlink leads out of the root.
        problem: why there is no directory: ``missing``, ``file`` or ``loop``.
    """

    table: dict[str, int] | None
    latest: int = 0
    hops: int = 0
    docker_hops: int = 0
    is_outside: bool = False
    problem: str = ""

    @property
    def is_plain(self) -> bool:
        """True for a way to a directory that every runtime goes."""
        return not self.hops and not self.problem


class Finder:
    """Finds ids by paths from the root on, many of which lead into one directory.

    `table_of` gives what lies in a directory, by its id, or None if it is none; `inodes` says what hardlinks are other
    names of. Whoever replaces something in the tree,
    or lays another layer upon it, has to tell the finder to `forget`.
    """

    def __init__(
        self,
        ids: Ids,
        table_of: Callable[[int], dict[str, int] | None],
        limits: Limits,
        inodes: Mapping[int, int],
        *,
        root: int = 0,
    ) -> None:
        self._ids = ids
        self._table_of = table_of
        self._limits = limits
        self._inodes = inodes
        self._root = root
        self._followed = 0
        self.forget()

    def find(self, path: str) -> tuple[int | None, Way]:
        """Return what lies at `path`, and the way to its directory; a symlink at its end is not followed.

        Raises:
            LimitExceededError: the symlinks on all ways together are longer than ``max_followed``.
        """
        directory, _, name = path.rstrip("/").rpartition("/")
        if name in _NAMELESS:
            return None, Way(None, problem="missing")
        way = self._found.get(directory) or self.enter(directory)
        return None if way.table is None else way.table.get(name), way

    def follow(self, path: str) -> tuple[int | None, int]:
        """Return what lies at `path`, symlinks at its end followed, and the latest id on the way; raises as `find`."""
        latest = 0
        for _ in range(MOST_HOPS):
            path, _ = normalise(path)
            if not path:
                return self._root, latest
            id_, way = self.find(path)
            latest = max(latest, way.latest, id_ or 0)
            target = None if id_ is None else self._target(id_)
            if target is None:
                return id_, latest
            path = target if target.startswith("/") else f"{path.rpartition('/')[0]}/{target}"
        return None, latest

    def forget(self) -> None:
        """Forget what was found: something was replaced, or a layer came on top."""
        self._found: dict[str, Way] = {}

    def enter(self, path: str) -> Way:  # noqa: C901 - a step of a path, of each kind that there is
        """Return the way to the directory at `path`; raises as `find` does.

        Many paths lead into one directory, so those that were found are remembered until something is replaced.
        """
        todo = path.split("/")[::-1]
        here: list[dict[str, int] | None] = [self._table_of(self._root)]
        hops = docker_hops = latest = 0
        is_local, is_outside = True, False  # no absolute symlink was followed, and nothing was missing
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            if part == "..":
                is_outside = is_outside or (is_local and hops > 0 and len(here) == 1)
                del here[max(1, len(here) - 1) :]
                continue
            table = here[-1]
            if table is _FILE:
                return Way(None, latest, hops, docker_hops, is_outside, "file")
            id_ = None if table is None else table.get(part)
            if id_ is None:
                is_local = False
                here.append(None)  # as runtimes do: a step further up leads back
                continue
            latest = max(latest, id_)
            children = self._table_of(id_)
            if children is not None:
                here.append(children)
                continue
            target = self._target(id_)
            if target is None:
                here.append(_FILE)
                continue
            hops += 1
            if hops > MOST_HOPS:
                return Way(None, latest, hops, docker_hops, is_outside, "loop")
            if target.startswith("/"):
                del here[1:]
                is_local = False
            docker_hops += is_local
            todo.extend(target.split("/")[::-1])
        if here[-1] is None or here[-1] is _FILE:
            problem = "missing" if here[-1] is None else "file"
            way = Way(None, latest, hops, docker_hops, is_outside, problem)
        else:
            way = Way(here[-1], latest, hops, docker_hops, is_outside)
            if len(self._found) >= _MOST_FOUND:
                self.forget()
            self._found[path] = way
        return way

    def _target(self, id_: int) -> str | None:
        """Return where a symlink points, and charge for its length; None if it is no symlink."""
        changeset, row = self._ids.locate(self._inodes.get(id_, id_))
        if changeset.kinds[row] != _SYMLINK:
            return None
        target = changeset.links[row]
        self._followed += len(target)
        if self._followed > self._limits.max_followed:
            raise self._limits.exceeded(
                "max_steps",
                f"hard links pass through symlinks of {self._followed:,} characters",
                most=self._limits.max_followed,
            )
        return target
