"""The merged root file system of an image.

Every entry of every layer has a number, its *id* (see `Ids`). The tree maps names to ids. Entries that a later layer
replaced or deleted are not in the tree, but still available by id.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ocianalyze.filesystem.node import Node, Resolution
from ocianalyze.filesystem.resolver import Resolver
from ocianalyze.layers.changeset.answers import search_names
from ocianalyze.layers.changeset.changeset import ROOT, Changeset, Diagnostic
from ocianalyze.layers.contents.globs import NamePattern, PathPattern, is_wild
from ocianalyze.layers.tar.entry import MARKERS, OPAQUE_MARKER, Kind

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ocianalyze.filesystem.directories import Directories
    from ocianalyze.filesystem.ids import Ids
    from ocianalyze.layers.contents.contents import Contents
    from ocianalyze.layers.metering.budget import Budget
    from ocianalyze.layers.tar.obstacles import Obstacles

_Text: TypeAlias = bytes
_TEXT_PER_STEP: Final = 1000
_NAMES_PER_STEP: Final = 50
_MOST_NAMES: Final = 1 << 8
_FEW_IDS: Final = 1 << 10
"""Of how many names, and of how many entries at most of each, it is remembered where they are."""


class Replacements(NamedTuple):
    """Entries that an entry of the same path in a later layer replaced; directories that were merged are not in it.

    Attributes:
        old: the ids of those replaced, in the order of the layers that replaced them.
        new: for each, the id of what replaced it.
    """

    old: array[int]
    new: array[int]


@dataclass(slots=True, frozen=True)
class LayerUsage:
    """The size of one layer, in bytes.

    `size` is the size that a graph driver reports: files once for each inode, symlinks by the length of their targets
    (moby, ``directory.Size``). `shadowed` is the part that later layers replaced or deleted, and `hides` is what this
    layer replaced or deleted of earlier layers: a file with several names counts where it lost the last one.
    """

    size: int
    shadowed: int
    hides: int


@dataclass(frozen=True)
class Filesystem:
    """The root file system of a container of the image, and the layers that it consists of.

    Created by `ocianalyze.filesystem.merge.merge`. Paths are absolute. Bytes in names that are not UTF-8 are lone
    surrogates (PEP 383).
    """

    ids: Ids
    contents: Sequence[Contents]
    children: Directories
    inodes: dict[int, int]
    """The id of the file of each hard link, by the id of the link."""
    restated: dict[int, int]
    """The hard link whose attributes apply, for each file whose own attributes it overrides."""
    shadowed: dict[int, int]
    """The position of the layer that removed each id from the tree."""
    replacements: Replacements
    """The entries whose paths a later layer has, too."""
    usage: Sequence[LayerUsage]
    entries: int
    """The number of paths, without the root."""
    files: int
    bytes: int
    """The total size of the visible regular files, each inode once."""
    diagnostics: Sequence[Diagnostic]
    budget: Budget
    """The remaining budget for lookups."""
    obstacles: Sequence[Obstacles]
    """The reasons why container runtimes cannot unpack each layer."""

    @property
    def changesets(self) -> Sequence[Changeset]:
        """The changesets of the layers, lowest layer first."""
        return self.ids.changesets

    @property
    def bases(self) -> Sequence[int]:
        """The id of each layer's first row."""
        return self.ids.bases

    @cached_property
    def shadowed_ids(self) -> Sequence[int]:
        """The ids that a layer removed from the tree, in order: those of one layer beside each other."""
        return sorted(self.shadowed)

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver(self)

    @cached_property
    def root(self) -> Node:
        """The root directory, regardless of its entries in layers."""
        return self.node(ROOT)

    def node(self, id_: int) -> Node:
        """Return the node with an id."""
        layer = self.ids.layer(id_)
        return Node(self, id_, layer, id_ - self.bases[layer])

    def children_of(self, node: Node, *, named: re.Pattern[str] | None = None) -> list[Node]:
        """Return the children of a directory, sorted by name; empty if it is not a directory.

        If `named` is given, only the children whose whole name it matches. This is fast even in a large directory.
        """
        children = (self.children.get(node.id) or {}).items()
        self.spend(len(children))
        chosen = children if named is None else [child for child in children if named.fullmatch(child[0])]
        return [self.node(id_) for _, id_ in sorted(chosen)]

    def child(self, node: Node, name: str) -> Node | None:
        """Return the child with this name in the directory `node`, or None."""
        id_ = (self.children.get(node.id) or {}).get(name)
        return None if id_ is None else self.node(id_)

    def lookup(self, path: str, *, follow: bool = True) -> Node | None:
        """Return the node at `path`, or None; a symlink as the last component is followed unless `follow` is False."""
        return self.resolve(path, follow=follow).node

    def resolve(self, path: str, *, follow: bool = True) -> Resolution:
        """Resolve `path` inside the image, as in path_resolution(7), with the image's root as the root.

        Raises:
            LimitExceededError: the budget of steps for this image is used up.
        """
        return self._resolver.resolve(path, follow=follow)

    def walk(self, path: str = "/") -> Iterator[Node]:
        """Yield everything below the directory `path`: each directory before its children, sorted by name.

        Symlinks are not followed, except in `path` itself.
        """
        top = self.lookup(path)
        return iter(()) if top is None else map(self.node, self.ids_below(top))

    def ids_below(self, top: Node) -> Iterator[int]:
        """Yield the ids of everything below a directory, in the order of `walk`; for those who need no nodes."""
        todo = self._ids_in(top.id)
        while todo:
            id_ = todo.pop()
            yield id_
            todo += self._ids_in(id_)

    def _ids_in(self, id_: int) -> list[int]:
        """Return the ids of what lies in a directory, the last name first; none if it is no directory."""
        table = self.children.get(id_)
        if table is None:
            return []
        self.spend(len(table))
        return [child for _, child in sorted(table.items(), reverse=True)]

    def search(self, beginning: str) -> Iterator[Node]:
        """Yield every path whose last component begins with a match of the regular expression `beginning`.

        For what may be in it, see `ocianalyze.layers.changeset.answers.search_names`. The nodes are in the order of
        the layers, and within a layer in that of the tar.
        """
        for base, changeset in zip(self.bases, self.changesets, strict=True):
            self.spend(len(changeset) // _NAMES_PER_STEP)
            for row in search_names(changeset, beginning):
                self.spend(1)
                if self._is_visible(base + row):
                    yield self.node(base + row)

    def named(self, name: str) -> Iterator[Node]:
        """Yield every path whose last component is `name`, in the same order as `search`."""
        for id_ in self._ids_named(name):
            if self._is_visible(id_):
                yield self.node(id_)

    def ending(self, suffix: str) -> Iterator[Node]:
        """Yield every path whose last component ends with `suffix`, in the same order as `search`."""
        return self._visible(partial(_find_all, f"{suffix}\0".encode("utf-8", "surrogateescape")))

    def glob(self, pattern: str) -> list[Node]:
        """Return the nodes whose paths match, sorted; for patterns, see `ocianalyze.layers.contents.globs.PathPattern`.

        Symlinks are not followed.
        """
        matches = PathPattern(pattern).matches
        *above, last = pattern.split("/")
        if not is_wild(last):
            candidates: Iterator[Node] = self.named(last)
        else:
            wild = next((number for number, part in enumerate(above) if is_wild(part)), len(above))
            candidates = self.walk("/".join(above[:wild]) or "/")
        return sorted((node for node in candidates if matches(node.path)), key=lambda node: node.path)

    def expand(self, pattern: str) -> Iterator[str]:
        """Yield the paths that the C library's ``glob`` returns for an absolute pattern, in the same order (glob(3)).

        Symlinks to directories are followed. A name that begins with a dot is matched only by a pattern that does, too.
        """
        components = [part for part in pattern.split("/") if part]
        wild = [number for number, part in enumerate(components) if is_wild(part)]
        patterns = {number: NamePattern(components[number]) for number in wild}
        todo = [("", 0)]
        while todo:
            directory, depth = todo.pop()
            following = next((number for number in wild if number >= depth), len(components))
            place = "/".join((directory, *components[depth:following]))
            node = self.lookup(place)
            if node is None:
                continue
            if following == len(components):
                yield place
                continue
            matches, is_hidden = patterns[following].matches, components[following].startswith(".")
            names = [child.name for child in self.children_of(node) if is_hidden or not child.name.startswith(".")]
            self.spend(sum(map(len, names)))
            todo.extend((f"{place}/{name}", following + 1) for name in reversed(names) if matches(name))

    def spend(self, steps: int) -> None:
        """Take steps of work, each of about a microsecond, from the budget.

        Raises:
            LimitExceededError: the budget of steps for this image is used up.
        """
        self.budget.spend(steps + 1)

    def history(self, path: str) -> list[tuple[int, Kind, Node]]:
        """Return the entries of each layer for exactly `path`: the layer's position, the kind, and the entry.

        Whiteouts are included, and so are opaque markers of directories, which hide everything in lower layers.
        """
        parts = [part for part in path.split("/") if part not in ("", ".")]
        return [
            (layer, Kind(changeset.kinds[row]), self.node(self.bases[layer] + row))
            for layer, changeset in enumerate(self.changesets)
            for row in (*self._rows(layer, parts), *self._rows(layer, [*parts, OPAQUE_MARKER]))
        ]

    def states(self, path: str) -> list[Node]:
        """Return the entries of `path` in the order of the layers, also those that a later layer replaced or deleted.

        Unlike `history`, this needs no table of all entries; whiteouts, opaque markers and implied directories are
        left out.
        """
        found = []
        for id_ in self._ids_named(path.rpartition("/")[2]):
            changeset, row = self.ids.locate(id_)
            kind = changeset.kinds[row]
            if kind not in MARKERS and kind != Kind.IMPLICIT_DIRECTORY and changeset.path(row) == path:
                found.append(self.node(id_))
        return found

    def all_paths(self, pattern: str | None = None) -> list[str]:
        """Return every path that any layer adds or deletes, sorted; only those that match `pattern` if given."""
        matches = None if pattern is None else PathPattern(pattern).matches
        paths = {
            path
            for changeset in self.changesets
            for row in range(1, len(changeset))
            if changeset.kinds[row] != Kind.OPAQUE
            if (path := changeset.path(row)) and (matches is None or matches(path))
        }
        return sorted(paths)

    @cached_property
    def _by_parent(self) -> list[dict[tuple[int, str], list[int]]]:
        """The rows of each layer by parent and name; only `history` needs them."""
        tables: list[dict[tuple[int, str], list[int]]] = []
        for changeset in self.changesets:
            table: dict[tuple[int, str], list[int]] = {}
            for row in range(1, len(changeset)):
                table.setdefault((changeset.parents[row], changeset.names[row]), []).append(row)
            tables.append(table)
        return tables

    def _rows(self, layer: int, parts: Sequence[str]) -> list[int]:
        rows = [ROOT]
        table = self._by_parent[layer]
        for part in parts:
            rows = [child for row in rows for child in table.get((row, part), ())]
        return rows

    def _ids_named(self, name: str) -> Sequence[int]:
        """Return the ids of all entries of a name, those included that are not in the tree; few are asked for again."""
        known = self._recently_named.get(name)
        if known is None:
            known = array("q", self._ids_found(partial(_find_all, f"\0{name}\0".encode("utf-8", "surrogateescape"))))
            if len(self._recently_named) >= _MOST_NAMES:
                self._recently_named.clear()
            if len(known) <= _FEW_IDS:
                self._recently_named[name] = known
        else:
            self.spend(len(known))
        return known

    @cached_property
    def _recently_named(self) -> dict[str, Sequence[int]]:
        return {}

    def _visible(self, find: Callable[[_Text], Iterable[int]]) -> Iterator[Node]:
        """Yield the visible nodes at whose names `find` matches in the names of a layer; see `joined_names`."""
        return (self.node(id_) for id_ in self._ids_found(find) if self._is_visible(id_))

    def _is_visible(self, id_: int) -> bool:
        return id_ not in self.shadowed and self.ids.kind(id_) not in MARKERS

    def _ids_found(self, find: Callable[[_Text], Iterable[int]]) -> Iterator[int]:
        """Yield the ids of the entries at whose names `find` matches in the names of a layer; see `joined_names`."""
        for base, text in zip(self.bases, self._texts, strict=True):
            row, last = 0, 0
            self.spend(len(text) // _TEXT_PER_STEP)
            for at in find(text):
                self.spend(1)
                row += text.count(b"\0", last, at + 1)
                last = at + 1
                yield base + row

    @cached_property
    def _texts(self) -> list[_Text]:
        """The names of each layer as one text."""
        return [changeset.joined_names() for changeset in self.changesets]


def _find_all(wanted: _Text, text: _Text) -> Iterator[int]:
    """Yield the positions of `wanted` in `text`, including overlapping ones."""
    at = text.find(wanted)
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)
