"""What scripts do to files on the way: which paths they may have changed, and what they have written there.

Nothing is carried out. A path that a command is given counts as changed, with all that lies beneath, unless the command
is known only to read; what a script itself writes, such as with ``cat > FILE <<EOF``, is kept as text.
"""

from __future__ import annotations

from posixpath import dirname
from typing import Final, NamedTuple

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.values import Store

_MOST: Final = 2000
"""How many changed paths are told apart; more than these are any."""


class Change(NamedTuple):
    """What happened to a path.

    `text` is its whole content if that is known; `modes` is True if nothing but its owner or permissions changed,
    `makes` if it is made if it is not there, and else left as it is, `links` if symlinks may be there now.
    """

    text: str | None = None
    modes: bool = False
    makes: bool = False
    links: bool = False


_UNKNOWN_CHANGE: Final = Change()


class Changes:
    """Changed paths, absolute and normalised."""

    __slots__ = ("_above", "_count", "_links", "_paths", "anything", "doubtful", "makes_anything")

    def __init__(self) -> None:
        self._paths: Store[Change] = Store()
        self._above: Store[bool] = Store()
        self._count = 0
        self._links = False
        self.anything = False
        """True if it cannot be told what was changed; it is not taken to be a script that is run."""
        self.makes_anything = False
        """True if it cannot be told what was made that was not there before."""
        self.doubtful = False
        """True if more may have changed than what is noted: by a command, behind a new symlink, by an unknown name."""

    def copy(self) -> Changes:
        """Return changes that are the same now, and on their own from now on."""
        new = Changes()
        new._paths, new._above = self._paths.copy(), self._above.copy()
        new._count, new.anything, new.makes_anything = self._count, self.anything, self.makes_anything
        new._links, new.doubtful = self._links, self.doubtful
        return new

    def add(self, path: str, change: Change = _UNKNOWN_CHANGE) -> None:
        """Note that a path was changed; of one that cannot be told, what is known of its beginning counts."""
        if UNKNOWN in path:
            path = dirname(path.partition(UNKNOWN)[0])
            if change.makes:
                self.doubtful = True
                self.makes_anything = self.makes_anything or not path.startswith("/")
                return
            change = _UNKNOWN_CHANGE
        self._count += 1
        if not path.startswith("/") or path == "/" or self._count > _MOST:
            self.anything = True
            return
        self._links = self._links or change.links
        self.doubtful = self.doubtful or (self._links and self._is_behind_link(path))
        before = self._paths.get(path)
        self._paths.set(path, Change() if change.modes and before is not None and not before.modes else change)
        while (above := dirname(path)) != path:
            path = above
            if self._above.get(path):
                break
            self._above.set(path, True)  # noqa: FBT003 - a value

    def _is_behind_link(self, path: str) -> bool:
        while (above := dirname(path)) != path:
            path = above
            change = self._paths.get(path)
            if change is not None and change.links:
                return True
        return False

    def at(self, path: str) -> Change | None:
        """Return what happened to a path, or to a directory above it; None if nothing did that can be told."""
        change = self._paths.get(path)
        if change is not None:
            return change
        while (above := dirname(path)) != path:  # "//" is its own parent, too
            path = above
            change = self._paths.get(path)
            if change is not None and not change.makes:
                return Change(modes=change.modes)
        return None

    def beneath(self, path: str) -> bool:
        """Tell whether something beneath a path was changed."""
        return self.anything or bool(self._above.get(path))

    def names_in(self, directory: str) -> frozenset[str] | None:
        """Return the names of what was changed in a directory, or beneath that; None if it may be anything."""
        if self.anything or self.makes_anything:
            return None
        if not self.beneath(directory):
            return frozenset()
        above = directory.rstrip("/") + "/"
        return frozenset(path[len(above) :].partition("/")[0] for path in self._paths.names() if path.startswith(above))

    def join(self, other: Changes) -> int:
        """Become what holds if either these or the `other` changes were made; return how many were looked at."""
        self.anything = self.anything or other.anything
        self.makes_anything = self.makes_anything or other.makes_anything
        self.doubtful = self.doubtful or other.doubtful
        self._links = self._links or other._links
        self._count = max(self._count, other._count)
        paths, above = list(self._paths.changed(other._paths)), list(self._above.changed(other._above))
        for path in paths:
            one, two = self._paths.get(path), other._paths.get(path)
            if one != two:
                both_modes = (one is None or one.modes) and (two is None or two.modes)
                links = any(item is not None and item.links for item in (one, two))
                self._paths.set(path, Change(modes=both_modes, links=links))
        for path in above:
            self._above.set(path, True)  # noqa: FBT003
        return len(paths) + len(above)
