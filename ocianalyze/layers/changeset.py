"""What one layer says of the file system: its changeset (image-spec layer.md), as columns.

An image has up to millions of entries, so there is no object for each: a changeset is a set of columns in which an
entry is a *row*. Rows are in the order of the tar; a row's parent is a row of the same changeset, so that every path
can be told without storing it.
"""

from __future__ import annotations

import marshal
from array import array
from typing import TYPE_CHECKING, NamedTuple

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.entry import (
    OPAQUE_MARKER,
    RESERVED_PREFIX,
    WHITEOUT_PREFIX,
    Attributes,
    Entry,
    Kind,
    RawEntry,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ocianalyze.layers.limits import Limits

ROOT = 0
"""The row of the root directory, which every changeset has."""

_MAX_LINKS = 40
_NEEDS_CARE = ("", "/", ".")
_COLUMNS = ("parents", "kinds", "identities", "sizes", "mtimes", "offsets")
_DIRECTORY, _SYMLINK, _HARDLINK, _IMPLICIT = (
    int(kind) for kind in (Kind.DIRECTORY, Kind.SYMLINK, Kind.HARDLINK, Kind.IMPLICIT_DIRECTORY)
)
_WHITEOUT, _OPAQUE = int(Kind.WHITEOUT), int(Kind.OPAQUE)
_IMPLIED = Attributes(0o755, 0, 0)


class Diagnostic(NamedTuple):
    """Something odd that was seen and decided, and that does not keep the image from being analysed."""

    code: str
    message: str
    layer: int | None = None
    path: str | None = None


class Changeset:
    """The rows of one layer.

    Attributes:
        names: the last component of each path; of a whiteout, the name that it hides.
        parents: the row of the directory that each row lies in.
        kinds: a `Kind` for each row.
        attributes: the distinct attributes; `identities` says which of them a row has.
        sizes: apparent sizes in bytes; 0 for what is no regular file.
        mtimes: seconds since 1970.
        offsets: where the content of each row begins in the uncompressed tar; -1 where it is not in one piece.
        links: the target of each symlink and hardlink row, as written.
        xattrs: the extended attributes of the rows that have any.
        entries: how many entries the tar holds, those included that stand more than once.
    """

    __slots__ = (
        "attributes",
        "diagnostics",
        "entries",
        "identities",
        "kinds",
        "links",
        "mtimes",
        "names",
        "offsets",
        "parents",
        "sizes",
        "xattrs",
    )

    def __init__(self) -> None:
        self.names: list[str] = [""]
        self.parents = array("i", [ROOT])
        self.kinds = bytearray([_IMPLICIT])
        self.attributes: list[Attributes] = [_IMPLIED]
        self.identities = array("I", [0])
        self.sizes = array("q", [0])
        self.mtimes = array("q", [0])
        self.offsets = array("q", [-1])
        self.links: dict[int, str] = {}
        self.xattrs: dict[int, dict[str, bytes]] = {}
        self.diagnostics: list[Diagnostic] = []
        self.entries = 0

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.names)

    def pack(self) -> bytes:
        """Return the changeset as bytes, for another process of the same program."""
        joined = "\0".join(self.names).encode("utf-8", "surrogateescape")
        columns = [bytes(getattr(self, name)) for name in _COLUMNS]
        attributes = [tuple(item) for item in self.attributes]
        diagnostics = [tuple(item) for item in self.diagnostics]
        return marshal.dumps((joined, columns, attributes, self.links, self.xattrs, diagnostics, self.entries))

    @classmethod
    def unpack(cls, data: bytes) -> Changeset:
        """Return the changeset that `pack` made these bytes of; they must come from a process that is trusted."""
        joined, columns, attributes, links, xattrs, diagnostics, entries = marshal.loads(data)  # noqa: S302
        changeset = cls()
        changeset.names = joined.decode("utf-8", "surrogateescape").split("\0")
        for name, column in zip(_COLUMNS, columns, strict=True):
            empty = getattr(changeset, name)[:0]
            setattr(
                changeset, name, bytearray(column) if isinstance(empty, bytearray) else array(empty.typecode, column)
            )
        changeset.attributes = [Attributes(*item) for item in attributes]
        changeset.links, changeset.xattrs, changeset.entries = links, xattrs, entries
        changeset.diagnostics = [Diagnostic(*item) for item in diagnostics]
        return changeset

    def path(self, row: int) -> str:
        """Return the absolute path of `row`."""
        parts = []
        while row != ROOT:
            parts.append(self.names[row])
            row = self.parents[row]
        return "/" + "/".join(reversed(parts))

    def entry(self, row: int) -> Entry:
        """Return `row` with names to its fields; its path is absolute."""
        return Entry(
            self.path(row),
            self.kinds[row],
            self.attributes[self.identities[row]],
            self.sizes[row],
            self.mtimes[row],
            self.links.get(row, ""),
            self.offsets[row],
            self.sizes[row],
            self.xattrs.get(row),
        )


