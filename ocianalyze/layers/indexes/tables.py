"""The tables of contents of eStargz and zstd:chunked, which are one JSON format with few differences.

Sources: stargz-snapshotter, ``docs/estargz.md`` and ``estargz/types.go``; container-libs,
``storage/pkg/chunked/internal/minimal/compression.go`` and ``toc/toc.go``.
"""

from __future__ import annotations

from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocianalyze.errors import InvalidImageError
from ocianalyze.layers.indexes.index import KINDS, PERMISSIONS, IndexUnusableError, Stretch
from ocianalyze.layers.indexes.units import LARGEST_UNIT
from ocianalyze.layers.indexes.values import INT64, number_of, seconds_of, text_of, xattrs_of
from ocianalyze.layers.metering.limits import DEFAULT_LIMITS, RATIO, Limits
from ocianalyze.layers.tar.entry import Attributes, Kind
from ocianalyze.layers.tar.special import refused_target, special_file
from ocianalyze.layers.tar.tarstream import BLOCK
from ocianalyze.layers.tar.xattrs import refused_attributes
from ocianalyze.oci import json
from ocianalyze.oci.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ocianalyze.layers.tar.entry import RawEntry
    from ocianalyze.layers.tar.obstacles import Refusal

_FILE, _SYMLINK = int(Kind.FILE), int(Kind.SYMLINK)
_LINKS: Final = frozenset((_SYMLINK, int(Kind.HARDLINK)))
_SPECIAL: Final = frozenset((int(Kind.CHARACTER_DEVICE), int(Kind.BLOCK_DEVICE), int(Kind.FIFO)))
_CHUNK: Final = "chunk"
_ZEROS: Final = "zeros"
_VALUE: Final = 100
"""How many bytes of memory a value of JSON takes, with its place in a list or its key."""
_PARSING: Final = Lock()
"""So that the values of one table only are in memory at a time."""
_UNKNOWN: Final = -1


class Chunk(NamedTuple):
    """A piece of a file that is stored by itself.

    Attributes:
        start: where the gzip member or the zstd frames that it is in begin in the layer.
        end: where they end.
        inner: how many plain bytes there are before it.
        size: how many bytes it has.
        digest: its digest; None for zeros, which are not stored.
    """

    start: int
    end: int
    inner: int
    size: int
    digest: Digest | None


class HeaderPlace(NamedTuple):
    """Where headers are stored: from byte `start` to `end` of the layer, behind `skip` plain bytes, before `stop`."""

    start: int
    end: int
    skip: int
    stop: int | None


class Table(NamedTuple):
    """A table of contents.

    Attributes:
        entries: the entries in the order of the tar; `offset` counts the bytes of all files before.
        chunks: the chunks of all files, in their order.
        stretches: where headers lie, and which entries they describe.
        places: the same in the layer, in the same order.
    """

    entries: Sequence[RawEntry]
    chunks: Sequence[Chunk]
    stretches: Sequence[Stretch]
    places: Sequence[HeaderPlace]


def read_table(raw: bytes, *, end: int, limits: Limits = DEFAULT_LIMITS) -> Table:
    """Return the table that is stored as JSON, of a layer whose contents end at byte `end`.

    Raises:
        IndexUnusableError: it is not such a table, contradicts itself, or has lost bytes of names.
    """
    if _memory_of(raw) > limits.max_memory >> 1:
        raise IndexUnusableError("the table of contents takes too much memory")
    try:
        with _PARSING:
            document = json.glance(raw, what="the table of contents")
    except InvalidImageError as error:
        raise IndexUnusableError(error.message) from error
    items = document.get("entries", 0) if isinstance(document, dict) else 0
    if items is None:  # as Go writes a list of none
        items = []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise IndexUnusableError("the table of contents has no list of entries")
    version = document.get("version")
    if version != 1 or type(version) is not int:
        raise IndexUnusableError(f"the table of contents has the unknown version {str(version)[:20]}")
    files = list(_files(items))
    chunks = list(_chunks(files, end))
    ends = {chunk.start: chunk.end for chunk in chunks if chunk.digest is not None}
    if sum(max(0, size - RATIO * (ends[start] - start)) for start, size in reach(chunks).items()) > limits.max_inflated:
        raise IndexUnusableError("the chunks inflate to far more than expected from their compressed size")
    stretches, places = _stretches(files, chunks, end)
    return Table(list(_entries(files)), chunks, stretches, places)


def reach(chunks: Iterable[Chunk]) -> dict[int, int]:
    """Return how many plain bytes of each member or frame belong to chunks, by the byte at which it begins."""
    found: dict[int, int] = {}
    for start, _, inner, size, digest in chunks:
        if digest is not None:
            found[start] = max(found.get(start, 0), inner + size)
    return found


def _memory_of(raw: bytes) -> int:
    """Return how many bytes of memory the values of a JSON document may take."""
    return 2 * len(raw) + _VALUE * sum(map(raw.count, (b",", b"[", b"{")))


class _File(NamedTuple):
    """An entry that is no chunk, and the chunks of its content: the entry itself may be the first."""

    item: Mapping[str, Any]
    pieces: Sequence[Mapping[str, Any]]


