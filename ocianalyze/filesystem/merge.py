"""The changesets of the layers, one upon the other, as overlayfs shows them.

Sources: image-spec layer.md, "Applying Changesets" and "Whiteouts"; the kernel's overlayfs.rst. Each layer is a tree of
its own first, which then covers the tree beneath: a directory merges with a directory, anything else replaces what was
there. Whiteouts and opaque markers hide what lies beneath, never what their own layer holds, wherever they stand in
the tar. Within a layer the last of several entries for one path counts.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from ocianalyze.errors import CorruptLayerError
from ocianalyze.filesystem.superseded import Superseded
from ocianalyze.filesystem.tree import MAX_HOPS, Filesystem, LayerUsage
from ocianalyze.layers.changeset import ROOT, Changeset, Diagnostic
from ocianalyze.layers.entry import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ocianalyze.layers.contents import Contents
    from ocianalyze.layers.limits import Limits

_FILE, _DIRECTORY, _SYMLINK, _HARDLINK = (
    int(kind) for kind in (Kind.FILE, Kind.DIRECTORY, Kind.SYMLINK, Kind.HARDLINK)
)
_WHITEOUT, _OPAQUE, _IMPLICIT = int(Kind.WHITEOUT), int(Kind.OPAQUE), int(Kind.IMPLICIT_DIRECTORY)
_DIRECTORIES = frozenset((_DIRECTORY, _IMPLICIT))
_NAMELESS = frozenset(("", ".", ".."))
_DUPLICATE = "this layer has the path more than once; the last one counts"
_MOST_REPORTED = 100
"""How many odd things of one layer are reported: the first hundred tell the story."""


def merge(changesets: Sequence[Changeset], contents: Sequence[Contents], limits: Limits) -> Filesystem:
    """Return the file system that `changesets`, from the bottom up, make; `contents` belong to the same layers."""
    return _Merge(changesets).filesystem(contents, limits)


class _Merge:
    def __init__(self, changesets: Sequence[Changeset]) -> None:
        self._changesets = changesets or [Changeset()]
        self._bases = [0]
        for changeset in self._changesets[:-1]:
            self._bases.append(self._bases[-1] + len(changeset))
        self._superseded: list[Superseded] = []
        try:
            self._apply_all()
        except _ConflictError:
            self._superseded = [Superseded.of(changeset) for changeset in self._changesets]
            self._apply_all()

    def _apply_all(self) -> None:
        self._top: dict[str, int] = {}
        self._children: dict[int, dict[str, int]] = {}
        self._inodes: dict[int, int] = {}
        self._shadowed: dict[int, int] = {}
        self._diagnostics: list[Diagnostic] = []
        self._reported = [0] * len(self._changesets)
        self._copied_up: list[set[int]] = [set() for _ in self._changesets]
        self._entries = 0
        self._root = 0
        self._found: dict[str, dict[str, int]] = {}
        for layer in range(len(self._changesets)):
            self._apply(layer)

    def filesystem(self, contents: Sequence[Contents], limits: Limits) -> Filesystem:
        usage = self._usage()
        files = sum(changeset.kinds.count(_FILE) for changeset in self._changesets)
        files += sum(
            1 for id_, target in self._inodes.items() if id_ not in self._shadowed and self._kind(target) == _FILE
        )
        for id_ in self._shadowed:
            changeset, row = self._locate(id_)
            files -= changeset.kinds[row] == _FILE
        return Filesystem(
            changesets=self._changesets,
            contents=contents,
            bases=self._bases,
            children=self._children,
            inodes=self._inodes,
            shadowed=self._shadowed,
            usage=usage,
            entries=self._entries,
            files=files,
            bytes=self._visible_bytes(),
            diagnostics=self._diagnostics,
            max_content=limits.max_content,
        )

    # ---- applying -------------------------------------------------------------------------------------------------

    def _apply(self, layer: int) -> None:
        changeset, base = self._changesets[layer], self._bases[layer]
        self._diagnostics.extend(item._replace(layer=layer) for item in changeset.diagnostics)
        if layer:
            self._hide(layer)
        children, top = self._children, self._top
        children[base] = top
        self._found.clear()
        if layer:
            if changeset.kinds[ROOT] == _IMPLICIT:
                self._shadowed[base] = layer
            else:
                self._shadowed[self._root] = layer
                self._root = base
        gone = self._gone(layer) if self._superseded else ()
        left_out = {*gone, *_rows_of(changeset.kinds, _WHITEOUT), *_rows_of(changeset.kinds, _OPAQUE)}
        added = len(changeset) - 1 - len(left_out)
        siblings, of = top, ROOT
        for row, name, parent, kind in _rows_below_root(changeset, left_out):
            id_ = base + row
            if parent != of:  # most often it is the same as for the row before
                siblings, of = children[base + parent], parent
            existing = siblings.setdefault(name, id_)
            if existing is not id_:
                added -= 1
                self._replace(layer, row, existing, siblings)
            elif kind in _DIRECTORIES:
                children[id_] = {}
            elif kind == _HARDLINK:
                self._link(layer, row)
        self._entries += added

    def _replace(self, layer: int, row: int, existing: int, siblings: dict[str, int]) -> None:
        """Put a row where `existing` stands in `siblings`."""
        changeset, id_ = self._changesets[layer], self._bases[layer] + row
        kind, name = changeset.kinds[row], changeset.names[row]
        is_directory = kind in _DIRECTORIES
        below = self._children.get(existing)
        if existing >= self._bases[layer]:
            if is_directory != (below is not None):
                raise _ConflictError
            self._report_duplicate(layer, row, existing)
        if is_directory and below is not None:
            self._children[id_] = below
            if kind == _IMPLICIT:
                self._shadowed[id_] = layer
            else:
                siblings[name] = id_
                self._shadowed[existing] = layer
            return
        if is_directory and existing < self._bases[layer] and self._kind(existing) == _SYMLINK:
            self._report(
                "directory-over-symlink",
                "a directory of this layer takes the place of a symlink beneath, and hides where it led",
                layer,
                row,
            )
        if kind == _HARDLINK:
            self._link(layer, row, replaces=True)
        self._drop(existing, layer)
        self._found.clear()
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
        for row in _rows_of(changeset.kinds, _WHITEOUT):
            if changeset.parents[row] in gone:
                continue
            siblings = self._beneath(changeset, changeset.parents[row])
            hidden = siblings.pop(changeset.names[row], None) if siblings is not None else None
            if hidden is not None:
                self._drop(hidden, layer)
        for row in _rows_of(changeset.kinds, _OPAQUE):
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
        return self._descend(reversed(path))

    def _descend(self, parts: Iterator[str]) -> dict[str, int] | None:
        here: dict[str, int] | None = self._top
        for part in parts:
            id_ = here.get(part) if here is not None else None
            if id_ is None:
                return None
            here = self._children.get(id_)
        return here

    def _drop(self, top: int, layer: int) -> None:
        """Note that `top` and everything in it is no longer visible because of `layer`."""
        stack = [top]
        while stack:
            id_ = stack.pop()
            self._shadowed[id_] = layer
            self._entries -= 1
            stack.extend(self._children.get(id_, {}).values())

    def _link(self, layer: int, row: int, *, replaces: bool = False) -> None:
        """Find what the hardlink `row` is another name of.

        Where it `replaces` something, that is gone before the link is made: it cannot be what it links to.
        """
        changeset, id_ = self._changesets[layer], self._bases[layer] + row
        written = changeset.links[row]
        early = self._superseded[layer].links.get(row) if self._superseded else None
        named = self._find(written) if early is None else self._bases[layer] + early
        if named is not None and replaces and self._lies_in(named, changeset.path(row)):
            named = None
        target = self._inodes.get(named, named) if named is not None else None
        if target is None or target in self._children or self._kind(target) == _HARDLINK:
            raise CorruptLayerError(
                f"layer {layer}: {changeset.path(row)} is a hardlink to {written!r}, which is not there, so that no "
                "container runtime can unpack the layer"
            )
        self._inodes[id_] = target
        if target < self._bases[layer]:
            self._copied_up[layer].add(target)

    def _lies_in(self, id_: int, path: str) -> bool:
        """Tell whether an entry lies at `path` or below it."""
        changeset, row = self._locate(id_)
        return f"{changeset.path(row)}/".startswith(f"{path}/")

    def _find(self, path: str) -> int | None:
        """Return what lies at `path`, past symlinks to directories; a symlink at its end is not followed.

        Many links lead into one directory, so those that were found are remembered until something is replaced.
        """
        directory, _, name = path.rpartition("/")
        known = self._found.get(directory)
        if known is not None and name not in _NAMELESS:
            return known.get(name)
        todo = path.split("/")[::-1]
        here: list[dict[str, int]] = [self._top]
        hops = 0
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            if part == "..":
                del here[max(1, len(here) - 1) :]
                continue
            id_ = here[-1].get(part)
            if id_ is None or not any(todo):
                if not todo and part == name:
                    self._found[directory] = here[-1]
                return id_
            children = self._children.get(id_)
            if children is not None:
                here.append(children)
                continue
            hops += 1
            changeset, row = self._locate(id_)
            if changeset.kinds[row] != _SYMLINK or hops > MAX_HOPS:
                return None
            if changeset.links[row].startswith("/"):
                del here[1:]
            todo.extend(changeset.links[row].split("/")[::-1])
        return None

    # ---- accounts -------------------------------------------------------------------------------------------------

    def _usage(self) -> list[LayerUsage]:
        """Return what each layer takes and how much of that later layers hide."""
        sizes = [
            sum(changeset.sizes)
            + sum(len(changeset.links[row].encode("utf-8", "surrogateescape")) for row in _symlinks(changeset))
            + sum(map(self._size, self._copied_up[layer]))
            for layer, changeset in enumerate(self._changesets)
        ]
        shadowed = [0] * len(sizes)
        links: dict[int, list[int]] = {}
        for id_, target in self._inodes.items():
            links.setdefault(target, []).append(id_)
        for id_, first in self._shadowed.items():
            layer, by = self._layer(id_), first
            if id_ in links:
                others = [self._shadowed.get(link) for link in links[id_]]
                if None in others:  # it is still there under another name
                    continue
                by = next((other for other in others if other not in (None, layer)), first)
            size = self._size(id_)
            if by == layer:
                sizes[layer] -= size
            else:
                shadowed[layer] += size
        return [LayerUsage(size, hidden) for size, hidden in zip(sizes, shadowed, strict=True)]

    def _visible_bytes(self) -> int:
        total = sum(sum(changeset.sizes) for changeset in self._changesets)
        held = {target for id_, target in self._inodes.items() if id_ not in self._shadowed}
        for id_ in self._shadowed:
            if id_ not in held:
                changeset, row = self._locate(id_)
                total -= changeset.sizes[row]
        return total

    def _locate(self, id_: int) -> tuple[Changeset, int]:
        layer = self._layer(id_)
        return self._changesets[layer], id_ - self._bases[layer]

    def _layer(self, id_: int) -> int:
        return bisect_right(self._bases, id_) - 1

    def _kind(self, id_: int) -> int:
        changeset, row = self._locate(id_)
        return changeset.kinds[row]

    def _size(self, id_: int) -> int:
        """Return the size of a file or the length of a symlink's target."""
        changeset, row = self._locate(id_)
        if changeset.kinds[row] == _SYMLINK:
            return len(changeset.links[row].encode("utf-8", "surrogateescape"))
        return changeset.sizes[row]

    def _report_duplicate(self, layer: int, row: int, existing: int) -> None:
        kinds = {self._changesets[layer].kinds[row], self._kind(existing)}
        if kinds <= _DIRECTORIES:
            return
        self._report("duplicate-entry", _DUPLICATE, layer, row)

    def _report(self, code: str, message: str, layer: int, row: int) -> None:
        if self._reported[layer] < _MOST_REPORTED:
            self._reported[layer] += 1
            self._diagnostics.append(Diagnostic(code, message, layer, self._changesets[layer].path(row)))


class _ConflictError(Exception):
    """A layer has both a directory and something else at one path."""


def _rows_below_root(changeset: Changeset, gone: Collection[int]) -> Iterator[tuple[int, str, int, int]]:
    """Return the rows but the root and those that are `gone`, each with its name, its parent and its kind."""
    rows = zip(range(len(changeset)), changeset.names, changeset.parents, changeset.kinds, strict=True)
    next(rows)
    return (row for row in rows if row[0] not in gone) if gone else rows


def _rows_of(kinds: bytearray, kind: int) -> Iterator[int]:
    row = kinds.find(kind)
    while row >= 0:
        yield row
        row = kinds.find(kind, row + 1)


def _symlinks(changeset: Changeset) -> Iterator[int]:
    return (row for row in changeset.links if changeset.kinds[row] == _SYMLINK)
