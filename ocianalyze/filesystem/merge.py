"""The changesets of the layers, one upon the other, as overlayfs shows them.

Sources: image-spec layer.md, "Applying Changesets" and "Whiteouts"; the kernel's overlayfs.rst. Each layer is a tree of
its own first, which then covers the tree beneath: a directory merges with a directory, anything else replaces what was
there. Whiteouts and opaque markers hide what lies beneath, never what their own layer holds, wherever they stand in
the tar. Within a layer the last of several entries for one path counts.

A layer that has no path twice, as nearly all, is laid upon those beneath it directory by directory: only those are gone
into in which it meets something. Others are gone through entry by entry, as an unpacker would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.errors import CorruptLayerError
from ocianalyze.filesystem.directories import Directories
from ocianalyze.filesystem.finder import Finder
from ocianalyze.filesystem.ids import Ids
from ocianalyze.filesystem.superseded import Superseded
from ocianalyze.filesystem.tree import Filesystem
from ocianalyze.filesystem.usage import usage_of_layers, visible_bytes, visible_files
from ocianalyze.layers.budget import Budget
from ocianalyze.layers.changeset import ROOT, Changeset, Diagnostic
from ocianalyze.layers.columns import has_repeats, rows_of
from ocianalyze.layers.entry import DIRECTORIES, Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ocianalyze.layers.contents import Contents
    from ocianalyze.layers.limits import Limits

_SYMLINK, _HARDLINK = int(Kind.SYMLINK), int(Kind.HARDLINK)
_WHITEOUT, _OPAQUE, _IMPLICIT = int(Kind.WHITEOUT), int(Kind.OPAQUE), int(Kind.IMPLICIT_DIRECTORY)
_NO_LINK_TARGETS = DIRECTORIES | {_HARDLINK}
_DUPLICATE = "this layer has the path more than once; the last one counts"
_OVER_SYMLINK = "a directory of this layer takes the place of a symlink beneath, and hides where it led"
_MOST_REPORTED = 100
"""How many odd things of one layer are reported: the first hundred tell the story."""


def merge(
    changesets: Sequence[Changeset], contents: Sequence[Contents], limits: Limits, budget: Budget | None = None
) -> Filesystem:
    """Return the file system that `changesets`, from the bottom up, make; `contents` belong to the same layers.

    `budget` is what may be spent on looking things up in it; all of the limits if None.

    Raises:
        CorruptLayerError: a hardlink leads to nothing.
        LimitExceededError: the symlinks that hardlinks lead through are longer than ``max_metadata`` together.
    """
    return _Merge(changesets, limits).filesystem(contents, budget or Budget(limits))


class _Merge:
    def __init__(self, changesets: Sequence[Changeset], limits: Limits) -> None:
        self._limits = limits
        self._changesets = changesets or [Changeset()]
        self._ids = Ids(self._changesets)
        self._bases = self._ids.bases
        self._in_order = [has_repeats(changeset) for changeset in self._changesets]
        self._superseded: list[Superseded] = []
        try:
            self._apply_all()
        except _OrderError:
            self._in_order = [True] * len(self._changesets)
            self._apply_all()

    def _apply_all(self) -> None:
        try:
            self._try_all()
        except _ConflictError:
            self._superseded = [Superseded.of(changeset) for changeset in self._changesets]
            self._try_all()

    def _try_all(self) -> None:
        self._top: dict[str, int] = {}
        self._children = Directories(self._ids)
        self._inodes: dict[int, int] = {}
        self._shadowed: dict[int, int] = {}
        self._diagnostics: list[Diagnostic] = []
        self._reported = [0] * len(self._changesets)
        self._entries = 0
        self._root = 0
        self._children[ROOT] = self._top
        self._finder = Finder(self._ids, self._children, self._limits)
        for layer in range(len(self._changesets)):
            self._apply(layer)

    def filesystem(self, contents: Sequence[Contents], budget: Budget) -> Filesystem:
        return Filesystem(
            ids=self._ids,
            contents=contents,
            children=self._children,
            inodes=self._inodes,
            shadowed=self._shadowed,
            usage=usage_of_layers(self._ids, self._inodes, self._shadowed),
            entries=self._entries,
            files=visible_files(self._ids, self._inodes, self._shadowed),
            bytes=visible_bytes(self._ids, self._inodes, self._shadowed),
            diagnostics=self._diagnostics,
            budget=budget,
        )

    # ---- applying -------------------------------------------------------------------------------------------------

    def _apply(self, layer: int) -> None:
        changeset, base = self._changesets[layer], self._bases[layer]
        self._diagnostics.extend(item._replace(layer=layer) for item in changeset.diagnostics)
        if layer:
            self._hide(layer)
        self._children[base] = self._top
        self._finder.forget()
        if layer:
            if changeset.kinds[ROOT] == _IMPLICIT:
                self._shadowed[base] = layer
            else:
                self._shadowed[self._root] = layer
                self._root = base
        if self._in_order[layer]:
            self._apply_in_order(layer)
        else:
            self._apply_by_directory(layer)

    def _apply_by_directory(self, layer: int) -> None:
        """Lay a layer that has no path twice upon what is beneath."""
        changeset, base, children = self._changesets[layer], self._bases[layer], self._children
        names, kinds = changeset.names, changeset.kinds
        self._entries += len(changeset) - 1 - kinds.count(_WHITEOUT) - kinds.count(_OPAQUE)
        met = [ROOT]
        over_symlinks = []
        for directory in met:
            siblings = children[base + directory]
            for row in children.rows(layer, directory):
                existing = siblings.setdefault(names[row], base + row)
                if existing == base + row:
                    continue
                self._entries -= 1
                if kinds[row] in DIRECTORIES:
                    if self._merge_directories(layer, row, existing, siblings):
                        met.append(row)
                        continue
                    if self._ids.kind(existing) == _SYMLINK:
                        over_symlinks.append(row)
                self._drop(existing, layer)
                self._entries += 1
                siblings[names[row]] = base + row
        for row in sorted(over_symlinks):
            self._report("directory-over-symlink", _OVER_SYMLINK, layer, row)
        for row in rows_of(changeset, _HARDLINK):
            self._link(layer, row)

    def _apply_in_order(self, layer: int) -> None:
        """Lay a layer upon what is beneath, entry by entry, in the order of the tar."""
        changeset, base, children = self._changesets[layer], self._bases[layer], self._children
        gone = self._gone(layer) if self._superseded else ()
        left_out = {*gone, *rows_of(changeset, _WHITEOUT), *rows_of(changeset, _OPAQUE)}
        added = len(changeset) - 1 - len(left_out)
        siblings, of = self._top, ROOT
        for row, name, parent, kind in _rows_below_root(changeset, left_out):
            id_ = base + row
            if parent != of:  # most often it is the same as for the row before
                siblings, of = children[base + parent], parent
            existing = siblings.setdefault(name, id_)
            if existing is not id_:
                added -= 1
                self._replace(layer, row, existing, siblings)
            elif kind in DIRECTORIES:
                children[id_] = {}
            elif kind == _HARDLINK:
                self._link(layer, row)
        self._entries += added

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

    def _replace(self, layer: int, row: int, existing: int, siblings: dict[str, int]) -> None:
        """Put a row where `existing` stands in `siblings`."""
        changeset, id_ = self._changesets[layer], self._bases[layer] + row
        kind, name = changeset.kinds[row], changeset.names[row]
        is_directory = kind in DIRECTORIES
        if existing >= self._bases[layer]:
            if is_directory != (self._children.get(existing) is not None):
                raise _ConflictError
            self._report_duplicate(layer, row, existing)
        if is_directory:
            if self._merge_directories(layer, row, existing, siblings):
                return
            if existing < self._bases[layer] and self._ids.kind(existing) == _SYMLINK:
                self._report("directory-over-symlink", _OVER_SYMLINK, layer, row)
        if kind == _HARDLINK:
            self._link(layer, row, replaces=True)
        self._drop(existing, layer)
        self._finder.forget()
        self._entries += 1
        siblings[name] = id_
        if is_directory:
            self._children[id_] = {}

    def _gone(self, layer: int) -> set[int]:
        """Return the rows of a layer that do not count, and take note of them."""
        superseded, base = self._superseded[layer], self._bases[layer]
        for row in superseded.rows:
            self._shadowed[base + row] = layer
        for row in superseded.by:
            self._report("duplicate-entry", _DUPLICATE, layer, row)
        return superseded.rows

    def _hide(self, layer: int) -> None:
        """Take out of the tree what the whiteouts and opaque markers of a layer hide."""
        changeset = self._changesets[layer]
        gone = self._superseded[layer].rows if self._superseded else ()
        for row in rows_of(changeset, _WHITEOUT):
            if changeset.parents[row] in gone:
                continue
            siblings = self._beneath(changeset, changeset.parents[row])
            hidden = siblings.pop(changeset.names[row], None) if siblings is not None else None
            if hidden is not None:
                self._drop(hidden, layer)
        for row in rows_of(changeset, _OPAQUE):
            if changeset.parents[row] in gone:
                continue
            siblings = self._beneath(changeset, changeset.parents[row])
            if siblings is not None:
                for hidden in siblings.values():
                    self._drop(hidden, layer)
                siblings.clear()

    def _beneath(self, changeset: Changeset, row: int) -> dict[str, int] | None:
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

    def _link(self, layer: int, row: int, *, replaces: bool = False) -> None:
        """Find what the hardlink `row` is another name of.

        Where it `replaces` something, that is gone before the link is made: it cannot be what it links to.
        """
        changeset, id_ = self._changesets[layer], self._bases[layer] + row
        written = changeset.links[row]
        early = self._superseded[layer].links.get(row) if self._superseded else None
        named, latest = self._finder.find(written) if early is None else (self._bases[layer] + early, 0)
        if not self._in_order[layer] and (named is None or latest >= id_):
            raise _OrderError
        if named is not None and replaces and self._lies_in(named, changeset.path(row)):
            named = None
        target = self._inodes.get(named, named) if named is not None else None
        if target is None or self._ids.kind(target) in _NO_LINK_TARGETS:
            raise CorruptLayerError(
                f"layer {layer}: {changeset.path(row)} is a hardlink to {written!r}, which is not there, so that no "
                "container runtime can unpack the layer"
            )
        self._inodes[id_] = target

    def _lies_in(self, id_: int, path: str) -> bool:
        """Tell whether an entry lies at `path` or below it."""
        changeset, row = self._ids.locate(id_)
        return f"{changeset.path(row)}/".startswith(f"{path}/")

    def _report_duplicate(self, layer: int, row: int, existing: int) -> None:
        kinds = {self._changesets[layer].kinds[row], self._ids.kind(existing)}
        if kinds <= DIRECTORIES:
            return
        self._report("duplicate-entry", _DUPLICATE, layer, row)

    def _report(self, code: str, message: str, layer: int, row: int) -> None:
        if self._reported[layer] < _MOST_REPORTED:
            self._reported[layer] += 1
            self._diagnostics.append(Diagnostic(code, message, layer, self._changesets[layer].path(row)))


class _ConflictError(Exception):
    """A layer has both a directory and something else at one path."""


class _OrderError(Exception):
    """A hardlink leads to what its layer says only later, if at all: it counts what was there when it was made."""


def _rows_below_root(changeset: Changeset, gone: Collection[int]) -> Iterator[tuple[int, str, int, int]]:
    """Return the rows but the root and those that are `gone`, each with its name, its parent and its kind."""
    rows = zip(range(len(changeset)), changeset.names, changeset.parents, changeset.kinds, strict=True)
    next(rows)
    return (row for row in rows if row[0] not in gone) if gone else rows
