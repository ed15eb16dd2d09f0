"""Reads one layer: its changeset, its digests and sizes, and access to its contents."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import ContentUnavailableError, CorruptLayerError, DigestMismatchError
from ocianalyze.layers.blob.ahead import read_ahead
from ocianalyze.layers.blob.compression import MAGIC_SIZE, decompress, peek, recognise
from ocianalyze.layers.blob.estargz import member_offsets
from ocianalyze.layers.blob.helpers import ALONE
from ocianalyze.layers.blob.signatures import describe
from ocianalyze.layers.blob.tally import Tally
from ocianalyze.layers.blob.windows import RangeWindow, StreamWindow
from ocianalyze.layers.changeset.answers import prepare
from ocianalyze.layers.changeset.building import read_changeset
from ocianalyze.layers.changeset.changeset import memory_of
from ocianalyze.layers.contents.capture import HEAD, SCRIPT, SCRIPTS, Capture, Want, kept_of, kept_size
from ocianalyze.layers.contents.contents import Contents
from ocianalyze.layers.metering.budget import Budget
from ocianalyze.layers.metering.limits import DEFAULT_LIMITS, Limits
from ocianalyze.layers.metering.progress import SILENT, Progress, tell_chunks
from ocianalyze.layers.tar.tarstream import BLOCK, begins_tar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.layers.blob.helpers import Helpers
    from ocianalyze.layers.changeset.changeset import Changeset, Diagnostic
    from ocianalyze.layers.indexes.index import IndexUse
    from ocianalyze.layers.metering.progress import LayerProgress
    from ocianalyze.layers.reading.stores import LayerStore
    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.image import Blob, ByteRange, Layer


_WORTH_CUTTING: Final = 8 << 20
"""Smaller layers than that many bytes are inflated sooner than their table is read."""
_PADDING: Final = 20 * BLOCK
"""The maximum padding at the end of a tar, in bytes: tools pad it to a record."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How layers are read.

    `verify` reads and hashes everything, including the uncompressed bytes; `lazy` reads layers by indexes of their
    files, where they have some. `capture` selects the contents that are kept or can be read later. `searches` are the
    names that will be searched for (see `answers.search_names`). `jobs` is how many processors may be used; None for
    all. `cache` stores results and is searched for them; None for no cache. `progress` receives the progress. `budget`
    is the remaining budget of the image; None for a new budget with the full limits each time.
    """

    limits: Limits = DEFAULT_LIMITS
    capture: Capture = field(default_factory=Capture)
    searches: tuple[str, ...] = ()
    jobs: int | None = None
    verify: bool = False
    lazy: bool = False
    cache: LayerStore | None = None
    progress: Progress = SILENT
    budget: Budget | None = None

    @property
    def processors(self) -> int:
        """How many processors may be used, which is how many layers are read at a time."""
        return self.jobs or os.cpu_count() or 1

    def spending(self) -> Budget:
        """Return the remaining budget of the image."""
        return Budget(self.limits) if self.budget is None else self.budget


@dataclass(frozen=True, slots=True)
class ReadLayer:
    """The result of reading one layer; sizes are in bytes.

    `read` is ``full`` if every byte was read, ``headers`` if only the tar headers were, ``cache`` if the result is
    from an earlier scan, and ``toc`` if it is what `index` says; `uncompressed_size` is then as good as that.
    `digest` and `diff_id` are computed from the bytes that were read, or None. `seconds` is the elapsed time, in
    parallel with other layers and including all waiting for data. `bytes_hashed` counts a layer twice if both its
    stored bytes and its uncompressed tar were hashed. `remarks` are about how it was read.
    """

    changeset: Changeset
    compression: str
    size: int
    uncompressed_size: int
    read: str
    bytes_read: int
    digest: Digest | None
    diff_id: Digest | None
    contents: Contents
    bytes_hashed: int = 0
    seconds: float = 0.0
    index: IndexUse | None = None
    remarks: tuple[Diagnostic, ...] = ()


class EndsEarlyError(Exception):
    """A tar ends long before its blob, as if a layer was overwritten with zeros: only its digest can show that."""


class PreReadBlob:
    """A blob that could be read only once, and was: it has the result of its layer instead of its bytes."""

    def __init__(self, reading: ReadLayer) -> None:
        self.reading = reading

    @property
    def size(self) -> int | None:
        """The size of the blob as stored."""
        return self.reading.size

    def chunks(self) -> Iterator[bytes]:
        """Raise: the bytes are gone."""
        raise ContentUnavailableError("the image was read from a stream, which cannot be read again")

    def byte_range(self) -> ByteRange | None:
        """Return None: the bytes are gone."""
        return None


def read_blob(
    blob: Blob,
    reading: Reading,
    *,
    what: str,
    budget: Budget,
    need_diff_id: bool,
    algorithm: str = "sha256",
    step: str | None = None,
    helpers: Helpers = ALONE,
) -> ReadLayer:
    """Read one layer's blob.

    In a plain tar with random access, only the headers are read, unless everything is to be verified. Any other blob is
    streamed in full, and hashed with `algorithm`. `what` names the layer in errors, and `step` is the build step that
    created it, for progress. Where `helpers` are idle, more threads take part: one reads and hashes the stored bytes
    ahead, one hashes the inflated bytes, if that must be done, and several inflate what is made of parts.

    Raises:
        CorruptLayerError: the blob is not a tar, or it is damaged.
        LimitExceededError: a limit was hit.
    """
    if walkable(blob, reading):
        with suppress(EndsEarlyError):
            return walk_blob(blob, reading, what=what, budget=budget, step=step)
    started = perf_counter()
    with reading.progress.begin(what, blob.size, step=step) as progress:
        result = _stream(
            blob,
            reading,
            progress,
            what=what,
            budget=budget,
            need_diff_id=need_diff_id or reading.verify,
            algorithm=algorithm,
            helpers=helpers,
        )
    return replace(result, seconds=perf_counter() - started)


def walkable(blob: Blob, reading: Reading) -> bool:
    """Return whether a blob is a plain tar of which only the headers must be read."""
    if reading.verify:
        return False
    byte_range = blob.byte_range()
    return byte_range is not None and recognise(byte_range.read_at(0, MAGIC_SIZE)) == "none"


def walk_blob(
    blob: Blob,
    reading: Reading,
    *,
    what: str,
    budget: Budget,
    step: str | None = None,
    walked: tuple[Changeset, int, float] | None = None,
) -> ReadLayer:
    """Read the headers of a `walkable` blob.

    `walked` is the result of another process: the changeset, the number of bytes that it read, and the seconds it took.

    Raises:
        EndsEarlyError: its headers describe too little of it.
        CorruptLayerError: it is not a tar, or it is damaged.
        LimitExceededError: a limit was hit.
    """
    byte_range = blob.byte_range()
    if byte_range is None:
        raise ContentUnavailableError(f"{what} does not support random access")
    if walked is None:
        started = perf_counter()
        require_tar(byte_range.read_at(0, BLOCK), what)
        window = RangeWindow(byte_range)
        with reading.progress.begin(what, byte_range.size, step=step) as progress:
            changeset = read_changeset(window, what=what, budget=budget, progress=progress, walked=True)
            prepare(changeset, reading.searches)
        if byte_range.size - window.seen > _PADDING or (not changeset.entries and byte_range.size > 2 * BLOCK):
            raise EndsEarlyError
        walked = changeset, window.bytes_read, perf_counter() - started
    else:
        budget.take(memory_of(walked[0]), what, thing="its entries")
    changeset, bytes_read, seconds = walked
    contents = Contents(changeset, byte_range, capture=reading.capture, budget=budget)
    size = byte_range.size
    return ReadLayer(changeset, "none", size, size, "headers", bytes_read, None, None, contents, seconds=seconds)


def verify(layer: Layer, reading: ReadLayer) -> tuple[str, ...]:
    """Return which digests of the layer match the bytes that were read: ``digest``, ``diff_id``.

    For a result from the cache or of an index, this is none, because this scan has not read the bytes.

    Raises:
        DigestMismatchError: the digest, the diff_id or the size does not match.
    """
    what = f"layer {layer.position}"
    if layer.size is not None and layer.size != reading.size:
        raise DigestMismatchError(f"{what}: size is {reading.size:,} bytes, but {layer.size:,} are stated")
    if (
        reading.compression == "none"
        and layer.digest is not None
        and layer.digest.algorithm == layer.diff_id.algorithm
        and layer.digest != layer.diff_id
    ):
        raise DigestMismatchError(
            f"{what} is not compressed, but its digest {layer.digest} and diff_id {layer.diff_id} differ"
        )
    verified = []
    for name, stated, found in (
        ("digest", layer.digest, reading.digest),
        ("diff_id", layer.diff_id, reading.diff_id),
    ):
        if stated is None or found is None or stated.algorithm != found.algorithm:
            continue
        if stated != found:
            raise DigestMismatchError(
                f"{what}: {name} is {found}, but {stated} is stated",
                hint="Save or pull the image again; it was changed or damaged",
            )
        verified.append(name)
    return () if reading.read == "cache" else tuple(verified)


def _stream(
    blob: Blob,
    reading: Reading,
    progress: LayerProgress,
    *,
    what: str,
    budget: Budget,
    need_diff_id: bool,
    algorithm: str,
    helpers: Helpers,
) -> ReadLayer:
    stored, plain = Tally(algorithm), Tally(algorithm)
    keeper: _Keeper | None = None
    with ExitStack() as threads:
        if need_diff_id and helpers.idle():
            threads.enter_context(plain.beside())
        if not helpers.reads_ahead and helpers.idle():
            threads.enter_context(stored.beside())
        chunks = stored.count(tell_chunks(blob.chunks(), progress))
        if helpers.reads_ahead:
            chunks = threads.enter_context(read_ahead(chunks, idle=helpers.idle))
        head, chunks = peek(chunks, MAGIC_SIZE)
        codec = recognise(head)
        helpers = helpers._replace(boundaries=_boundaries(blob, codec, helpers))
        pieces = decompress(chunks, budget=budget, what=what, codec=codec, helpers=helpers)
        if codec in ("bzip2", "xz"):
            raise CorruptLayerError(f"{what} is compressed with {codec}, which image layers do not support")
        if need_diff_id and codec != "none":
            pieces = plain.count(pieces)
        first, pieces = peek(pieces, BLOCK)
        require_tar(first, what)
        window = StreamWindow(pieces)
        source = blob.byte_range() if codec == "none" else None
        keeper = _Keeper(reading, window, budget, what) if source is None else None
        changeset = read_changeset(window, what=what, budget=budget, keep=keeper, progress=progress)
        size = window.drain()
    prepare(changeset, reading.searches)
    digest = stored.digest()
    contents = Contents(changeset, source, capture=reading.capture, budget=budget)
    if keeper is not None:
        contents.captured, contents.dropped = keeper.captured, keeper.dropped
    diff_id = digest if codec == "none" else plain.digest() if need_diff_id else None
    hashed = stored.size + plain.size
    return ReadLayer(changeset, codec, stored.size, size, "full", stored.size, digest, diff_id, contents, hashed)


def _boundaries(blob: Blob, codec: str, helpers: Helpers) -> Sequence[int]:
    """Return where a layer may be cut that has a table of its gzip members, if it is worth while."""
    source = blob.byte_range() if codec == "gzip" and helpers.slots is not None else None
    return member_offsets(source) if source is not None and source.size > _WORTH_CUTTING and helpers.idle() else ()


class _Keeper:
    """Keeps the contents that `Reading.capture` selects of the next file in the window; see `building.Keep`."""

    def __init__(self, reading: Reading, window: StreamWindow, budget: Budget, what: str) -> None:
        self.captured: dict[int, bytes] = {}
        self.dropped = False
        self._view = window.view
        self._wanted = reading.capture.wanted
        self._largest = reading.limits.max_content
        self._scripts_left = SCRIPTS
        self._budget = budget
        self._what = what

    def __call__(self, row: int, path: str, name: str, mode: int, offset: int, stored: int) -> None:
        want = self._wanted(path, name, mode)
        head = b""
        if want is not Want.WHOLE:
            data, start = self._view(offset, min(HEAD, stored))
            at = offset - start
            if want is Want.SCRIPT and data[at : at + 2] != b"#!":
                return
            head = data[at : at + HEAD]
        keep = kept_size(want, stored, head, largest=self._largest)
        if not keep:
            return
        most = keep if want is Want.WHOLE else min(keep, SCRIPT)
        if want is not Want.WHOLE:
            if most > self._scripts_left:
                self.dropped = True
                return
            self._scripts_left -= most
        self._budget.take(2 * most, self._what)
        data, start = self._view(offset, keep)
        self.captured[row] = kept_of(want, memoryview(data)[offset - start : offset - start + keep])


def require_tar(head: bytes, what: str) -> None:
    """Raise CorruptLayerError if `head`, the first uncompressed block, is not the beginning of a tar.

    A damaged header is left to the parser, whose error is more precise. An empty file is a tar without entries.
    """
    if head and not begins_tar(head) and head[257:262] != b"ustar":
        raise CorruptLayerError(f"{what} is not a tar archive but {describe(head)}", offset=0)