def build_changeset(
    entries: Iterable[RawEntry],
    *,
    limits: Limits,
    what: str,
    keep: Callable[[int, str, str, int, int, int], None] | None = None,
) -> Changeset:
    """Return the changeset that a stream of entries states.

    `keep` is called for each regular file that has content, while its content is the next thing in the stream, with
    the row, the path (relative, normalised), the name, the mode, the offset and the stored size.

    Paths are normalised as the container runtimes do: ``./`` and leading slashes are dropped, ``..`` cannot leave the
    root. An entry whose path leads through a symlink of the same layer lies where the symlink points.

    Raises:
        LimitExceededError: there are more than ``max_entries``.
        CorruptLayerError: a whiteout names nothing.
    """
    return _Builder(limits, what).build(entries, keep)


class _Builder:
    def __init__(self, limits: Limits, what: str) -> None:
        self._limits = limits
        self._what = what
        self._changeset = Changeset()
        self._directories: dict[str, int] = {"": ROOT}
        self._symlinks: dict[str, str] = {}

    def build(  # noqa: C901 - the second hot loop: once for each entry
        self, entries: Iterable[RawEntry], keep: Callable[[int, str, str, int, int, int], None] | None
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
        indices: dict[Attributes, int] = {_IMPLIED: 0}
        last, index = _IMPLIED, 0
        count, most = 0, self._limits.max_entries
        for path, kind, attributes, size, mtime, link, offset, stored, xattrs in entries:
            count += 1
            if count > most:
                raise self._limits.exceeded("max_entries", f"{self._what} has more than {most:,} entries")
            if path[-1:] == "/":
                path = path[:-1]
            if path[:2] == "./":
                path = path[2:]
            if "/." in path or "//" in path or path[:1] in _NEEDS_CARE:
                path = self._normalised(path)
            directory, _, name = path.rpartition("/")
            parent = directories.get(directory)
            if parent is None:
                parent = self._directory(directory)
            if name[:4] == WHITEOUT_PREFIX:
                if name.startswith(RESERVED_PREFIX) and name != OPAQUE_MARKER:
                    continue
                kind, name = (_OPAQUE, name) if name == OPAQUE_MARKER else (_WHITEOUT, name[4:])
                if name in ("", ".", ".."):
                    raise CorruptLayerError(f"{self._what}: the whiteout {path!r} names nothing", offset=offset)
                size = 0
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
                directories[path] = row
                self._symlinks.pop(path, None)
            elif kind == _SYMLINK or kind == _HARDLINK:
                changeset.links[row] = link
                if kind == _SYMLINK:
                    self._symlinks[path] = link
                    directories.pop(path, None)
            names.append(name)
            parents.append(parent)
            kinds.append(kind)
            identities.append(index)
            sizes.append(size)
            mtimes.append(mtime)
            offsets.append(offset if stored == size else -1)
            if xattrs is not None:
                changeset.xattrs[row] = xattrs
            if keep is not None and size and stored == size:
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

    def _directory(self, path: str) -> int:
        """Return the row of the directory `path`, which no entry has stated so far."""
        real = self._through_symlinks(path)
        if real != path:
            self._report(
                "entry-through-symlink",
                f"entries lie in {path!r}, which is a symlink in this layer: read as '/{real}'",
                path,
            )
        directories = self._directories
        missing: list[str] = []
        row = directories.get(real)
        while row is None:
            real, _, name = real.rpartition("/")
            missing.append(name)
            row = directories.get(real)
        for name in reversed(missing):
            real = f"{real}/{name}" if real else name
            row = directories[real] = self._imply(name, row)
        return row

    def _imply(self, name: str, parent: int) -> int:
        """Add the directory `name` in `parent` that no entry states, and return its row."""
        changeset = self._changeset
        row = len(changeset.names)
        if row > self._limits.max_entries:
            raise self._limits.exceeded("max_entries", f"{self._what} implies more than {row:,} directories")
        changeset.names.append(name)
        changeset.parents.append(parent)
        changeset.kinds.append(_IMPLICIT)
        changeset.identities.append(0)
        changeset.sizes.append(0)
        changeset.mtimes.append(0)
        changeset.offsets.append(-1)
        return row

    def _through_symlinks(self, path: str) -> str:
        """Return where the directory `path` lies once the symlinks of this layer are followed."""
        symlinks = self._symlinks
        if not symlinks:
            return path
        todo = path.split("/")[::-1]
        done: list[str] = []
        hops = 0
        while todo:
            part = todo.pop()
            if part == "..":
                del done[-1:]
            elif part not in ("", "."):
                done.append(part)
                target = symlinks.get("/".join(done))
                if target is not None:
                    hops += 1
                    if hops > _MAX_LINKS:
                        return path
                    done = [] if target.startswith("/") else done[:-1]
                    todo.extend(target.split("/")[::-1])
        return "/".join(done)

    def _state_root(self, index: int, mtime: int, xattrs: dict[str, bytes] | None) -> None:
        changeset = self._changeset
        changeset.kinds[ROOT] = _DIRECTORY
        changeset.identities[ROOT] = index
        changeset.mtimes[ROOT] = mtime
        if xattrs:
            changeset.xattrs[ROOT] = xattrs

    def _report(self, code: str, message: str, path: str) -> None:
        if len(self._changeset.diagnostics) < 100:  # noqa: PLR2004 - the first hundred tell the story
            self._changeset.diagnostics.append(Diagnostic(code, message, path="/" + path))
