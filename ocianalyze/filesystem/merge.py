"""The changesets of the layers, one upon the other, as overlayfs shows them.

Sources: image-spec layer.md, "Applying Changesets" and "Whiteouts"; the kernel's overlayfs.rst; what containerd, Docker
and Podman make of layers (tests/data/unpackers.json). Each layer is unpacked by itself first, and then covers the tree
beneath: a directory merges with a directory, anything else replaces what was there. Whiteouts and opaque markers hide
what lies beneath, never what their own layer holds, wherever they stand in the tar; an opaque marker of the root hides
nothing. Within a layer the last of several entries for one path counts.

A layer that has no path twice, as nearly all, is laid upon those beneath it as its rows are. Others are unpacked entry
by entry before (`replay`), where that matters. Of either only those directories are gone into in which it meets
something.
"""

from __future__ import annotations

from array import array
from functools import partial
from typing import TYPE_CHECKING, Final

from ocianalyze.filesystem.beneath import Beneath
from ocianalyze.filesystem.directories import Directories
from ocianalyze.filesystem.finder import Finder
from ocianalyze.filesystem.hardlinks import Hardlinks
from ocianalyze.filesystem.ids import Ids
from ocianalyze.filesystem.replay import Replay, rows_in_order
from ocianalyze.filesystem.tree import Filesystem, Replacements
from ocianalyze.filesystem.usage import usage_of_layers, visible_bytes, visible_files
from ocianalyze.layers.changeset.answers import linked_files, repeats_of
from ocianalyze.layers.changeset.changeset import ROOT, Changeset, Diagnostic
from ocianalyze.layers.changeset.columns import rows_of
from ocianalyze.layers.changeset.places import NOT_MERGED
from ocianalyze.layers.metering.budget import Budget
from ocianalyze.layers.tar.entry import DIRECTORIES, HIDING, MARKERS, Kind
from ocianalyze.layers.tar.obstacles import MERGED_DOCKER, Cause, Obstacles, Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from ocianalyze.layers.contents.contents import Contents
    from ocianalyze.layers.metering.limits import Limits

_SYMLINK, _HARDLINK = int(Kind.SYMLINK), int(Kind.HARDLINK)
_OPAQUE, _IMPLICIT = int(Kind.OPAQUE), int(Kind.IMPLICIT_DIRECTORY)
_DUPLICATE: Final = "layer contains the path more than once; the last entry counts"
_OVER_SYMLINK: Final = "directory replaces a symlink of a lower layer, and hides the symlink's target"
_MOST_REPORTED: Final = 100
"""How many odd things of one layer are reported: the first hundred tell the story."""


def merge(
    changesets: Sequence[Changeset], contents: Sequence[Contents], limits: Limits, budget: Budget | None = None
) -> Filesystem:
    """Return the file system that `changesets`, from the bottom up, make; `contents` belong to the same layers.

    `budget` is what may be spent on looking things up in it; all of the limits if None.

    Raises:
        LimitExceededError: the symlinks that hardlinks lead through are longer than ``max_followed`` together.
    """
    return _Merge(changesets or [Changeset()], limits).filesystem(contents, budget or Budget(limits))


