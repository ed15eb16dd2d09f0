"""The changesets of the layers, one upon the other, as overlayfs shows them.

Sources: image-spec layer.md, "Applying Changesets" and "Whiteouts"; the kernel's overlayfs.rst. Each layer is a tree of
its own first, which then covers the tree beneath: a directory merges with a directory, anything else replaces what was
there. Whiteouts and opaque markers hide what lies beneath, never what their own layer holds, wherever they stand in
the tar. Within a layer the last of several entries for one path counts.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from ocianalyze.filesystem.tree import Filesystem, LayerUsage
from ocianalyze.layers.changeset import ROOT, Changeset, Diagnostic
from ocianalyze.layers.entry import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.layers.limits import Limits
    from ocianalyze.layers.reader import Contents

_FILE, _DIRECTORY, _SYMLINK, _HARDLINK = (
    int(kind) for kind in (Kind.FILE, Kind.DIRECTORY, Kind.SYMLINK, Kind.HARDLINK)
)
_WHITEOUT, _OPAQUE, _IMPLICIT = int(Kind.WHITEOUT), int(Kind.OPAQUE), int(Kind.IMPLICIT_DIRECTORY)


def merge(changesets: Sequence[Changeset], contents: Sequence[Contents], limits: Limits) -> Filesystem:
    """Return the file system that `changesets`, from the bottom up, make; `contents` belong to the same layers."""
    return _Merge(changesets).filesystem(contents, limits)


class _Merge:
    def __init__(self, changesets: Sequence[Changeset]) -> None:
        self._changesets = changesets or [Changeset()]
        self._bases = [0]
        for changeset in self._changesets[:-1]:
            self._bases.append(self._bases[-1] + len(changeset))
        self._top: dict[str, int] = {}
        self._children: dict[int, dict[str, int]] = {}
        self._inodes: dict[int, int] = {}
        self._shadowed: dict[int, int] = {}
        self._diagnostics: list[Diagnostic] = []
        self._copied_up = [0] * len(self._changesets)
        self._entries = 0
        self._conflict = False
        for layer in range(len(self._changesets)):
            self._apply(layer)

    def filesystem(self, contents: Sequence[Contents], limits: Limits) -> Filesystem:
        usage = self._usage()
        visible_hardlinks = sum(1 for id_ in self._inodes if id_ not in self._shadowed)
        files = sum(changeset.kinds.count(_FILE) for changeset in self._changesets) + visible_hardlinks
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
        if layer:
            below = self._root_id(layer)
            if changeset.kinds[ROOT] == _IMPLICIT:
                self._shadowed[base] = layer
            else:
                self._shadowed[below] = layer
        names, parents, kinds = changeset.names, changeset.parents, changeset.kinds
        added = len(names) - 1
        for row in range(1, len(names)):
            kind = kinds[row]
            if kind == _WHITEOUT or kind == _OPAQUE:
                added -= 1
                continue
            id_ = base + row
            siblings = children[base + parents[row]]
            name = names[row]
            existing = siblings.get(name)
            if existing is None:
                siblings[name] = id_
                if kind == _DIRECTORY or kind == _IMPLICIT:
                    children[id_] = {}
                elif kind == _HARDLINK:
                    self._link(layer, row)
                continue
            added -= 1
            self._replace(layer, row, existing, siblings)
        self._entries += added
        if self._conflict:
            self._forget_unreachable(layer)

    def _replace(self, layer: int, row: int, existing: int, siblings: dict[str, int]) -> None:
        """Put a row where `existing` stands in `siblings`."""
        changeset, id_ = self._changesets[layer], self._bases[layer] + row
        kind, name = changeset.kinds[row], changeset.names[row]
        is_directory = kind in (_DIRECTORY, _IMPLICIT)
        below = self._children.get(existing)
        if existing >= self._bases[layer]:
            self._report_duplicate(layer, row, existing)
            self._conflict = self._conflict or (below is not None and not is_directory)
        if is_directory and below is not None:
            self._children[id_] = below
            if kind == _IMPLICIT:
                self._shadowed[id_] = layer
            else:
                siblings[name] = id_
                self._shadowed[existing] = layer
            return
        if is_directory and existing < self._bases[layer] and self._kind(existing) == _SYMLINK:
            self._diagnostics.append(
                Diagnostic(
                    "directory-over-symlink",
                    "a directory of this layer takes the place of a symlink beneath, and hides where it led",
                    layer,
                    changeset.path(row),
                )
            )
        if kind == _HARDLINK:
            self._link(layer, row)
        self._drop(existing, layer)
        self._entries += 1
        siblings[name] = id_
        if is_directory:
            self._children[id_] = {}

    def _forget_unreachable(self, layer: int) -> None:
        """Take out what a layer put into a directory of its own that it then replaced by something else."""
        self._conflict = False
        reachable: set[int] = set()
        stack = [self._top]
        while stack:
            siblings = stack.pop()
            reachable.update(siblings.values())
            stack.extend(self._children[id_] for id_ in siblings.values() if id_ in self._children)
        base, kinds = self._bases[layer], self._changesets[layer].kinds
        for row in range(1, len(kinds)):
            if kinds[row] not in (_WHITEOUT, _OPAQUE) and base + row not in reachable:
                self._shadowed.setdefault(base + row, layer)
        self._entries = len(reachable)

    def _hide(self, layer: int) -> None:
        """Take out of the tree what the whiteouts and opaque markers of a layer hide."""
        changeset = self._changesets[layer]
        for row in _rows_of(changeset.kinds, _WHITEOUT):
            siblings = self._beneath(changeset, changeset.parents[row])
            hidden = siblings.pop(changeset.names[row], None) if siblings is not None else None
            if hidden is not None:
                self._drop(hidden, layer)
        for row in _rows_of(changeset.kinds, _OPAQUE):
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

    def _link(self, layer: int, row: int) -> None:
        """Find what the hardlink `row` is another name of."""
        changeset, id_ = self._changesets[layer], self._bases[layer] + row
        *directories, name = [part for part in changeset.links[row].split("/") if part not in ("", ".")] or [""]
        siblings = self._descend(iter(directories))
        target = siblings.get(name) if siblings is not None else None
        target = self._inodes.get(target, target) if target is not None else None
        if target is None or target in self._children or self._kind(target) == _HARDLINK:
            self._diagnostics.append(
                Diagnostic(
                    "hardlink-target-missing",
                    f"the hardlink's target {changeset.links[row]!r} is not there",
                    layer,
                    changeset.path(row),
                )
            )
            return
        self._inodes[id_] = target
        if target < self._bases[layer]:
            self._copied_up[layer] += self._size(target)

    # ---- accounts -------------------------------------------------------------------------------------------------

    def _usage(self) -> list[LayerUsage]:
        """Return what each layer takes and how much of that later layers hide."""
        sizes = [
            sum(changeset.sizes)
            + sum(len(changeset.links[row].encode("utf-8", "surrogateescape")) for row in _symlinks(changeset))
            + self._copied_up[layer]
            for layer, changeset in enumerate(self._changesets)
        ]
        shadowed = [0] * len(sizes)
        held = {target for id_, target in self._inodes.items() if id_ not in self._shadowed}
        for id_, by in self._shadowed.items():
            if id_ in held:
                continue
            layer = self._layer(id_)
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

    def _root_id(self, layer: int) -> int:
        return next(base for base in reversed(self._bases[:layer]) if base not in self._shadowed)

    def _report_duplicate(self, layer: int, row: int, existing: int) -> None:
        kinds = {self._changesets[layer].kinds[row], self._kind(existing)}
        if kinds <= {_DIRECTORY, _IMPLICIT}:
            return
        self._diagnostics.append(
            Diagnostic(
                "duplicate-entry",
                "this layer has the path more than once; the last one counts",
                layer,
                self._changesets[layer].path(row),
            )
        )


def _rows_of(kinds: bytearray, kind: int) -> Iterator[int]:
    row = kinds.find(kind)
    while row >= 0:
        yield row
        row = kinds.find(kind, row + 1)


def _symlinks(changeset: Changeset) -> Iterator[int]:
    return (row for row in changeset.links if changeset.kinds[row] == _SYMLINK)
