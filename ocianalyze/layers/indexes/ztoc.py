"""The ztoc of a layer, which SOCI makes: its entries with their places in the tar, and its spans.

Sources: soci-snapshotter, ``ztoc/fbs/ztoc.fbs`` and ``ztoc/ztoc_marshaler.go``. Everything is checked against itself
and the size of the layer before any of it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.layers.indexes.checkpoints import PREFIX, WIDTH, check_prefix, lacking_points, read_digest, read_spans
from ocianalyze.layers.indexes.fetched_spans import FetchedSpans
from ocianalyze.layers.indexes.flatbuffers import POSITION, Flatbuffer, FlatbufferError
from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.layers.indexes.ztoc_entries import EntryReader
from ocianalyze.layers.metering.budget import LISTED
from ocianalyze.layers.metering.loans import UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.layers.indexes.checkpoints import Spans
    from ocianalyze.layers.indexes.ztoc_entries import Headers
    from ocianalyze.layers.metering.limits import Limits
    from ocianalyze.layers.metering.loans import Loan
    from ocianalyze.layers.tar.entry import RawEntry
    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.image import Ranges

HEAD: Final = 1 << 16
"""How many bytes are enough for `stated_layer_size`: what is written last, the root table, comes first."""
WORTH_PARTS: Final = 1 << 20
"""Checkpoints with more bytes than that are fetched as they are needed, if they can be."""
_BEFORE_DIGESTS: Final = 1 << 12
_PER_SPAN: Final = 88
"""How many bytes the tables before the digests of spans take at most in real ztocs, and how many each digest does."""
_VERSION: Final = b"0.9"
_GZIP, _UNCOMPRESSED = 1, 2

# The forms of the tables, slot by slot.
_ZTOC: Final = "@ qq@@"
_STORED_SIZE: Final = "  q"
_TOC: Final = "@"
_COMPRESSION_INFO: Final = "bi@@"


class Ztoc(NamedTuple):
    """What a ztoc says, which agrees with itself.

    Attributes:
        entries: the entries, as the tar has them.
        size: the size of the tar, without what pads it.
        end: where its last entry ends; from there to `size` it has zeros.
        is_compressed: whether the spans have to be inflated.
        spans: the spans that the tar lies in.
        headers: all stretches with headers, in their order.
        odd: the numbers of those that have another length than their entries explain.
    """

    entries: list[RawEntry]
    size: int
    end: int
    is_compressed: bool
    spans: Spans
    headers: Sequence[Headers]
    odd: Sequence[int]


def stated_layer_size(head: bytes) -> int | None:
    """Return the size of the layer that a ztoc is for, as stored; None if its first `HEAD` bytes do not tell it."""
    try:
        buffer = Flatbuffer(head)
        size = buffer.tables(_STORED_SIZE).read(buffer.root())[0]
    except FlatbufferError:
        return None
    return size if size > 0 else None


def read_ztoc(content: bytes, *, layer_size: int, limits: Limits, loan: Loan = UNLIMITED) -> Ztoc:
    """Return the ztoc of a layer that is stored as `layer_size` bytes.

    Raises:
        IndexUnusableError: it is no ztoc of such a layer, contradicts itself, or takes too much memory.
    """
    buffer = Flatbuffer(content)
    try:
        said = _read(buffer, buffer, 0, layer_size, limits, loan)
        state = buffer.string(said.state_at)
        sizes = {"layer_size": layer_size, "size": said.size, "end": said.entries.end}
        spans = read_spans(state, said.digests, is_compressed=said.is_compressed, **sizes)
    except FlatbufferError as error:
        raise IndexUnusableError(f"the ztoc cannot be read: {error}") from error
    return said.ztoc(spans)


def read_ztoc_in_parts(ranges: Ranges, *, layer_size: int, limits: Limits, loan: Loan = UNLIMITED) -> Ztoc | None:
    """Return the ztoc of a layer without most of its checkpoints, which are read from `ranges` as they are needed.

    Those who make ztocs put the checkpoints between all other things. Return None if they did not, or if it is not
    worth it. Nobody compares what is read with the digest of the ztoc.

    Raises:
        IndexUnusableError: as for `read_ztoc`.
        OcianalyzeError: it cannot be had.
    """
    enough = _BEFORE_DIGESTS + _PER_SPAN * (ranges.size // WIDTH)
    if ranges.size <= max(enough, 2 * WORTH_PARTS):
        return None
    before = Flatbuffer(ranges.read([(0, enough)])[0])
    try:
        state_at = before.tables(_COMPRESSION_INFO).read(before.tables(_ZTOC).read(before.root())[-1])[-1]
        size, at = before.length(state_at), state_at + POSITION
        behind = at + size
        if size < WORTH_PARTS or not behind < ranges.size <= behind + (limits.max_memory >> 3):
            return None
        loan.change(ranges.size - behind)
        after = Flatbuffer(ranges.read([(behind, ranges.size)])[0])
        said = _read(before, after, behind, layer_size, limits, loan)
    except FlatbufferError:
        return None
    if not said.is_compressed or at + PREFIX.size > enough:
        return None
    count = len(said.digests)
    lacking = lacking_points(size, count)
    check_prefix(before.content[at : at + PREFIX.size], count)
    sizes = {"layer_size": layer_size, "size": said.size, "end": said.entries.end}
    most = limits.max_memory >> 4
    return said.ztoc(FetchedSpans(ranges, at, said.digests, lacking=lacking, most=most, **sizes))


class _Said(NamedTuple):
    """What a ztoc says but for the checkpoints, and where these are in it."""

    entries: EntryReader
    size: int
    is_compressed: bool
    digests: Sequence[Digest]
    state_at: int

    def ztoc(self, spans: Spans) -> Ztoc:
        """Return it with its spans."""
        entries = self.entries
        return Ztoc(entries.entries, self.size, entries.end, self.is_compressed, spans, entries.headers, entries.odd)


def _read(before: Flatbuffer, after: Flatbuffer, behind: int, layer_size: int, limits: Limits, loan: Loan) -> _Said:
    """Read a ztoc whose bytes are those of `before`, and those of `after` from byte `behind` on."""

    def later(position: int) -> int:
        if 0 < position < behind:
            raise FlatbufferError("it is not in the usual order")
        return position and position - behind

    version_at, stored_size, size, toc_at, info_at = before.tables(_ZTOC).read(before.root())
    version = after.string(later(version_at))
    if version != _VERSION:
        raise IndexUnusableError(f"the ztoc has the unknown version {version[:20]!r}")
    if stored_size != layer_size:
        raise IndexUnusableError(f"the ztoc is for a layer of {stored_size:,} bytes, not of {layer_size:,}")
    if not toc_at or not info_at:
        raise IndexUnusableError("the ztoc has no entries or no spans")
    positions = after.references(after.tables(_TOC).read(later(toc_at))[0], most=(limits.max_memory >> 1) // LISTED)
    loan.change(len(after.content) + LISTED * len(positions))
    entries = EntryReader(after, size)
    entries.read(positions)
    algorithm, last_span, digests_at, state_at = before.tables(_COMPRESSION_INFO, {0: _GZIP}).read(info_at)
    if algorithm not in (_GZIP, _UNCOMPRESSED):
        raise IndexUnusableError(f"the ztoc is for the unknown compression {algorithm}")
    digests = [read_digest(before.string(position)) for position in before.references(digests_at)]
    if not 0 < len(digests) == last_span + 1:
        raise IndexUnusableError("the ztoc has another number of digests than of spans")
    return _Said(entries, size, algorithm == _GZIP, digests, state_at)