def _files(items: Iterable[Mapping[str, Any]]) -> Iterator[_File]:
    """Yield each entry with its chunks."""
    item: Mapping[str, Any] | None = None
    pieces: list[Mapping[str, Any]] = []
    for one in items:
        if one.get("type") == _CHUNK:
            if not pieces:
                raise IndexUnusableError("the table of contents has a chunk of no file")
            pieces.append(one)
            continue
        if item is not None:
            yield _File(item, pieces)
        item = one
        pieces = [one] if one.get("type") == "reg" and one.get("size") else []
    if item is not None:
        yield _File(item, pieces)


def _entries(files: Iterable[_File]) -> Iterator[RawEntry]:
    """Yield the entries as the tar has them."""
    identities: dict[tuple[int, int, int], Attributes] = {}
    times: dict[str, int] = {}
    offset = 0
    for item, _ in files:
        kind = KINDS.get(text_of(item, "type"), -1)
        path = text_of(item, "name")
        if kind < 0:
            raise IndexUnusableError(f"the table of contents has an entry of the unknown type {item.get('type')!r:.20}")
        identity = number_of(item, "mode") & PERMISSIONS, number_of(item, "uid"), number_of(item, "gid")
        attributes = identities.get(identity)
        if attributes is None:
            attributes = identities[identity] = Attributes(*identity)
        said = item.get("modtime", "")
        mtime = times.get(said) if isinstance(said, str) else None
        if mtime is None:
            mtime = times[said] = seconds_of(said)
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
        yield path, kind, attributes, size, mtime, link, offset, size, xattrs, refusals
        offset += size
        if offset >= INT64:
            raise IndexUnusableError("the files in the table of contents are too large")


def _chunks(files: Sequence[_File], end: int) -> Iterator[Chunk]:
    """Yield the chunks of all files; those of a file must be the whole of it, and none may lie before another."""
    stored = (piece for file in files for piece in file.pieces if not _is_hole(piece))
    following = dict(pairwise(sorted({end, *(number_of(piece, "offset") for piece in stored)})))
    last, last_inner = 0, 0
    for item, pieces in files:
        size, done = number_of(item, "size") if pieces else 0, 0
        file_end = number_of(item, "endOffset") or end
        for piece in pieces:
            length = number_of(piece, "chunkSize") or size - done
            if number_of(piece, "chunkOffset") != done or not 0 < length <= size - done:
                raise IndexUnusableError("the chunks of a file are not the whole of it")
            if length > LARGEST_UNIT:
                raise IndexUnusableError(f"a chunk has {length:,} bytes")
            done += length
            if _is_hole(piece):
                yield Chunk(0, 0, 0, length, None)
                continue
            start, inner = number_of(piece, "offset"), number_of(piece, "innerOffset")
            stop = min(following.get(start, 0), file_end)
            if (start, inner) <= (last, last_inner) or start >= stop:
                raise IndexUnusableError("chunks overlap, or lie outside of the layer")
            if max(stop - start, inner + length) > LARGEST_UNIT:
                raise IndexUnusableError(f"a chunk takes {max(stop - start, inner + length):,} bytes")
            last, last_inner = start, inner + length - 1
            yield Chunk(start, stop, inner, length, _digest(piece, whole=length == size))
        if done != size:
            raise IndexUnusableError("the chunks of a file are not the whole of it")


def _stretches(files: Sequence[_File], chunks: Sequence[Chunk], end: int) -> tuple[list[Stretch], list[HeaderPlace]]:
    """Return where the headers of entries lie: between the contents of files."""
    stretches: list[Stretch] = []
    places: list[HeaderPlace] = []
    start = skip = first = at = 0
    for number, (item, pieces) in enumerate(files):
        mine = [chunk for chunk in chunks[at : at + len(pieces)] if chunk.digest is not None]
        at += len(pieces)
        if not pieces:
            continue
        if mine and start != _UNKNOWN:
            begin = mine[0]
            is_shared = begin.start == start
            place = HeaderPlace(
                start, begin.end if is_shared else begin.start, skip, begin.inner if is_shared else None
            )
            stretches.append(Stretch(place.end - place.start, len(places), first, number))
            places.append(place)
        padding = -number_of(item, "size") % BLOCK
        if behind := number_of(item, "endOffset"):
            start, skip = behind, padding
        elif mine:
            last = mine[-1]
            start, skip = last.start, last.inner + last.size + padding
        else:  # nothing tells where it is
            start = _UNKNOWN
        first = number + 1
    if first < len(files) and _UNKNOWN != start < end:
        stretches.append(Stretch(end - start, len(places), first, len(files) - 1))
        places.append(HeaderPlace(start, end, skip, None))
    return stretches, places


def _is_hole(piece: Mapping[str, Any]) -> bool:
    return piece.get("chunkType") == _ZEROS


def _digest(piece: Mapping[str, Any], *, whole: bool) -> Digest:
    """Return the digest of a chunk; that of the file, if the chunk is the whole of it and has none."""
    said = piece.get("chunkDigest") or (piece.get("digest") if whole else None)
    try:
        return Digest.parse(said)
    except InvalidImageError as error:
        raise IndexUnusableError("a chunk has no digest") from error
