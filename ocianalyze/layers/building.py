"""How a stream of entries becomes a changeset: each path is brought to where it really lies in its layer."""

from __future__ import annotations

from itertools import islice
from sys import getsizeof
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers import ordinary
from ocianalyze.layers.changeset import IMPLIED, ROOT, Changeset, Diagnostic
from ocianalyze.layers.entry import (
    OPAQUE_MARKER,
    RESERVED_PREFIX,
    WHITEOUT_PREFIX,
    Attributes,
    Kind,
    RawEntry,
)
from ocianalyze.layers.progress import SILENT, tell_entries
from ocianalyze.layers.tarstream import read_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ocianalyze.layers.limits import Limits
    from ocianalyze.layers.progress import LayerProgress
    from ocianalyze.layers.windows import Window

Keep: TypeAlias = "Callable[[int, str, str, int, int, int], None]"

_MAX_LINKS: Final = 40
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
    "this entry has an extended attribute that overlayfs keeps for itself: a runtime that sets it may hide what lies "
    "beneath; read as if it were not there"
)
_UNUSUAL: Final = frozenset(("", "/", "."))
_NAMELESS: Final = frozenset(("", ".", ".."))
_DIRECTORY, _SYMLINK, _HARDLINK, _IMPLICIT = (
    int(kind) for kind in (Kind.DIRECTORY, Kind.SYMLINK, Kind.HARDLINK, Kind.IMPLICIT_DIRECTORY)
)
_LINKS: Final = frozenset((_SYMLINK, _HARDLINK))
_WHITEOUT, _OPAQUE = int(Kind.WHITEOUT), int(Kind.OPAQUE)


def read_changeset(
    window: Window,
    *,
    limits: Limits,
    what: str,
    keep: Keep | None = None,
    progress: LayerProgress = SILENT,
    walked: bool = False,
) -> Changeset:
    """Return the changeset that the tar in `window` states.

    `progress` is told of it, with the place in the tar where it is `walked`. `keep` and what is raised are those of
    `build_changeset`, and of `read_entries`.
    """
    builder = _Builder(limits, what)
    if ordinary.compiled is None:
        entries = read_entries(window, limits=limits, what=what)
        return builder.build(tell_entries(entries, progress, walked=walked), keep)
    taker = ordinary.Taker(window, builder.tables(keep), limits.max_entries, progress)
    changeset = builder.build(read_entries(window, limits=limits, what=what, take=taker), keep)
    changeset.entries += taker.taken
    if changeset.entries > limits.max_entries:
        raise limits.exceeded("max_entries", f"{what} has more than {limits.max_entries:,} entries")
    return changeset


def build_changeset(
    entries: Iterable[RawEntry],
    *,
    limits: Limits,
    what: str,
    keep: Keep | None = None,
) -> Changeset:
    """Return the changeset that a stream of entries states.

    `keep` is called for each regular file that has content, while its content is the next thing in the stream, with
    the row, the path (relative, normalised), the name, the mode, the offset and the stored size.

    Paths are normalised as the container runtimes do: ``./`` and leading slashes are dropped, ``..`` cannot leave the
    root. An entry whose path leads through a symlink of the same layer lies where the symlink points. What lies in a
    top directory that AUFS keeps for itself is left out, as in the runtimes.

    Raises:
        LimitExceededError: there are more than ``max_entries``.
        CorruptLayerError: a whiteout names nothing, or a path leads through symlinks that go round in a circle.
    """
    return _Builder(limits, what).build(entries, keep)


