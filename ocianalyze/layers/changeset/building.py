"""How a stream of entries becomes a changeset: each path is brought to where it really lies in its layer."""

from __future__ import annotations

from itertools import islice
from sys import getsizeof
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ocianalyze.layers.changeset import places
from ocianalyze.layers.changeset.changeset import IMPLIED, ROOT, Changeset, Diagnostic
from ocianalyze.layers.changeset.places import Place
from ocianalyze.layers.metering.budget import memory_of_extras, memory_of_rows
from ocianalyze.layers.metering.progress import SILENT
from ocianalyze.layers.tar import ordinary
from ocianalyze.layers.tar.entry import OPAQUE_MARKER, WHITEOUT_PREFIX, Attributes, Kind, RawEntry
from ocianalyze.layers.tar.obstacles import EVERYONE, OLDER_DOCKER, Cause, Refusal
from ocianalyze.layers.tar.tarstream import read_entries
from ocianalyze.layers.tar.telling import tell_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ocianalyze.layers.blob.windows import Window
    from ocianalyze.layers.metering.budget import Budget
    from ocianalyze.layers.metering.progress import LayerProgress

Keep: TypeAlias = "Callable[[int, str, str, int, int, int], None]"

_MOST_REPORTED: Final = 100
"""How many odd things of one layer are reported: the first hundred tell the story."""
_ROW: Final = 250
"""How many bytes of memory a row takes, with its name and its place in the table of directories, beside its path."""
_FREE: Final = 2 << 10
"""How many bytes of memory an entry may take for the directories that it implies, before that is held against a limit.

Layers that state few of their directories imply one for some entries, of half a kilobyte with a long path.
"""
_OVERLAY: Final = "trusted.overlay."
_OVERLAY_SEEN: Final = (
    "extended attribute is reserved for overlayfs, and may hide lower layers if a container runtime sets it; it is "
    "ignored"
)
_UNUSUAL: Final = frozenset(("", "/", "."))
_NAMELESS: Final = frozenset(("", ".", ".."))
_DIRECTORY, _SYMLINK, _HARDLINK, _IMPLICIT = (
    int(kind) for kind in (Kind.DIRECTORY, Kind.SYMLINK, Kind.HARDLINK, Kind.IMPLICIT_DIRECTORY)
)
_LINKS: Final = frozenset((_SYMLINK, _HARDLINK))
_WHITEOUT, _OPAQUE = int(Kind.WHITEOUT), int(Kind.OPAQUE)
_BY_STATED_PATH: Final = "CPO"
"""Who goes to directories by their stated paths at the end, even if these led through absolute symlinks."""
_SETTLED_AFTER: Final = 1 << 12
_MOST_OWED: Final = 1 << 22
"""After how many entries, or characters of links, attributes and directories, their memory is taken."""
_SHORT_NAME: Final = 63
_SHORT_PATH: Final = 1000
"""So many characters are no more bytes than a name or a path may have."""


def read_changeset(
    window: Window,
    *,
    what: str,
    budget: Budget,
    keep: Keep | None = None,
    progress: LayerProgress = SILENT,
    walked: bool = False,
) -> Changeset:
    """Return the changeset that the tar in `window` states.

    `progress` is told of it, with the place in the tar where it is `walked`. `keep` is called for each regular file
    that has content, while its content is the next thing in the stream, with the row, the path (relative, normalised),
    the name, the mode, the offset and the stored size. The rest, and what is raised, are those of `build_changeset`,
    and of `read_entries`.
    """
    builder = _Builder(what, budget)
    if ordinary.compiled is None:
        entries = read_entries(window, what=what)
        return builder.build(tell_entries(entries, progress, walked=walked), keep)
    taker = ordinary.Taker(window, builder.tables(keep), progress, builder.settle)
    changeset = builder.build(read_entries(window, what=what, take=taker), keep)
    changeset.entries += taker.taken
    return changeset


def build_changeset(entries: list[RawEntry], *, what: str, budget: Budget) -> Changeset:
    """Return the changeset that entries state.

    Paths are normalised as the container runtimes do: ``./`` and leading slashes are dropped, ``..`` cannot leave the
    root. An entry whose path leads through a symlink of the same layer lies where the symlink points. What an entry
    says of the root itself decides nothing, as in the runtimes. Entries that no runtime unpacks are obstacles, and are
    not in the layer but as what takes the place of others.

    Raises:
        LimitExceededError: they take too much memory, or what their paths lead through is too much.
    """
    builder = _Builder(what, budget)
    if ordinary.compiled is None:
        return builder.build(entries, None)
    changeset = builder.build(ordinary.left_of(entries, builder.tables(None), builder.settle), None)
    changeset.entries = len(entries)
    return changeset


