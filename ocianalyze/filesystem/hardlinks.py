"""What the hardlinks of a layer are other names of, and whom they keep from unpacking it.

Runtimes unpack each layer by itself, so a hardlink leads to what its own layer has by then, and to nothing beneath.
containerd takes ``..`` in its target where it stands, past symlinks; the others take it out of the text before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.layers.changeset import places
from ocianalyze.layers.changeset.places import NOT_LOCAL, NOT_MERGED
from ocianalyze.layers.tar.entry import DIRECTORIES, HIDING, Kind
from ocianalyze.layers.tar.obstacles import CONTAINERD, EVERYONE, MERGED_DOCKER, Cause, Refusal, joined
from ocianalyze.layers.tar.xattrs import refused_attributes

if TYPE_CHECKING:
    from ocianalyze.filesystem.finder import Finder, Way
    from ocianalyze.filesystem.ids import Ids

_FILE, _SYMLINK, _WHITEOUT = int(Kind.FILE), int(Kind.SYMLINK), int(Kind.WHITEOUT)
_OTHERS: Final = "DPO"
_DOCKER_FOLLOWS: Final = "DM"


class Hardlinks:
    """The hardlinks of one layer.

    Attributes:
        inodes: the id of what each hardlink is another name of.
        absent: the hardlinks that are names of nothing, or of what is not there.
        restated: of what has other attributes than its last hardlink states, which then hold, that hardlink.
        missing: the hardlinks that lead to nothing.
    """

    def __init__(self, ids: Ids, layer: int, finder: Finder, inodes: dict[int, int]) -> None:
        self._changeset, self._base = ids.changesets[layer], ids.bases[layer]
        self._finder = finder
        self.inodes = inodes
        self.absent: set[int] = set()
        self.restated: dict[int, int] = {}
        self.missing: list[int] = []

    def add(self, row: int) -> tuple[Refusal, ...]:
        """Find what the hardlink `row` leads to of what was there before it, and return why it is refused."""
        changeset, base = self._changeset, self._base
        id_, written = base + row, changeset.links[row]
        target, latest, refusals = self._find(written)
        if target is None or target >= id_ or latest >= id_:
            self.absent.add(id_)
            if not any(refusal.by == EVERYONE for refusal in refusals):
                self.missing.append(id_)
            return refusals
        inode = self.inodes.get(target, target)
        kind = changeset.kinds[inode - base]
        if kind in DIRECTORIES:
            self.absent.add(id_)
            return (*refusals, _directory(written))
        if kind in HIDING or inode in self.absent:
            self.absent.add(id_)
            if kind == _WHITEOUT:  # which Docker has obeyed by then where layers are merged
                return (*refusals, Refusal(Cause.LINK_MISSING, MERGED_DOCKER, written))
            return refusals
        self.inodes[id_] = inode
        if changeset.identities[row] != changeset.identities[inode - base]:
            self.restated[inode] = id_
        elif self.restated:
            self.restated.pop(inode, None)
        if kind != _FILE and row in changeset.xattrs:
            refusals += self._refuse_attributes_of(row, kind)
        return refusals

    def refuse_attributes(self, row: int) -> tuple[Refusal, ...]:
        """Return why the extended attributes of a symlink are refused, which may be a hardlink to one.

        Docker sets those of what it leads to.
        """
        changeset, base = self._changeset, self._base
        directory = changeset.path(changeset.parents[row])
        target = changeset.links[self.inodes.get(base + row, base + row) - base]
        found, latest = self._finder.follow(target if target.startswith("/") else f"{directory}/{target}")
        if found is not None and max(found, latest) < base + row:
            return ()
        return (Refusal(Cause.ATTRIBUTE, _DOCKER_FOLLOWS, next(iter(changeset.xattrs[row]))),)

    def _refuse_attributes_of(self, row: int, kind: int) -> tuple[Refusal, ...]:
        """Return why the extended attributes are refused that a hardlink states for something that is no file."""
        refusals = tuple(refused_attributes(kind, self._changeset.xattrs[row]))
        return refusals + self.refuse_attributes(row) if kind == _SYMLINK else refusals

    def _find(self, written: str) -> tuple[int | None, int, tuple[Refusal, ...]]:
        """Return what a target leads to as it is written, the latest id on the way, and who refuses the link."""
        if ".." in written:
            return self._find_upwards(written)
        path = written
        if not written or written[-1] in "/.":
            path, _ = places.normalise(written)
            if not path:
                return None, 0, (_directory(written),)
        id_, way = self._finder.find(path)
        return id_, way.latest, () if way.is_plain else _refusals(way, written)

    def _find_upwards(self, written: str) -> tuple[int | None, int, tuple[Refusal, ...]]:
        """Return what a target leads to that has ``..`` in it, or something that looks like it."""
        path, climbed = places.normalise(written)
        refusals: tuple[Refusal, ...] = (Refusal(Cause.LINK_OUTSIDE, NOT_LOCAL, written),) if climbed else ()
        if not path or written.rstrip("/").endswith(("/..", "/.")):
            return None, 0, (*refusals, _directory(written))
        id_, way = self._finder.find(path)
        stepwise, way_of_containerd = self._finder.find(written)
        by = joined(CONTAINERD if stepwise is None else "", _OTHERS if id_ is None else "")
        refusals += _refusals(way, written)
        if by and by != NOT_MERGED:
            refusals += (Refusal(Cause.LINK_MISSING, by, written),)
        latest = max(way.latest, way_of_containerd.latest)
        return id_ if stepwise is None else stepwise, latest, refusals


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
