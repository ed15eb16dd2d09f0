"""What a hardlink names, in a tree that is still being merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.filesystem.tree import MAX_HOPS
from ocianalyze.layers.entry import Kind

if TYPE_CHECKING:
    from ocianalyze.filesystem.directories import Directories
    from ocianalyze.filesystem.ids import Ids

_SYMLINK: Final = int(Kind.SYMLINK)
_NAMELESS: Final = frozenset(("", ".", ".."))
_MOST_FOUND: Final = 1 << 14
"""How many directories are remembered at most."""


class Finder:
    """Finds ids by paths, many of which lead into one directory.

    Whoever replaces something in the tree, or lays another layer upon it, has to tell it to `forget`.
    """

    def __init__(self, ids: Ids, directories: Directories) -> None:
        self._ids = ids
        self._directories = directories
        self.forget()

    def find(self, path: str) -> tuple[int | None, int]:
        """Return what lies at `path`, past symlinks to directories, and the latest id on the way to it, or its own.

        A symlink at its end is not followed.
        """
        directory, _, name = path.rpartition("/")
        found = None if name in _NAMELESS else self._found.get(directory) or self._enter(directory)
        if found is None:
            return self._follow(path)
        table, latest = found
        id_ = table.get(name)
        return id_, latest if id_ is None else max(latest, id_)

    def _enter(self, path: str) -> tuple[dict[str, int], int] | None:
        """Return what lies in a directory, and the latest id on the way; None if the way is not of directories alone.

        Many links lead into one directory, so those that were found are remembered until something is replaced.
        """
        names: list[str] = []
        while path not in self._found:
            path, _, name = path.rpartition("/")
            names.append(name)
        table, latest = self._found[path]
        for name in reversed(names):
            id_ = None if name in _NAMELESS else table.get(name)
            below = None if id_ is None else self._directories.get(id_)
            if id_ is None or below is None:
                return None
            table, latest = below, max(latest, id_)
            path = f"{path}/{name}" if path else name
            if len(self._found) > _MOST_FOUND:
                self.forget()
            self._found[path] = table, latest
        return table, latest

    def forget(self) -> None:
        """Forget what was found: something was replaced, or a layer came on top."""
        self._found: dict[str, tuple[dict[str, int], int]] = {"": (self._directories[0], 0)}

    def _follow(self, path: str) -> tuple[int | None, int]:
        """Do as `find` does, whatever there is on the way."""
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
                return None, latest
            latest = max(latest, id_)
            if not any(todo):
                return id_, latest
            children = self._directories.get(id_)
            if children is not None:
                here.append(children)
                continue
            hops += 1
            changeset, row = self._ids.locate(id_)
            if changeset.kinds[row] != _SYMLINK or hops > MAX_HOPS:
                return None, latest
            if changeset.links[row].startswith("/"):
                del here[1:]
            todo.extend(changeset.links[row].split("/")[::-1])
        return None, latest
