"""What the hardlinks of a layer are other names of, and whom they keep from unpacking it.

Runtimes unpack each layer by itself, so a hardlink leads to what its own layer has by then, and to nothing beneath.
containerd takes ``..`` in its target where it stands, past symlinks; the others take it out of the text before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.layers import places
from ocianalyze.layers.entry import DIRECTORIES, HIDING, Kind
from ocianalyze.layers.obstacles import CONTAINERD, EVERYONE, MERGED_DOCKER, Cause, Refusal, joined
from ocianalyze.layers.places import NOT_LOCAL, NOT_MERGED
from ocianalyze.layers.xattrs import refused_attributes

if TYPE_CHECKING:
    from ocianalyze.filesystem.finder import Finder, Way
    from ocianalyze.filesystem.ids import Ids

_FILE, _SYMLINK, _WHITEOUT = int(Kind.FILE), int(Kind.SYMLINK), int(Kind.WHITEOUT)
_OTHERS: Final = "DPO"
_DOCKER_FOLLOWS: Final = "DM"


class _Target(NamedTuple):
    """What a hardlink leads to, the latest id on the way or that itself, and who refuses the link."""

    id: int | None
    latest: int
    refusals: tuple[Refusal, ...]


class Hardlinks:
    """The hardlinks of one layer, whose ids are `first` and more.

    Attributes:
        inodes: the id of what each hardlink is another name of.
        absent: the hardlinks that are names of nothing, or of what is not there.
        restated: of what has other attributes than its last hardlink states, which then hold, that hardlink.
        missing: the hardlinks that lead to nothing.
    """

    def __init__(self, ids: Ids, finder: Finder, inodes: dict[int, int]) -> None:
        self._ids = ids
        self._finder = finder
        self.inodes = inodes
        self.absent: set[int] = set()
        self.restated: dict[int, int] = {}
        self.missing: list[int] = []

    def add(self, id_: int) -> tuple[Refusal, ...]:
        """Find what the hardlink `id_` leads to of what was there before it, and return why it is refused."""
        changeset, row = self._ids.locate(id_)
        found = self._find(changeset.links[row])
        if found.id is None or max(found.id, found.latest) >= id_:
            self.absent.add(id_)
            if not any(refusal.by == EVERYONE for refusal in found.refusals):
                self.missing.append(id_)
            return found.refusals
        inode = self.inodes.get(found.id, found.id)
        kind = self._ids.kind(inode)
        if kind in DIRECTORIES:
            self.absent.add(id_)
            return (*found.refusals, _directory(changeset.links[row]))
        if kind in HIDING or inode in self.absent:
            self.absent.add(id_)
            if kind == _WHITEOUT:  # which Docker has obeyed by then where layers are merged
                return (*found.refusals, Refusal(Cause.LINK_MISSING, MERGED_DOCKER, changeset.links[row]))
            return found.refusals
        self.inodes[id_] = inode
        return found.refusals + self._restate(id_, inode, kind)

    def refuse_attributes(self, id_: int) -> tuple[Refusal, ...]:
        """Return why the extended attributes of a symlink are refused, which may be a hardlink to one.

        Docker sets those of what it leads to.
        """
        changeset, row = self._ids.locate(id_)
        of, link = self._ids.locate(self.inodes.get(id_, id_))
        directory = changeset.path(changeset.parents[row])
        target = of.links[link]
        found, latest = self._finder.follow(target if target.startswith("/") else f"{directory}/{target}")
        if found is not None and max(found, latest) < id_:
            return ()
        return (Refusal(Cause.ATTRIBUTE, _DOCKER_FOLLOWS, next(iter(changeset.xattrs[row]))),)

    def _restate(self, id_: int, inode: int, kind: int) -> tuple[Refusal, ...]:
        """Give the inode the attributes that the link states, and return why they are refused."""
        (changeset, row), (of, target) = self._ids.locate(id_), self._ids.locate(inode)
        if changeset.identities[row] != of.identities[target]:
            self.restated[inode] = id_
        else:
            self.restated.pop(inode, None)
        xattrs = changeset.xattrs.get(row)
        if not xattrs or kind == _FILE:
            return ()
        refusals = tuple(refused_attributes(kind, xattrs))
        return refusals + self.refuse_attributes(id_) if kind == _SYMLINK else refusals

    def _find(self, written: str) -> _Target:
        """Return what a target leads to as it is written."""
        if ".." not in written:
            path = written
            if not written or written[-1] in "/.":
                path, _ = places.normalise(written)
            if not path:
                return _Target(None, 0, (_directory(written),))
            id_, way = self._finder.find(path)
            return _Target(id_, way.latest, _refusals(way, written))
        return self._find_upwards(written)

    def _find_upwards(self, written: str) -> _Target:
        """Return what a target leads to that has ``..`` in it, or something that looks like it."""
        path, climbed = places.normalise(written)
        refusals: tuple[Refusal, ...] = (Refusal(Cause.LINK_OUTSIDE, NOT_LOCAL, written),) if climbed else ()
        if not path or written.rstrip("/").endswith(("/..", "/.")):
            return _Target(None, 0, (*refusals, _directory(written)))
        id_, way = self._finder.find(path)
        stepwise, way_of_containerd = self._finder.find(written)
        by = joined(CONTAINERD if stepwise is None else "", _OTHERS if id_ is None else "")
        refusals += _refusals(way, written)
        if by and by != NOT_MERGED:
            refusals += (Refusal(Cause.LINK_MISSING, by, written),)
        latest = max(way.latest, way_of_containerd.latest)
        return _Target(id_ if stepwise is None else stepwise, latest, refusals)


def _directory(written: str) -> Refusal:
    return Refusal(Cause.LINK_DIRECTORY, EVERYONE, written)


def _refusals(way: Way, written: str) -> tuple[Refusal, ...]:
    """Return why a hardlink is refused whose target lies at the end of a way."""
    refusals = []
    if way.problem == "loop":
        return (Refusal(Cause.LINK_SYMLINKS, EVERYONE, written),)
    if way.is_outside:
        refusals.append(Refusal(Cause.LINK_OUTSIDE, NOT_LOCAL, written))
    by = places.refusing_hops(way.hops, way.docker_hops)
    if by:
        refusals.append(Refusal(Cause.LINK_SYMLINKS, by, written))
    return tuple(refusals)
