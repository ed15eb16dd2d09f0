"""The tables of contents of eStargz and zstd:chunked, which are one JSON format with few differences.

Sources: stargz-snapshotter, ``docs/estargz.md`` and ``estargz/types.go``; container-libs,
``storage/pkg/chunked/internal/minimal/compression.go`` and ``toc/toc.go``.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ocianalyze.errors import InvalidImageError
from ocianalyze.layers.indexes import listed
from ocianalyze.layers.indexes.chunk_list import ChunkList
from ocianalyze.layers.indexes.index import KINDS, PERMISSIONS, Identities, IndexUnusableError
from ocianalyze.layers.indexes.table_items import NotPlainError, StoredItems, is_chunk, parsed_items, stored_items
from ocianalyze.layers.indexes.values import INT64, number_of, seconds_of, text_of, xattrs_of
from ocianalyze.layers.metering.limits import DEFAULT_LIMITS, Limits
from ocianalyze.layers.tar.entry import Kind
from ocianalyze.layers.tar.special import refused_target, special_file
from ocianalyze.layers.tar.tarstream import BLOCK
from ocianalyze.layers.tar.xattrs import refused_attributes
from ocianalyze.oci.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.layers.indexes.table_items import Item, ParsedItems
    from ocianalyze.layers.tar.entry import RawEntry
    from ocianalyze.layers.tar.obstacles import Refusal

_FILE, _SYMLINK = int(Kind.FILE), int(Kind.SYMLINK)
_LINKS: Final = frozenset((_SYMLINK, int(Kind.HARDLINK)))
_SPECIAL: Final = frozenset((int(Kind.CHARACTER_DEVICE), int(Kind.BLOCK_DEVICE), int(Kind.FIFO)))
_ZEROS: Final = "zeros"
_UNKNOWN: Final = -1
_FARTHEST: Final = 1 << 62
"""How many plain bytes there may be before the end of a chunk for it to be looked at any further."""


Headers: TypeAlias = tuple[int, int, int, int, int]
"""Where the headers of some entries are stored, behind the content of a file: where the gzip member or the zstd frames
that they are in begin in the layer, how many plain bytes there are before them, the first and the last of the entries,
and the first chunk of the content behind them, -1 if there is none."""


class Table(NamedTuple):
    """A table of contents.

    Attributes:
        entries: the entries in the order of the tar; `offset` counts the bytes of all files before.
        chunks: the chunks of all files, in their order.
        headers: where headers lie, in the order of the tar.
    """

    entries: list[RawEntry]
    chunks: ChunkList
    headers: Sequence[Headers]


def read_table(raw: bytes, *, end: int, limits: Limits = DEFAULT_LIMITS) -> Table:
    """Return the table that is stored as JSON, of a layer whose contents end at byte `end`.

    Raises:
        IndexUnusableError: it is not such a table, contradicts itself, or has lost bytes of names.
    """
    most = limits.max_memory >> 1
    stored = stored_items(raw, most)
    if stored is not None:
        with suppress(NotPlainError, IndexUnusableError):  # the whole document decides whether it is wrong, and why
            return _read(stored, end, limits)
    return _read(parsed_items(raw, most), end, limits)


def _read(items: ParsedItems | StoredItems, end: int, limits: Limits) -> Table:
    listing = _Listing(items, end)
    listing.read()
    listing.chunks.check(limits.max_inflated)
    return Table(listing.entries, listing.chunks, listing.headers)


class _Listing:
    """Reads the entries and their chunks, and finds out where their headers lie in the layer.

    Attributes:
        entries, chunks, headers: see `Table`.
    """

    def __init__(self, items: ParsedItems | StoredItems, end: int) -> None:
        self._items = items
        self._end = end
        self._offset = 0
        self._last, self._last_inner = 0, 0
        self._start = self._skip = self._first = 0
        self._identities = Identities()
        self._times: dict[object, int] = {}
        self.entries: list[RawEntry] = []
        self.chunks = ChunkList(end)
        self.headers: list[Headers] = []

    def read(self) -> None:
        """Read all of them."""
        while not self._items.is_over:
            if isinstance(self._items, StoredItems):
                self._take(self._items)
            if not self._items.is_over:
                self._read_one(*self._items.take())
        if self._first < len(self.entries) and _UNKNOWN != self._start < self._end:
            self.headers.append((self._start, self._skip, self._first, len(self.entries) - 1, -1))

    def _take(self, items: StoredItems) -> None:
        """Read those that come next as far as they are ordinary, all at once."""
        chunks = self.chunks
        state = items.at, self._offset, self._last, self._last_inner, self._start, self._skip, self._first
        state, *columns = listed.compiled_table.take_entries(
            items.raw, self._end, self._identities, self.entries, self.headers, chunks.digests, state
        )
        items.at, self._offset, self._last, self._last_inner, self._start, self._skip, self._first = state
        for column, more in zip((chunks.starts, chunks.limits, chunks.inners, chunks.sizes), columns, strict=True):
            column.frombytes(more)

    def _read_one(self, item: Item, further: Sequence[Item]) -> None:
        """Read an entry with its chunks, of which it may state the first itself."""
        pieces = [item, *further] if item.get("type") == "reg" and item.get("size") else []
        if is_chunk(item) or (further and not pieces):
            raise IndexUnusableError("the table of contents has a chunk of no file")
        entry = self._entry(item)
        first = len(self.chunks)
        self._add_chunks(item, pieces)
        if pieces:
            self._add_headers(item, first)
        self.entries.append(entry)
        self._offset += entry[3]
        if self._offset >= INT64:
            raise IndexUnusableError("the files in the table of contents are too large")

    def _entry(self, item: Item) -> RawEntry:
        """Return an entry as the tar has it."""
        kind = KINDS.get(text_of(item, "type"), -1)
        path = text_of(item, "name")
        if kind < 0:
            raise IndexUnusableError(f"the table of contents has an entry of the unknown type {item.get('type')!r:.20}")
        said = item.get("modtime", "")
        mtime = self._times.get(said) if isinstance(said, str) else None
        if mtime is None:
            mtime = self._times[said] = seconds_of(said)
        link = ""
        refusals: tuple[Refusal, ...] = ()
        if kind in _LINKS:
            link = text_of(item, "linkName")
            refusals = refused_target(link.encode("utf-8", "surrogatepass")) if kind == _SYMLINK else ()
        elif kind in _SPECIAL:
            kind, refusals = special_file(kind, number_of(item, "devMajor"), number_of(item, "devMinor"))
        size = number_of(item, "size") if kind == _FILE else 0
        xattrs = xattrs_of(item)
        if xattrs:
            refusals = (*refusals, *refused_attributes(kind, xattrs))
        attributes = self._identities[
            number_of(item, "mode") & PERMISSIONS, number_of(item, "uid"), number_of(item, "gid")
        ]
        return path, kind, attributes, size, mtime, link, self._offset, size, xattrs, refusals

    def _add_chunks(self, item: Item, pieces: Sequence[Item]) -> None:
        """Add the chunks of a file, which must be the whole of it, and none of which may lie before another."""
        size, done = number_of(item, "size") if pieces else 0, 0
        limit = number_of(item, "endOffset") or self._end
        for piece in pieces:
            length = number_of(piece, "chunkSize") or size - done
            if number_of(piece, "chunkOffset") != done or not 0 < length <= size - done:
                raise IndexUnusableError("the chunks of a file are not the whole of it")
            done += length
            if piece.get("chunkType") == _ZEROS:
                self.chunks.add_hole(length)
                continue
            start, inner = number_of(piece, "offset"), number_of(piece, "innerOffset")
            if (start, inner) <= (self._last, self._last_inner):
                raise IndexUnusableError("chunks overlap, or lie outside of the layer")
            self._last, self._last_inner = start, inner + length - 1
            if self._last_inner >= _FARTHEST:
                raise IndexUnusableError(f"a chunk takes {self._last_inner:,} bytes")
            self.chunks.add(start, limit, inner, length, _digest(piece, whole=length == size))
        if done != size:
            raise IndexUnusableError("the chunks of a file are not the whole of it")

    def _add_headers(self, item: Item, first: int) -> None:
        """Take note of where the headers before the content of a file lie, and where those behind it begin.

        `first` is the first of its chunks, by number.
        """
        chunks, number = self.chunks, len(self.entries)
        stored = [chunk for chunk in range(first, len(chunks)) if not chunks.is_hole(chunk)]
        if stored and self._start != _UNKNOWN:
            self.headers.append((self._start, self._skip, self._first, number, stored[0]))
        padding = -number_of(item, "size") % BLOCK
        if behind := number_of(item, "endOffset"):
            self._start, self._skip = behind, padding
        elif stored:
            last = stored[-1]
            self._start, self._skip = chunks.starts[last], chunks.inners[last] + chunks.sizes[last] + padding
        else:  # nothing tells where it is
            self._start = _UNKNOWN
        self._first = number + 1


def _digest(piece: Item, *, whole: bool) -> Digest:
    """Return the digest of a chunk; that of the file, if the chunk is the whole of it and has none."""
    said = piece.get("chunkDigest") or (piece.get("digest") if whole else None)
    try:
        return Digest.parse(said)
    except InvalidImageError as error:
        raise IndexUnusableError("a chunk has no digest") from error