class _Merge:
    def __init__(self, changesets: Sequence[Changeset], limits: Limits) -> None:
        self._limits = limits
        self._changesets = changesets
        self._ids = Ids(changesets)
        self._bases = self._ids.bases
        self._children = Directories(self._ids)
        self._top: dict[str, int] = {}
        self._inodes: dict[int, int] = {}
        self._restated: dict[int, int] = {}
        self._shadowed: dict[int, int] = {}
        self._replacements = Replacements(array("q"), array("q"))
        self._diagnostics: list[Diagnostic] = []
        self._reported = [0] * len(changesets)
        self._obstacles: list[Obstacles] = []
        self._entries = 0
        self._beneath = Beneath(self._ids, self._children, self._inodes, limits)
        for layer in range(len(changesets)):
            self._apply(layer)

    def filesystem(self, contents: Sequence[Contents], budget: Budget) -> Filesystem:
        return Filesystem(
            ids=self._ids,
            contents=contents,
            children=self._children,
            inodes=self._inodes,
            restated=self._restated,
            shadowed=self._shadowed,
            replacements=self._replacements,
            usage=usage_of_layers(self._ids, self._inodes, self._shadowed),
            entries=self._entries,
            files=visible_files(self._ids, self._inodes, self._shadowed),
            bytes=visible_bytes(self._ids, self._inodes, self._shadowed),
            diagnostics=self._diagnostics,
            budget=budget,
            obstacles=self._obstacles,
        )

    # ---- applying -------------------------------------------------------------------------------------------------

    def _apply(self, layer: int) -> None:
        changeset, base = self._changesets[layer], self._bases[layer]
        self._diagnostics.extend(item._replace(layer=layer) for item in changeset.diagnostics)
        obstacles = Obstacles()
        obstacles.extend(changeset.obstacles)
        self._obstacles.append(obstacles)
        repeats = repeats_of(changeset)
        replay = self._replay(layer, rows_in_order(changeset, repeats)) if repeats else None
        links = replay.links if replay is not None else self._link(layer)
        if links is None:  # some lead to whiteouts, or so it seems: these are gone through one after the other
            replay = self._replay(layer)
            links = replay.links
        self._restated.update(links.restated)
        absent = [id_ - base for id_ in sorted(links.absent)]
        hiding = replay.hiding if replay is not None else [*_rows_of(changeset, HIDING), *absent]
        removed = replay.removed if replay is not None else absent
        self._entries += len(changeset) - 1 - sum(map(changeset.kinds.count, MARKERS)) - len(removed)
        if replay is None:
            self._leave_out(layer, absent)
        self._shadowed.update((base + row, layer) for row in absent)
        if layer:
            self._hide(layer, hiding, () if replay is None else replay.gone)
            self._shadowed[base] = layer
        self._children[base] = self._top
        self._beneath.begin_layer(layer, {} if replay is None else replay.again)
        met = self._lay(layer, replay)
        self._beneath.end_layer(layer, met, hiding, () if replay is None else replay.gone, obstacles)
        self._refuse_missing(layer, links.missing)

    def _leave_out(self, layer: int, rows: Iterable[int]) -> None:
        """Let rows of a layer be as if they were not there, in the tables that were made of it already, too."""
        changeset, base = self._changesets[layer], self._bases[layer]
        self._children.leave_out(layer, set(rows))
        for row in rows:
            self._children[base + changeset.parents[row]].pop(changeset.names[row], None)

    def _replay(self, layer: int, in_order: Collection[int] | None = None) -> Replay:
        """Unpack a layer by itself, entry by entry; only the rows `in_order`, if that comes to the same."""
        base = self._bases[layer]
        replay = None
        if in_order is not None:
            others = partial(self._children.rows, layer)
            replay = Replay(self._ids, layer, self._inodes, self._limits, in_order=in_order, others=others)
            if replay.is_odd:
                self._forget_links(layer)
                replay = None
        if replay is None:
            replay = Replay(self._ids, layer, self._inodes, self._limits)
        self._obstacles[layer].extend(replay.obstacles)
        for row, table in replay.tables.items():
            self._children[base + row] = table
        kinds = self._changesets[layer].kinds
        taken = (row for row in (*replay.gone, *replay.again) if kinds[row] not in MARKERS)
        self._shadowed.update((base + row, layer) for row in taken)
        for row in replay.duplicates:
            self._report("duplicate-entry", _DUPLICATE, layer, row)
        return replay

    def _link(self, layer: int) -> Hardlinks | None:
        """Find what the hardlinks of a layer that has no path twice lead to; None if its whiteouts matter for it."""
        changeset, base = self._changesets[layer], self._bases[layer]
        finder = Finder(self._ids, self._children.get, self._limits, self._inodes, root=base)
        links = Hardlinks(self._ids, layer, finder, self._inodes)
        rows, files = rows_of(changeset, _HARDLINK), linked_files(changeset)
        if files is None:
            refused = [(row, refusals) for row in rows if (refusals := links.add(row))]
        else:
            refused = []
            self._inodes.update((base + row, base + file) for row, file in zip(rows, files, strict=True))
        if links.missing and any(map(changeset.kinds.count, HIDING)):
            self._forget_links(layer)
            return None
        symlinks = (row for row in changeset.xattrs if changeset.kinds[row] == _SYMLINK)
        refused += [(row, links.refuse_attributes(row)) for row in symlinks]
        for row, refusals in refused:
            for refusal in refusals:
                self._obstacles[layer].add(refusal, changeset.path(row))
        return links

    def _forget_links(self, layer: int) -> None:
        """Forget what the hardlinks of a layer are other names of."""
        for row in rows_of(self._changesets[layer], _HARDLINK):
            self._inodes.pop(self._bases[layer] + row, None)

    def _lay(self, layer: int, replay: Replay | None) -> list[int]:  # noqa: C901 - the loop over all that meets
        """Lay a layer upon what is beneath, and return the rows of the directories that are there, too."""
        changeset, base, children = self._changesets[layer], self._bases[layer], self._children
        names, kinds = changeset.names, changeset.kinds
        met = [ROOT]
        over_symlinks = []
        for directory in met:
            siblings = children[base + directory]
            own: Iterable[int] = children.rows(layer, directory) if replay is None else replay.rows(directory)
            for row in own:
                existing = siblings.setdefault(names[row], base + row)
                if existing == base + row:
                    if kinds[row] in DIRECTORIES and layer:
                        self._beneath.meet_nothing(layer, row, siblings)
                    continue
                self._entries -= 1
                if kinds[row] in DIRECTORIES:
                    if self._merge_directories(layer, row, existing, siblings):
                        met.append(row)
                        continue
                    if self._ids.kind(self._inodes.get(existing, existing)) == _SYMLINK:
                        over_symlinks.append(row)
                    self._beneath.meet_other(layer, row, existing)
                self._drop(existing, layer)
                self._replacements.old.append(existing)
                self._replacements.new.append(base + row)
                self._entries += 1
                siblings[names[row]] = base + row
        if replay is not None:
            for row, later in replay.again.items():
                children[base + row] = children[base + later]
        for row in sorted(over_symlinks):
            self._report("directory-over-symlink", _OVER_SYMLINK, layer, row)
        return met

    def _merge_directories(self, layer: int, row: int, existing: int, siblings: dict[str, int]) -> bool:
        """Let the directory `row` and the directory `existing` be one; return False if the latter is none."""
        id_, below = self._bases[layer] + row, self._children.get(existing)
        if below is None:
            return False
        self._children[id_] = below
        if self._changesets[layer].kinds[row] == _IMPLICIT:
            self._shadowed[id_] = layer
        else:
            siblings[self._changesets[layer].names[row]] = id_
            self._shadowed[existing] = layer
        return True

    def _hide(self, layer: int, hiding: Iterable[int], gone: Collection[int]) -> None:
        """Take out of the tree what whiteouts and opaque markers of a layer hide."""
        changeset = self._changesets[layer]
        for row in hiding:
            siblings = self._tree_beneath(changeset, changeset.parents[row])
            hidden = siblings.pop(changeset.names[row], None) if siblings is not None else None
            if hidden is not None:
                self._drop(hidden, layer)
        for row in rows_of(changeset, _OPAQUE):
            if changeset.parents[row] in gone or changeset.parents[row] == ROOT:
                continue
            siblings = self._tree_beneath(changeset, changeset.parents[row])
            if siblings is not None:
                for hidden in siblings.values():
                    self._drop(hidden, layer)
                self._beneath.empty(siblings)
                siblings.clear()

    def _tree_beneath(self, changeset: Changeset, row: int) -> dict[str, int] | None:
        """Return the children of the directory beneath the directory `row`, or None if there is no directory."""
        path = []
        while row != ROOT:
            path.append(changeset.names[row])
            row = changeset.parents[row]
        return self._children.descend(reversed(path))

    def _drop(self, top: int, layer: int) -> None:
        """Note that `top` and everything in it is no longer visible because of `layer`."""
        stack = [top]
        while stack:
            id_ = stack.pop()
            self._shadowed[id_] = layer
            self._entries -= 1
            stack.extend((self._children.get(id_) or {}).values())

    # ---- what is told ---------------------------------------------------------------------------------------------

    def _refuse_missing(self, layer: int, missing: Iterable[int]) -> None:
        """Take note of hardlinks to nothing of their layer; where layers are merged, those beneath count, too."""
        changeset, base = self._changesets[layer], self._bases[layer]
        finder = Finder(self._ids, self._children.get, self._limits, self._inodes)
        for id_ in missing:
            written = changeset.links[id_ - base]
            found, way = finder.find(written)
            is_there = found is not None and max(found, way.latest) < id_ and self._children.get(found) is None
            by = NOT_MERGED if is_there else NOT_MERGED + MERGED_DOCKER
            self._obstacles[layer].add(Refusal(Cause.LINK_MISSING, by, written), changeset.path(id_ - base))

    def _report(self, code: str, message: str, layer: int, row: int) -> None:
        if self._reported[layer] < _MOST_REPORTED:
            self._reported[layer] += 1
            self._diagnostics.append(Diagnostic(code, message, layer, self._changesets[layer].path(row)))


def _rows_of(changeset: Changeset, kinds: Iterable[int]) -> Iterator[int]:
    for kind in kinds:
        yield from rows_of(changeset, kind)
