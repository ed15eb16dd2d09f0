"""Finds the index of a layer: a table of contents by annotations of its descriptor, or the ztoc of a SOCI index.

Sources: stargz-snapshotter, ``docs/estargz.md`` and ``estargz/zstdchunked``; container-libs,
``storage/pkg/chunked/internal/minimal/compression.go``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ocianalyze.errors import CorruptLayerError, InvalidImageError, OcianalyzeError
from ocianalyze.layers.blob.estargz import FOOTER, table_offset
from ocianalyze.layers.blob.pieces import inflate
from ocianalyze.layers.indexes.chunks import ChunkedContents
from ocianalyze.layers.indexes.index import IndexKind, IndexUnusableError, IndexUse, OpenIndex
from ocianalyze.layers.indexes.ranges import ranges_of
from ocianalyze.layers.indexes.spans import ZtocContents
from ocianalyze.layers.indexes.table_items import memory_of_table
from ocianalyze.layers.indexes.tables import read_table
from ocianalyze.layers.indexes.ztoc import Ztoc, read_ztoc, read_ztoc_in_parts
from ocianalyze.layers.metering.loans import UNLIMITED
from ocianalyze.layers.tar.entry import Attributes, Kind
from ocianalyze.layers.tar.tarstream import BLOCK
from ocianalyze.oci.digest import Digest
from ocianalyze.oci.image import BlobInPieces
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.layers.blob.pieces import Codec
    from ocianalyze.layers.indexes.ranges import CountedRanges
    from ocianalyze.layers.metering.limits import Limits
    from ocianalyze.layers.metering.loans import Loan
    from ocianalyze.layers.tar.entry import RawEntry
    from ocianalyze.oci.image import Blob, Ranges, StoredZtoc

ESTARGZ: Final = "containerd.io/snapshot/stargz/toc.digest"
_PREFIXES: Final[dict[IndexKind, str]] = {
    "zstd-chunked": "io.github.containers.zstd-chunked.",
    "zstd-chunked-stargz": "io.containers.zstd-chunked.",
}
_CHECKSUM: Final = "manifest-checksum"
_POSITION: Final = "manifest-position"
_STATED: Final = regex(r"(\d{1,18}):(\d{1,18}):(\d{1,18}):1")
"""Offset, length, length of the JSON, and the type of a table (the only one that there is)."""
_OCTAL: Final = regex(rb"[0-7]{1,11}")
_FRAME: Final = 8
"""The size of the header of a skippable frame; positions are behind it."""
_NAME: Final = "stargz.index.json"
_LARGEST: Final = 150 << 20
"""How large a table may be, stored or as JSON, whatever the limits are: container-libs reads no larger ones."""
_CHUNK: Final = 200
_HEADERS: Final = 300
"""How many bytes of memory a chunk takes, with its digest, and a place where headers are."""
_EXPANSION: Final = 100
"""How many times as large as what is stored a table is thought to be at most, until it is known."""


class FoundTable(NamedTuple):
    """The table that the annotations of a layer name.

    Attributes:
        kind: which of the formats it has.
        digest: the digest that the annotation states, of the JSON (eStargz) or of what is stored (zstd:chunked).
        position: where it is stored, from the first byte to before the last, and the size of the JSON; None if the
            layer's footer tells that.
    """

    kind: IndexKind
    digest: Digest
    position: tuple[int, int, int] | None


def has_table(annotations: Mapping[str, str]) -> bool:
    """Tell whether annotations name a table of contents, usable or not."""
    return any(f"{prefix}{_CHECKSUM}" in annotations for prefix in _PREFIXES.values()) or ESTARGZ in annotations


def find_table(annotations: Mapping[str, str]) -> FoundTable | None:
    """Return the table of contents that a layer has, None if there is none.

    Raises:
        IndexUnusableError: the annotations are invalid, or name several.
    """
    kinds = [kind for kind, prefix in _PREFIXES.items() if f"{prefix}{_CHECKSUM}" in annotations]
    if ESTARGZ in annotations and "zstd-chunked-stargz" not in kinds:  # that has both
        kinds.append("estargz")
    if not kinds:
        return None
    if len(kinds) > 1:
        raise IndexUnusableError("its annotations name several tables of contents")
    kind = kinds[0]
    prefix = _PREFIXES.get(kind)
    try:
        digest = Digest.parse(annotations[ESTARGZ if prefix is None else f"{prefix}{_CHECKSUM}"])
    except InvalidImageError as error:
        raise IndexUnusableError("the annotation with the digest of its table of contents is invalid") from error
    if prefix is None:
        return FoundTable(kind, digest, None)
    stated = _STATED.fullmatch(annotations.get(f"{prefix}{_POSITION}", ""))
    if stated is None:
        raise IndexUnusableError("the annotation with the position of its table of contents is invalid")
    start, length, size = map(int, stated.groups())
    return FoundTable(kind, digest, (start, start + length, size))


def read_index(found: FoundTable, ranges: Ranges, limits: Limits, loan: Loan = UNLIMITED) -> OpenIndex:
    """Return the table of contents, checked against its digest.

    Raises:
        IndexUnusableError: it cannot be used.
        OcianalyzeError: it cannot be had.
    """
    reader = _TableReader(found.digest, ranges, limits, loan)
    try:
        return reader.estargz() if found.position is None else reader.zstd_chunked(*found.position)
    except CorruptLayerError as error:
        raise IndexUnusableError(error.message) from error


class _TableReader(NamedTuple):
    """Reads the table that has a digest."""

    digest: Digest
    ranges: Ranges
    limits: Limits
    loan: Loan

    def estargz(self) -> OpenIndex:
        """Read a table that the footer of its layer leads to."""
        ranges, most = self.ranges, self._most
        end = ranges.size - FOOTER
        footer = ranges.read([(max(0, end), ranges.size)])[0]
        start = table_offset(footer)
        if start is None:
            raise IndexUnusableError("it has no footer that says where its table of contents is")
        if not 0 < start < end or end - start > most:
            raise IndexUnusableError("its table of contents lies outside of the layer, or is too large")
        self.loan.change(min(most, _EXPANSION * (end - start)))
        raw = ranges.read([(start, end)])[0]
        member = inflate(raw, "gzip", most=most, at=start)
        name, size = member[:100].partition(b"\0")[0], member[124:136].strip(b"\0 ")
        if name != _NAME.encode() or not _OCTAL.fullmatch(size):
            raise IndexUnusableError("its table of contents has no tar header")
        table = member[BLOCK : BLOCK + int(size, 8)]
        own: RawEntry = (_NAME, int(Kind.FILE), Attributes(0, 0, 0), len(table), 0, "", -1, len(table), None, ())
        return self._index(table, table, start, "gzip", own)

    def zstd_chunked(self, start: int, end: int, size: int) -> OpenIndex:
        """Read a table of `size` bytes that is stored from one byte to before another."""
        if not _FRAME < start < end <= self.ranges.size or max(end - start, size) > self._most:
            raise IndexUnusableError("its table of contents lies outside of the layer, or is too large")
        self.loan.change(end - start + size)
        stored = self.ranges.read([(start, end)])[0]
        table = inflate(stored, "zstd", most=size + 1, at=start)
        if len(table) != size:
            raise IndexUnusableError("its table of contents has another size than its annotation states")
        return self._index(stored, table, start - _FRAME, "zstd")

    @property
    def _most(self) -> int:
        """How many bytes the table may have, stored or as JSON."""
        return min(_LARGEST, self.limits.max_memory >> 4)

    def _index(self, bound: bytes, raw: bytes, end: int, codec: Codec, *own: RawEntry) -> OpenIndex:
        """Return the index of a table; `bound` is what its digest is for, `own` is its own entry in the tar."""
        if not self.digest.matches(bound):
            raise IndexUnusableError("its table of contents does not match the digest in the manifest")
        self.loan.change(memory_of_table(raw))
        table = read_table(raw, end=end, limits=self.limits)
        table.entries.extend(own)
        size = sum(BLOCK + -(-entry[3] // BLOCK) * BLOCK for entry in table.entries)
        memory = _CHUNK * len(table.chunks) + _HEADERS * len(table.headers)
        return OpenIndex(table.entries, ChunkedContents(table, self.ranges, codec), codec, size, memory)


def read_ztoc_index(
    stored: StoredZtoc, ranges: CountedRanges, limits: Limits, loan: Loan = UNLIMITED
) -> tuple[OpenIndex, IndexUse]:
    """Return the ztoc of a layer as its index, and what it is.

    Of a large ztoc, only those parts are read that are needed, unless the registry is not the only one who may have it.

    Raises:
        IndexUnusableError: it cannot be used, or cannot be had.
    """
    kind: IndexKind = "soci-v2" if stored.version == 2 else "soci-v1"  # noqa: PLR2004 - the newer version
    use = IndexUse(kind, stored.digest, stored.bound, ranges)
    try:
        parts = _parts_of(stored.blob)
        ztoc = None if parts is None else read_ztoc_in_parts(parts, layer_size=ranges.size, limits=limits, loan=loan)
        if ztoc is not None:
            use = use._replace(parts=parts)
        else:
            ztoc, size = read_stored_ztoc(stored, ranges.size, limits, loan)
            use = use._replace(size=size + (0 if parts is None else parts.bytes_read))
    except OcianalyzeError as error:
        raise IndexUnusableError(f"its ztoc cannot be read: {error.message}") from error
    codec: Literal["gzip", "none"] = "gzip" if ztoc.is_compressed else "none"
    memory = use.bytes_read + _HEADERS * len(ztoc.headers)
    return OpenIndex(ztoc.entries, ZtocContents(ztoc, ranges), codec, ztoc.size, memory), use


def _parts_of(blob: Blob | None) -> CountedRanges | None:
    """Return the way to parts of a ztoc, if it has to be fetched, and only from whom the image was asked of."""
    return ranges_of(blob) if isinstance(blob, BlobInPieces) and blob.has_one_place else None


def read_stored_ztoc(stored: StoredZtoc, layer_size: int, limits: Limits, loan: Loan = UNLIMITED) -> tuple[Ztoc, int]:
    """Return the ztoc of a layer of so many bytes, checked against its digest, and how many bytes it has itself.

    Raises:
        IndexUnusableError: it cannot be used.
        OcianalyzeError: it cannot be had.
    """
    if stored.blob is None:
        raise IndexUnusableError("its ztoc cannot be found")
    size = stored.blob.size
    if size is None or size > min(_LARGEST, limits.max_memory >> 3):
        raise IndexUnusableError("its ztoc is too large")
    loan.change(2 * size)
    content = b"".join(stored.blob.chunks())
    if not stored.digest.matches(content):
        raise IndexUnusableError("its ztoc does not match its digest")
    return read_ztoc(content, layer_size=layer_size, limits=limits, loan=loan), len(content)
