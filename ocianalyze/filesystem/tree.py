"""The merged root file system of an image.

Every entry of every layer has a number, its *id* (see `Ids`). The tree maps names to ids; what a later layer replaced
or deleted is out of the tree, but still there under its id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, TypeAlias

from ocianalyze.filesystem.node import Node, Resolution
from ocianalyze.filesystem.resolver import Resolver
from ocianalyze.layers.changeset.changeset import ROOT, Changeset, Diagnostic
from ocianalyze.layers.contents.globs import NamePattern, PathPattern, is_wild
from ocianalyze.layers.tar.entry import MARKERS, OPAQUE_MARKER, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ocianalyze.filesystem.directories import Directories
    from ocianalyze.filesystem.ids import Ids
    from ocianalyze.layers.contents.contents import Contents
    from ocianalyze.layers.metering.budget import Budget
    from ocianalyze.layers.tar.obstacles import Obstacles

_Text: TypeAlias = bytes
_TEXT_PER_STEP: Final = 1000


@dataclass(slots=True, frozen=True)
class LayerUsage:
    """What one layer adds; in bytes.

    `size` is what a graph driver counts for it: files once for each inode, symlinks by the length of their targets
    (moby, ``directory.Size``). `shadowed` is what later layers replaced or deleted of it.
    """

    size: int
    shadowed: int


@dataclass(frozen=True)
class Filesystem:
    """The root file system that a container of the image would see, and what lies beneath it.

    Made by `ocianalyze.filesystem.merge.merge`. Paths are absolute; bytes in names that are not UTF-8 are lone
    surrogates (PEP 383).
    """

    ids: Ids
    contents: Sequence[Contents]
    children: Directories
    inodes: dict[int, int]
    """The id of what each hardlink is another name of."""
    restated: dict[int, int]
    """The hardlink whose attributes hold, for each id that is another name of it and had others."""
    shadowed: dict[int, int]
    """The position of the layer that took each id out of the tree."""
    usage: Sequence[LayerUsage]
    entries: int
    """How many paths there are, the root not counted."""
    files: int
    bytes: int
    """The sizes of the visible regular files, each inode once."""
    diagnostics: Sequence[Diagnostic]
    budget: Budget
    """What may still be spent on looking things up."""
    obstacles: Sequence[Obstacles]
    """What keeps runtimes from unpacking each layer."""

    @property
    def changesets(self) -> Sequence[Changeset]:
        """The changesets of the layers, from the bottom up."""
        return self.ids.changesets

    @property
    def bases(self) -> Sequence[int]:
        """The id of each layer's first row."""
        return self.ids.bases

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver(self)

    @cached_property
    def root(self) -> Node:
        """The root directory; what layers say of it decides nothing."""
        return self.node(ROOT)

    def node(self, id_: int) -> Node:
        """Return the node of an id."""
        layer = self.ids.layer(id_)
        return Node(self, id_, layer, id_ - self.bases[layer])

    def children_of(self, node: Node, *, named: re.Pattern[str] | None = None) -> list[Node]:
        """Return what lies in a directory, in the order of names; nothing if it is no directory.

        If `named` is given, only that whose name it matches in full: what else a large directory holds costs little.
        """
        children = (self.children.get(node.id) or {}).items()
        self.spend(len(children))
        chosen = children if named is None else [child for child in children if named.fullmatch(child[0])]
        return [self.node(id_) for _, id_ in sorted(chosen)]

    def child(self, node: Node, name: str) -> Node | None:
        """Return what `name` is in the directory `node`."""
        id_ = (self.children.get(node.id) or {}).get(name)
        return None if id_ is None else self.node(id_)

    def lookup(self, path: str, *, follow: bool = True) -> Node | None:
        """Return what lies at `path`, or None; a symlink as the last component is followed unless `follow` is False."""
        return self.resolve(path, follow=follow).node

    def resolve(self, path: str, *, follow: bool = True) -> Resolution:
        """Follow `path` inside the image, as path_resolution(7) does with the image's root as the root.

        Raises:
            LimitExceededError: too many steps were taken in this image already.
        """
        return self._resolver.resolve(path, follow=follow)

    def walk(self, path: str = "/") -> Iterator[Node]:
        """Yield everything below the directory `path`, each directory before what lies in it, in the order of names.

        Symlinks are not followed, but `path` itself may lead through some.
        """
        top = self.lookup(path)
        stack = [iter(self.children_of(top))] if top is not None else []
        while stack:
            node = next(stack[-1], None)
            if node is None:
                stack.pop()
                continue
            yield node
            if node.is_directory:
                stack.append(iter(self.children_of(node)))

    def search(self, beginning: str) -> Iterator[Node]:
        r"""Yield every path whose last component begins with a match of the regular expression `beginning`.

        All names of a layer are searched as one text, which costs a fraction of a search in each. Where the expression
        is to match a name to its end, it ends in ``(?=\0)``; ``^``, ``$``, ``\A`` and ``\Z`` have no place in it. It
        is matched with UTF-8, byte by byte. The nodes come layer by layer, in the order of the tar.
        """
        find_all = re.compile(rf"\0(?:{beginning})".encode()).finditer
        return self._visible(lambda text: (match.start() for match in find_all(text)))

    def named(self, name: str) -> Iterator[Node]:
        """Yield every path whose last component is `name`; in the order of `search`."""
        return self._visible(partial(_find_all, f"\0{name}\0".encode("utf-8", "surrogateescape")))

    def glob(self, pattern: str) -> list[Node]:
        """Return the paths that match, sorted; for patterns see `ocianalyze.layers.contents.globs.PathPattern`.

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
        """Yield the paths that the C library's ``glob`` makes of an absolute pattern, in its order (glob(3)).

        Symlinks to directories are followed; a name that begins with a dot needs a pattern that does.
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
        """Take note of work, in steps of about a microsecond.

        Raises:
            LimitExceededError: there was too much of it in this image already.
        """
        self.budget.spend(steps + 1)

    def history(self, path: str) -> list[tuple[int, Kind, Node]]:
        """Return what each layer says of exactly `path`: its position, the kind of the entry, and the entry.

        A whiteout is listed, as is an opaque directory that hides what lay below it.
        """
        parts = [part for part in path.split("/") if part not in ("", ".")]
        return [
            (layer, Kind(changeset.kinds[row]), self.node(self.bases[layer] + row))
            for layer, changeset in enumerate(self.changesets)
            for row in (*self._rows(layer, parts), *self._rows(layer, [*parts, OPAQUE_MARKER]))
        ]

    def all_paths(self, pattern: str | None = None) -> list[str]:
        """Return every path that any layer states or deletes, sorted; only those that match `pattern` if given."""
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
        """The rows of each layer by parent and name; only a question about history needs them."""
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

    def _visible(self, find: Callable[[_Text], Iterable[int]]) -> Iterator[Node]:
        """Yield the visible nodes before whose names `find` stops in the names of a layer; see `joined_names`."""
        for base, changeset, text in zip(self.bases, self.changesets, self._texts, strict=True):
            row, last = 0, 0
            self.spend(len(text) // _TEXT_PER_STEP)
            for at in find(text):
                self.spend(1)
                row += text.count(b"\0", last, at + 1)
                last = at + 1
                if base + row not in self.shadowed and changeset.kinds[row] not in MARKERS:
                    yield self.node(base + row)

    @cached_property
    def _texts(self) -> list[_Text]:
        """The names of each layer as one text."""
        return [changeset.joined_names() for changeset in self.changesets]


def _find_all(wanted: _Text, text: _Text) -> Iterator[int]:
    """Yield where `wanted` is in `text`, overlaps included."""
    at = text.find(wanted)
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)