class _Builder:
    """One changeset in the making.

    `_directories` knows every path at which this layer has a directory (its row) or a symlink (None), with no symlink
    of this layer left in the path; `_symlinks` has the targets of the latter. `_aliases` remembers where paths through
    symlinks led. `_inside` lists the first `_listed` known paths by directory; it is kept only where one is replaced.
    """

    def __init__(self, limits: Limits, what: str) -> None:
        self._limits = limits
        self._what = what
        self._changeset = Changeset()
        self._directories: dict[str, int | None] = {"": ROOT}
        self._symlinks: dict[str, str] = {}
        self._aliases: dict[str, str] = {}
        self._inside: dict[str, list[str]] = {}
        self._listed = 0
        self._metadata = 0
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
        count, most = 0, self._limits.max_entries
        for path, kind, attributes, size, mtime, link, offset, stored, xattrs in entries:
            count += 1
            if count > most:
                raise self._limits.exceeded("max_entries", f"{self._what} has more than {most:,} entries")
            directory, _, name = path.rpartition("/")
            parent = directories.get(directory)
            if not parent or name in _NAMELESS:  # else what is known is normalised: most often, so it is seen first
                if path[-1:] == "/":
                    path = path[:-1]  # noqa: PLW2901 - as it is from here on
                if path[:2] == "./":
                    path = path[2:]  # noqa: PLW2901 - as it is from here on
                if path[:1] in _UNUSUAL or path[-1:] == "/" or "/." in path or "//" in path:
                    path = self._normalised(path)  # noqa: PLW2901 - as it is from here on
                directory, _, name = path.rpartition("/")
                parent = directories.get(directory)
            if name[:4] == WHITEOUT_PREFIX:
                if name.startswith(RESERVED_PREFIX) and name != OPAQUE_MARKER:
                    continue
                kind, name = (_OPAQUE, name) if name == OPAQUE_MARKER else (_WHITEOUT, name[4:])  # noqa: PLW2901
                if name in _NAMELESS:
                    raise CorruptLayerError(f"{self._what}: the whiteout {path!r} names nothing", offset=offset)
                size = 0  # noqa: PLW2901 - whatever a marker holds is not a file's content
            if parent is None:
                parent = self._directory(directory)
                if parent is None:
                    continue
                if directory in self._aliases:
                    path = f"{self._aliases[directory]}/{name}".lstrip("/")  # noqa: PLW2901 - where it really lies
            if attributes is not last:
                last = attributes
                found = indices.get(attributes)
                if found is None:
                    found = indices[attributes] = len(changeset.attributes)
                    changeset.attributes.append(attributes)
                index = found
            row = len(names)
            if kind == _DIRECTORY:
                if not path:
                    self._state_root(index, mtime, xattrs)
                    continue
                if directories.get(path, ROOT) is None:
                    self._forget(path)
                directories[path] = row
            elif kind < _WHITEOUT:
                if path in directories:
                    self._forget(path)
                if kind in _LINKS:
                    changeset.links[row] = link
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
                if any(key.startswith(_OVERLAY) for key in xattrs):
                    self._report("overlay-attribute", _OVERLAY_SEEN, path)
            if keep is not None and size and offset >= 0:
                keep(row, path, name, attributes[0], offset, stored)
        changeset.entries = count
        return changeset

    def _normalised(self, path: str) -> str:
        """Return `path` without a leading slash, empty and ``.`` components, and with ``..`` taken in place."""
        parts: list[str] = []
        climbed = False
        for part in path.split("/"):
            if part == "..":
                climbed = climbed or not parts
                del parts[-1:]
            elif part not in ("", "."):
                parts.append(part)
        result = "/".join(parts)
        if climbed:
            self._report("path-outside-root", f"the path {path!r} leads out of the root; read as '/{result}'", result)
        return result

    def _directory(self, path: str) -> int | None:
        """Return the row of the directory `path`, which no entry has stated so far, or None if it is to be ignored."""
        if path.startswith(RESERVED_PREFIX):
            return None
        directories = self._directories
        real = self._aliases.get(path, path)
        missing: list[str] = []
        known = real
        while (row := directories.get(known)) is None:
            self._charge(len(known))
            if known in directories:
                real = self._aliases[path] = known = self._follow(path)
                missing.clear()
                self._report(
                    "entry-through-symlink",
                    f"entries lie in '/{path}', which leads through a symlink of this layer: read as '/{real}'",
                    path,
                )
                continue
            known, _, name = known.rpartition("/")
            missing.append(name)
        for name in reversed(missing):
            known = f"{known}/{name}" if known else name
            self._charge(len(known))
            row = directories[known] = self._imply(known, name, row)
        return row

    def _imply(self, path: str, name: str, parent: int) -> int:
        """Add the directory `path`, which is `name` in `parent` and which no entry states, and return its row."""
        changeset = self._changeset
        row = len(changeset.names)
        if row > self._limits.max_entries:
            raise self._limits.exceeded("max_entries", f"{self._what} implies more than {row:,} directories")
        self._implied_size += getsizeof(path) + _ROW
        entries = row - self._implied  # instead of the root, the one that is in work
        self._implied += 1
        excess = self._implied_size - _FREE * entries
        if excess > self._limits.max_implied:
            raise self._limits.exceeded(
                "max_implied",
                f"{self._what}: for {entries:,} entries it implies directories of {excess:,} bytes of memory beyond "
                f"{_FREE:,} for each",
            )
        changeset.names.append(name)
        changeset.parents.append(parent)
        changeset.kinds.append(_IMPLICIT)
        changeset.identities.append(0)
        changeset.sizes.append(0)
        changeset.mtimes.append(0)
        changeset.offsets.append(-1)
        return row

    def _follow(self, path: str) -> str:
        """Return where the directory `path` lies once the symlinks of this layer are followed."""
        symlinks = self._symlinks
        todo = path.split("/")[::-1]
        real = ""
        hops = 0
        while todo:
            part = todo.pop()
            if part == "..":
                real = real.rpartition("/")[0]
            elif part not in ("", "."):
                here = f"{real}/{part}" if real else part
                self._charge(len(here))
                target = symlinks.get(here)
                if target is None:
                    real = here
                    continue
                hops += 1
                if hops > _MAX_LINKS:
                    raise CorruptLayerError(f"{self._what}: symlinks lead the directory '/{path}' round in a circle")
                self._charge(len(target))
                if target.startswith("/"):
                    real = ""
                todo.extend(target.split("/")[::-1])
        if len(real) > self._limits.max_path_bytes:
            raise self._limits.exceeded(
                "max_path_bytes", f"{self._what}: symlinks lead to a path of {len(real):,} characters"
            )
        return real

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
        if not path:
            raise CorruptLayerError(f"{self._what}: an entry that is no directory takes the place of the root")
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
        self._metadata += amount
        if self._metadata > self._limits.max_metadata:
            raise self._limits.exceeded(
                "max_metadata", f"{self._what}: the directories that its entries imply take {self._metadata:,} bytes"
            )

    def _state_root(self, index: int, mtime: int, xattrs: dict[str, bytes] | None) -> None:
        changeset = self._changeset
        changeset.kinds[ROOT] = _DIRECTORY
        changeset.identities[ROOT] = index
        changeset.mtimes[ROOT] = mtime
        if xattrs:
            changeset.xattrs[ROOT] = xattrs

    def _report(self, code: str, message: str, path: str) -> None:
        if len(self._changeset.diagnostics) < _MOST_REPORTED:
            self._changeset.diagnostics.append(Diagnostic(code, message, path="/" + path))
