"""What a hardlink names, in a tree that is still being merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.filesystem.resolver import MAX_HOPS
from ocianalyze.layers.entry import Kind

if TYPE_CHECKING:
    from ocianalyze.filesystem.directories import Directories
    from ocianalyze.filesystem.ids import Ids
    from ocianalyze.layers.limits import Limits

_SYMLINK: Final = int(Kind.SYMLINK)
_NAMELESS: Final = frozenset(("", ".", ".."))
_MOST_FOUND: Final = 1 << 14
"""How many directories are remembered at most."""


class Finder:
    """Finds ids by paths, many of which lead into one directory.

    Whoever replaces something in the tree, or lays another layer upon it, has to tell it to `forget`.
    """

    def __init__(self, ids: Ids, directories: Directories, limits: Limits) -> None:
        self._ids = ids
        self._directories = directories
        self._limits = limits
        self._followed = 0
        self.forget()

    def find(self, path: str) -> tuple[int | None, int]:
        """Return what lies at `path`, past symlinks to directories, and the latest id on the way to it, or its own.

        A symlink at its end is not followed.

        Raises:
            LimitExceededError: the symlinks on all ways together are longer than ``max_metadata``.
        """
        directory, _, name = path.rstrip("/").rpartition("/")
        if name in _NAMELESS:
            return None, 0
        table, latest = self._found.get(directory) or self._enter(directory)
        id_ = table.get(name)
        return id_, latest if id_ is None else max(latest, id_)

    def forget(self) -> None:
        """Forget what was found: something was replaced, or a layer came on top."""
        self._found: dict[str, tuple[dict[str, int], int]] = {}

    def _enter(self, path: str) -> tuple[dict[str, int], int]:
        """Return what lies in the directory at `path`, nothing if there is none, and the latest id on the way.

        Many links lead into one directory, so those that were found are remembered until something is replaced.
        """
        todo = path.split("/")[::-1]
        here: list[dict[str, int]] = [self._directories[0]]
        hops = latest = 0
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            if part == "..":
                del here[max(1, len(here) - 1) :]
                continue
            id_ = here[-1].get(part)
            if id_ is None:
                return {}, latest
            latest = max(latest, id_)
            children = self._directories.get(id_)
            if children is not None:
                here.append(children)
                continue
            hops += 1
            target = self._target(id_)
            if target is None or hops > MAX_HOPS:
                return {}, latest
            if target.startswith("/"):
                del here[1:]
            todo.extend(target.split("/")[::-1])
        if len(self._found) >= _MOST_FOUND:
            self.forget()
        self._found[path] = here[-1], latest
        return here[-1], latest

    def _target(self, id_: int) -> str | None:
        """Return where a symlink points, and charge for its length; None if it is no symlink."""
        changeset, row = self._ids.locate(id_)
        if changeset.kinds[row] != _SYMLINK:
            return None
        target = changeset.links[row]
        self._followed += len(target)
        if self._followed > self._limits.max_metadata:
            raise self._limits.exceeded(
                "max_metadata", f"the symlinks that hardlinks lead through take {self._followed:,} bytes"
            )
        return target
