"""The entries in a ztoc: what Go's archive/tar made of the headers becomes what our parser makes of the same headers.

Sources: soci-snapshotter, ``ztoc/fbs/ztoc.fbs`` and ``ztoc/toc_builder.go``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from ocianalyze.layers.indexes import listed
from ocianalyze.layers.indexes.checkpoints import TAR_END
from ocianalyze.layers.indexes.index import KINDS, PERMISSIONS, Identities, IndexUnusableError
from ocianalyze.layers.indexes.times import whole_seconds
from ocianalyze.layers.tar.entry import Kind
from ocianalyze.layers.tar.special import refused_target, special_file
from ocianalyze.layers.tar.tarstream import BLOCK
from ocianalyze.layers.tar.xattrs import refused_attributes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.layers.indexes.flatbuffers import Flatbuffer
    from ocianalyze.layers.tar.entry import RawEntry
    from ocianalyze.layers.tar.obstacles import Refusal

# The forms of the tables, slot by slot; names of users and groups are passed over.
_FILE_METADATA: Final = "@@qq@qII  @qq@"
_RECORD: Final = "@@"

_KINDS: Final = {name.encode(): kind for name, kind in KINDS.items()}
_FILE, _DIRECTORY, _SYMLINK, _HARDLINK = (
    int(kind) for kind in (Kind.FILE, Kind.DIRECTORY, Kind.SYMLINK, Kind.HARDLINK)
)
_LINKS: Final = frozenset((_SYMLINK, _HARDLINK))
_SHORT_NAME: Final = 100
"""What is shorter never has an extended header of GNU tar."""
_XATTR: Final = b"SCHILY.xattr."
_SPARSE: Final = b"GNU.sparse."
_SHOWN: Final = 100
"""How many characters of a name an error shows."""

Headers: TypeAlias = tuple[int, int, int, int]
"""A stretch of the tar with headers only: from where to before where, and the first and the last of their entries."""


class EntryReader:
    """Reads the entries, and finds out where their headers lie in the tar.

    The content of an entry begins behind its header, also if there is none. So what lies between the content of one
    entry and that of the next is the header of the latter, with its extended headers.

    Attributes:
        entries, headers, odd, end: see `Ztoc`; `end` is that of what was read so far.
    """

    def __init__(self, buffer: Flatbuffer, size: int) -> None:
        self._buffer = buffer
        self._tables = buffer.tables(_FILE_METADATA)
        self._records = buffer.tables(_RECORD)
        self._size = size
        self._begin = self._first = 0
        self._identities = Identities()
        self._times: dict[bytes, int] = {}
        self.entries: list[RawEntry] = []
        self.headers: list[Headers] = []
        self.odd: list[int] = []
        self.end = 0

    def read(self, positions: Sequence[int]) -> None:
        """Read the entries whose tables are at these positions."""
        entries = self.entries
        while len(entries) < len(positions):
            if listed.compiled_ztoc is not None:
                self._take(positions)
            if len(entries) < len(positions):
                self._read_one(positions[len(entries)])
        if self._first < len(entries):
            self.headers.append((self._begin, self.end, self._first, len(entries) - 1))
        if not 0 <= self._size <= self.end + TAR_END:
            raise IndexUnusableError("the entries in the ztoc are not the whole tar")

    def _take(self, positions: Sequence[int]) -> None:
        """Read those that come next as far as they are ordinary, all at once."""
        state = self._size, self._begin, self.end, self._first
        layouts = self._tables.places, self._records.places
        self._buffer.left, self._begin, self.end, self._first = listed.compiled_ztoc.take_entries(
            self._buffer.content,
            self._buffer.left,
            positions,
            *layouts,
            self._identities,
            self.entries,
            self.headers,
            state,
        )

    def _read_one(self, position: int) -> None:
        """Read the one that comes next, whose table is at `position`."""
        string = self._buffer.string
        fields = self._tables.read(position)
        name_at, type_at, offset, size, link_at, mode, uid, gid, time_at, major, minor, records_at = fields
        raw_path, raw_link = string(name_at), b""
        path, link = _text(raw_path), ""
        kind = _KINDS.get(string(type_at), -1)
        stamp = string(time_at)
        mtime = self._times.get(stamp)
        if mtime is None:
            mtime = self._times[stamp] = whole_seconds(stamp.decode("ascii", "replace"))
        stored = 0
        refusals: tuple[Refusal, ...] = ()
        if kind == _FILE:
            stored = size
        elif kind in _LINKS:
            raw_link = string(link_at)
            link = _text(raw_link)
            refusals = refused_target(raw_link) if kind == _SYMLINK else ()
        elif kind != _DIRECTORY:
            kind, refusals = special_file(kind, major, minor)
        xattrs, extended = self._extended(records_at)
        if xattrs:
            refusals = (*refusals, *refused_attributes(kind, xattrs))

        gap = offset - self.end
        if kind < 0 or size < 0 or gap < BLOCK or gap % BLOCK or offset + stored > self._size:
            raise _invalid(path, is_known=kind >= 0)
        if (gap != BLOCK or extended) and not _explains(gap, raw_path, raw_link, extended):
            self._note_odd()
        self.end = offset
        number = len(self.entries)
        if stored:
            self.headers.append((self._begin, offset, self._first, number))
            self._first = number + 1
            self._begin = self.end = offset + stored + BLOCK - 1 & -BLOCK
        attributes = self._identities[mode & PERMISSIONS, uid, gid]
        self.entries.append((path, kind, attributes, stored, mtime, link, offset, stored, xattrs, refusals))

    def _note_odd(self) -> None:
        """Take note that the stretch that is being read is odd."""
        if self.odd[-1:] != [len(self.headers)]:
            self.odd.append(len(self.headers))

    def _extended(self, position: int) -> tuple[dict[str, bytes] | None, int]:
        """Return the extended attributes in a vector of PAX records, and how many bytes all of them have in the tar."""
        places = self._buffer.references(position)
        if not places:
            return None, 0
        string = self._buffer.string
        xattrs: dict[str, bytes] = {}
        size = 0
        for place in places:
            key_at, value_at = self._records.read(place)
            key, value = string(key_at), string(value_at)
            if key.startswith(_XATTR):
                xattrs[_text(key.removeprefix(_XATTR))] = value
            elif key.startswith(_SPARSE):
                raise IndexUnusableError("the ztoc lists a sparse file, and does not tell where its content is")
            size += _record_size(len(key) + len(value))
        return xattrs or None, size


# ---- the length of headers -------------------------------------------------------------------------------------------


def _explains(gap: int, path: bytes, link: bytes, extended: int) -> bool:
    """Tell whether an entry needs so many bytes before its content: for its header, and its extended headers."""
    long_path, long_link = (_extended(len(name) + 1) if len(name) >= _SHORT_NAME else 0 for name in (path, link))
    rest = gap - BLOCK - (_extended(extended) if extended else 0)
    return rest in (0, long_path, long_link, long_path + long_link)


def _extended(size: int) -> int:
    """Return how many bytes an extended header takes whose content has `size` bytes."""
    return BLOCK + (size + BLOCK - 1 & -BLOCK)


def _record_size(size: int) -> int:
    """Return how many bytes a PAX record has whose key and value have `size` bytes: it begins with that number."""
    size += len(" =\n")
    digits = 1
    while size + digits >= 10**digits:
        digits += 1
    return size + digits


# ---- what entries state ----------------------------------------------------------------------------------------------


def _text(raw: bytes) -> str:
    """Return a name; no tar can state one with a null byte."""
    if b"\0" in raw:
        raise IndexUnusableError(f"the ztoc has a name with a null byte: {raw[:_SHOWN]!r:.{_SHOWN}}")
    return raw.decode("utf-8", "surrogateescape")


def _invalid(path: str, *, is_known: bool) -> IndexUnusableError:
    shown = repr(path[:_SHOWN])[:_SHOWN]
    if not is_known:
        return IndexUnusableError(f"the ztoc has an unknown type for {shown}")
    return IndexUnusableError(f"the ztoc has no room for {shown} and its header in the tar")