class _Builder:
    """One changeset in the making.

    `_directories` knows every path at which this layer has a directory (its row) or a symlink (None), with no symlink
    of this layer left in the path; `_symlinks` has the targets of the latter. `_aliases` remembers where paths through
    symlinks led, `_stated_through` where they led that directories were stated through, and the first of these.
    `_inside` lists the first `_listed` known paths by directory; it is kept only where one is replaced.
    """

    def __init__(self, what: str, budget: Budget) -> None:
        self._limits = budget.limits
        self._what = what
        self._budget = budget
        self._settled = 0
        self._settled_links = self._settled_xattrs = 0
        self._owed = 0
        self._changeset = Changeset()
        self._directories: dict[str, int | None] = {"": ROOT}
        self._symlinks: dict[str, str] = {}
        self._aliases: dict[str, Place] = {}
        self._stated_through: dict[str, tuple[Place, str]] = {}
        self._inside: dict[str, list[str]] = {}
        self._listed = 0
        self._followed = 0
        self._implied = 0
        self._implied_size = 0
        self._indices: dict[Attributes, int] = {IMPLIED: 0}

    def tables(self, keep: Keep | None) -> tuple[Any, ...]:
        """Return what the rows of ordinary entries are added to, in the order of `_ordinary.c`."""
        changeset = self._changeset
        return (
            changeset.names,
            changeset.kinds.extend,
            changeset.parents.frombytes,
            changeset.identities.frombytes,
            changeset.sizes.frombytes,
            changeset.mtimes.frombytes,
            changeset.offsets.frombytes,
            self._directories,
            self._symlinks,
            self._aliases,
            changeset.links,
            {},
            self._index,
            keep,
        )

    def _index(self, mode: int, uid: int, gid: int) -> tuple[int, int]:
        """Return which of the changeset's attributes these are, adding them if they are new, and the mode."""
        attributes = Attributes(mode, uid, gid)
        index = self._indices.setdefault(attributes, len(self._changeset.attributes))
        if index == len(self._changeset.attributes):
            self._changeset.attributes.append(attributes)
        return index, mode

    def build(  # noqa: C901, PLR0912, PLR0915 - the second hot loop: once for each entry
        self, entries: Iterable[RawEntry], keep: Keep | None
    ) -> Changeset:
        changeset = self._changeset
        names, parents, kinds = changeset.names, changeset.parents, changeset.kinds
        identities, sizes, mtimes, offsets = (
            changeset.identities,
            changeset.sizes,
            changeset.mtimes,
            changeset.offsets,
        )
        directories = self._directories
        indices = self._indices
        last, index = IMPLIED, 0
        count = 0
        for path, kind, attributes, size, mtime, link, offset, stored, xattrs, refusals in entries:
            count += 1
            if not count % _SETTLED_AFTER or self._owed > _MOST_OWED:
                self.settle()
            directory, _, name = path.rpartition("/")
            parent = directories.get(directory)
            if not parent or name in _NAMELESS:  # else what is known is normalised: most often, so it is seen first
                as_written = path
                if path[-1:] == "/":
                    path = path[:-1]  # noqa: PLW2901 - as it is from here on
                if path[:2] == "./":
                    path = path[2:]  # noqa: PLW2901 - as it is from here on
                if path[:1] in _UNUSUAL or path[-1:] == "/" or "/." in path or "//" in path:
                    path, refusals = self._normalised(as_written, kind, refusals)  # noqa: PLW2901 - as it is from here on
                    if not path:
                        continue
                directory, _, name = path.rpartition("/")
                parent = directories.get(directory)
            written = kind
            if name[:4] == WHITEOUT_PREFIX:
                kind, name = (_OPAQUE, name) if name == OPAQUE_MARKER else (_WHITEOUT, name[4:])  # noqa: PLW2901
                size, xattrs = 0, None  # noqa: PLW2901 - whatever a marker holds is not a file's content
                refusals = places.of_marker(name, directory, refusals)  # noqa: PLW2901 - as it is from here on
            if parent is None:
                found_at = self._place(directory, written)
                parent = found_at.row
                refusals += found_at.refusals  # noqa: PLW2901 - as it is from here on
                if found_at.path != directory:
                    if written == _DIRECTORY:
                        self._stated_through.setdefault(directory, (found_at, name))
                    directory = found_at.path
                    path = f"{directory}/{name}".lstrip("/")  # noqa: PLW2901 - where it really lies
            if (len(name) > _SHORT_NAME or len(path) > _SHORT_PATH) and parent is not None:
                refusals += places.too_long(directory, name, kind, has_xattrs=xattrs is not None)  # noqa: PLW2901
            if refusals:
                for refusal in refusals:
                    changeset.obstacles.add(refusal, f"/{path}")
                kind = places.kind_left(kind, refusals)  # noqa: PLW2901 - as it is from here on
                size = 0 if kind >= _WHITEOUT else size  # noqa: PLW2901 - nor does what is not there hold any
            if parent is None or kind < 0:
                continue
            if attributes is not last:
                last = attributes
                found = indices.get(attributes)
                if found is None:
                    found = indices[attributes] = len(changeset.attributes)
                    changeset.attributes.append(attributes)
                index = found
            row = len(names)
            if kind == _DIRECTORY:
                if directories.get(path, ROOT) is None:
                    self._forget(path)
                directories[path] = row
                self._owed += len(path)
            elif kind < _WHITEOUT or kind > _OPAQUE:
                if path in directories:
                    self._forget(path)
                if kind in _LINKS:
                    changeset.links[row] = link
                    self._owed += len(link)
                    self._take_link(path, kind, link)
            names.append(name)
            parents.append(parent)
            kinds.append(kind)
            identities.append(index)
            sizes.append(size)
            mtimes.append(mtime)
            offsets.append(offset)
            if xattrs is not None:
                changeset.xattrs[row] = xattrs
                self._owed += sum(map(len, xattrs.values()))
                if any(key.startswith(_OVERLAY) for key in xattrs):
                    self._report("overlay-attribute", _OVERLAY_SEEN, path)
            if keep is not None and size and offset >= 0:
                keep(row, path, name, attributes[0], offset, stored)
        changeset.entries = count
        self._check_stated_through()
        self.settle()
        return changeset

    def settle(self) -> None:
        """Take the memory for what was added since the last time; `memory_of` comes to the same for the whole."""
        changeset = self._changeset
        rows, links, xattrs = len(changeset.names), len(changeset.links), len(changeset.xattrs)
        size = memory_of_rows(changeset.names[self._settled :]) + memory_of_extras(
            islice(reversed(changeset.links.values()), links - self._settled_links),
            islice(reversed(changeset.xattrs.values()), xattrs - self._settled_xattrs),
        )
        self._settled, self._settled_links, self._settled_xattrs, self._owed = rows, links, xattrs, 0
        self._budget.take(size, self._what, thing="its entries")

    def _check_stated_through(self) -> None:
        """Take note of directories that were stated through symlinks that lead elsewhere at the end.

        Runtimes set the times of directories last, by the paths that were stated.
        """
        for alias, (place, name) in self._stated_through.items():
            found = places.follow(alias, self._symlinks, self._directories, self._charge).path
            if found not in (None, place.path) and f"{found}/{name}".lstrip("/") not in self._directories:
                by = EVERYONE if place.is_local else _BY_STATED_PATH
                self._changeset.obstacles.add(Refusal(Cause.DIRECTORY_GONE, by), f"/{alias}/{name}")

    def _normalised(self, path: str, kind: int, refusals: tuple[Refusal, ...]) -> tuple[str, tuple[Refusal, ...]]:
        """Return `path` normalised, and why its entry is refused; those of an entry that is the root are noted here."""
        normal, climbed = places.normalise(path)
        if not normal:
            for refusal in places.of_root(path, kind, refusals, climbed=climbed):
                self._changeset.obstacles.add(refusal, "/")
        elif climbed:
            self._report("path-outside-root", f"path {path!r} is outside the root; treated as '/{normal}'", normal)
            refusals = (*refusals, places.outside(path, kind))
        return normal, refusals

    def _place(self, path: str, kind: int) -> Place:
        """Return where the directory `path` lies, which no entry has stated so far; `kind` is that of what lies in it.

        What is missing of it is made, as runtimes do; older Docker does so for files only.
        """
        directories = self._directories
        alias = self._aliases.get(path)
        real, refusals, is_local = (path, (), True) if alias is None else (alias.path, alias.refusals, alias.is_local)
        missing: list[str] = []
        known = real
        is_dangling = False
        while (row := directories.get(known)) is None:
            self._charge(len(known))
            if known in directories:
                way = places.follow(path, self._symlinks, directories, self._charge)
                refusals, is_dangling, is_local = way.refusals, way.is_dangling, way.is_local
                if way.path is None:
                    return Place(path, None, refusals)
                real = known = way.path
                self._aliases[path] = Place(real, None, refusals, is_local)
                missing.clear()
                self._report(
                    "entry-through-symlink",
                    f"entries are in '/{path}', which passes through a symlink of this layer; treated as '/{real}'",
                    path,
                )
                continue
            known, _, name = known.rpartition("/")
            missing.append(name)
        if missing:
            if is_dangling:
                refusals = (*refusals, Refusal(Cause.SYMLINK_DANGLING, OLDER_DOCKER, f"/{path}"))
            elif kind == _DIRECTORY:
                refusals = (*refusals, Refusal(Cause.PARENT, OLDER_DOCKER, f"/{real}"))
            if unusable := places.too_long_inside(real, missing):
                return Place(real, None, (*refusals, *unusable))
        for name in reversed(missing):
            known = f"{known}/{name}" if known else name
            self._charge(len(known))
            row = directories[known] = self._imply(known, name, row)
        return Place(real, row, refusals, is_local)

    def _imply(self, path: str, name: str, parent: int) -> int:
        """Add the directory `path`, which is `name` in `parent` and which no entry states, and return its row."""
        changeset = self._changeset
        row = len(changeset.names)
        self._owed += len(path)
        if self._owed > _MOST_OWED:
            self.settle()
        self._implied_size += getsizeof(path) + _ROW
        entries = row - self._implied  # instead of the root, the one that is in work
        self._implied += 1
        excess = self._implied_size - _FREE * entries
        if excess > self._limits.max_implied:
            raise self._limits.exceeded(
                "max_memory",
                f"{self._what}: the implied directories of {entries:,} entries take {excess:,} bytes of memory beyond "
                f"{_FREE:,} for each entry",
                most=self._limits.max_implied,
            )
        changeset.names.append(name)
        changeset.parents.append(parent)
        changeset.kinds.append(_IMPLICIT)
        changeset.identities.append(0)
        changeset.sizes.append(0)
        changeset.mtimes.append(0)
        changeset.offsets.append(-1)
        return row

    def _take_link(self, path: str, kind: int, target: str) -> None:
        """Take note of a symlink, or of a hardlink to one, that entries may lie behind."""
        if kind == _HARDLINK:
            linked = self._symlinks.get("/".join([part for part in target.split("/") if part not in ("", ".")]))
            if linked is None:
                return
            target = linked
        if not target:
            return
        self._symlinks[path] = target
        self._directories[path] = None
        self._aliases.clear()

    def _forget(self, path: str) -> None:
        """Take note that a directory or symlink at `path` is replaced, with all that lay in it, by its own layer."""
        directories, symlinks = self._directories, self._symlinks
        inside = self._inside
        for known in list(islice(reversed(directories), len(directories) - self._listed)):
            inside.setdefault(known.rpartition("/")[0], []).append(known)
        todo = [path]
        while todo:
            known = todo.pop()
            todo.extend(inside.pop(known, ()))
            directories.pop(known, None)
            symlinks.pop(known, None)
        self._listed = len(directories)
        self._aliases.clear()

    def _charge(self, amount: int) -> None:
        """Bound how long a few hostile entries can keep us busy with deep paths and symlinks."""
        self._followed += amount
        if self._followed > self._limits.max_followed:
            raise self._limits.exceeded(
                "max_steps",
                f"{self._what}: the paths of its entries pass through {self._followed:,} characters",
                most=self._limits.max_followed,
            )

    def _report(self, code: str, message: str, path: str) -> None:
        if len(self._changeset.diagnostics) < _MOST_REPORTED:
            self._changeset.diagnostics.append(Diagnostic(code, message, path="/" + path))
