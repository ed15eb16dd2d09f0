"""One layer, read: its changeset, what was learned of its bytes, and the way back to its contents."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import ContentUnavailableError, CorruptLayerError, DigestMismatchError
from ocianalyze.layers.blob.compression import MAGIC_SIZE, decompress, peek, recognise
from ocianalyze.layers.blob.signatures import describe
from ocianalyze.layers.blob.tally import Tally
from ocianalyze.layers.blob.windows import RangeWindow, StreamWindow
from ocianalyze.layers.changeset.building import read_changeset
from ocianalyze.layers.changeset.changeset import memory_of
from ocianalyze.layers.contents.capture import HEAD, SCRIPTS, Capture, Want, kept_size
from ocianalyze.layers.contents.contents import Contents
from ocianalyze.layers.metering.budget import Budget
from ocianalyze.layers.metering.limits import DEFAULT_LIMITS, Limits
from ocianalyze.layers.metering.progress import SILENT, Progress, tell_chunks
from ocianalyze.layers.tar.tarstream import BLOCK, begins_tar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.layers.changeset.changeset import Changeset
    from ocianalyze.layers.metering.progress import LayerProgress
    from ocianalyze.layers.reading.cache import LayerCache
    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.image import Blob, ByteRange, Layer


_PADDING: Final = 20 * BLOCK
"""How many bytes tools pad the end of a tar with, at most: to a record."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How layers are read.

    `verify` reads and hashes everything, the uncompressed bytes too. `capture` says which contents are kept, or may be
    asked for. `cache` is where what is learned is kept, and looked up; None for nowhere.
    `progress` is told how far it is. `budget` is what the image may still ask for; None for all of the limits, each
    time anew.
    """

    limits: Limits = DEFAULT_LIMITS
    capture: Capture = field(default_factory=Capture)
    verify: bool = False
    cache: LayerCache | None = None
    progress: Progress = SILENT
    budget: Budget | None = None

    def spending(self) -> Budget:
        """Return what the image may still ask for."""
        return Budget(self.limits) if self.budget is None else self.budget


@dataclass(frozen=True, slots=True)
class ReadLayer:
    """What was learned by reading one layer; sizes in bytes.

    `read` is ``full`` where every byte was read, ``headers`` where only the tar headers were, and ``cache`` where an
    earlier scan had read it. `digest` and `diff_id` are those of the bytes that were read, None where they were not
    computed. `seconds` is how long it took, beside other layers and with all waiting for the medium; a layer that was
    hashed as stored and as the tar that it holds counts twice in `bytes_hashed`.
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


class EndsEarlyError(Exception):
    """A tar ends long before its blob does, as where zeros took the place of a layer: only its digest can tell."""


class PreReadBlob:
    """A blob that could be read only once, and was: its layer's reading takes the place of its bytes."""

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
    beside: bool = False,
) -> ReadLayer:
    """Read one layer's blob.

    A plain tar that can be read at offsets is walked from header to header, unless everything is to be verified; any
    other blob is streamed in full, and hashed with `algorithm`. `what` names the layer in errors, and `step` is the
    build step that made it, for who is told of progress. With `beside` a thread of its own hashes what is inflated, if
    that is to be hashed: for when there is a processor to spare.

    Raises:
        CorruptLayerError: the blob is no tar, or a damaged one.
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
            beside=beside,
        )
    return replace(result, seconds=perf_counter() - started)


def walkable(blob: Blob, reading: Reading) -> bool:
    """Tell whether a blob is a plain tar whose headers are all that has to be read."""
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
    """Walk a `walkable` blob from header to header.

    `walked` is what another process made of it: the changeset, how many bytes it read, and in how many seconds.

    Raises:
        EndsEarlyError: its headers say too little of it.
        CorruptLayerError: it is no tar, or a damaged one.
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
        if byte_range.size - window.seen > _PADDING or (not changeset.entries and byte_range.size > 2 * BLOCK):
            raise EndsEarlyError
        walked = changeset, window.bytes_read, perf_counter() - started
    else:
        budget.take(memory_of(walked[0]), what, thing="its entries")
    changeset, bytes_read, seconds = walked
    contents = Contents(changeset, blob, "none", capture=reading.capture, budget=budget)
    size = byte_range.size
    return ReadLayer(changeset, "none", size, size, "headers", bytes_read, None, None, contents, seconds=seconds)


def verify(layer: Layer, reading: ReadLayer) -> tuple[str, ...]:
    """Return which of the layer's claims the bytes that were read bear out: ``digest``, ``diff_id``.

    Of a layer that an earlier scan has read none is said to be: this one has not seen its bytes.

    Raises:
        DigestMismatchError: they contradict the digest, the diff_id or the size.
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
    beside: bool,
) -> ReadLayer:
    stored, plain = Tally(algorithm), Tally(algorithm)
    keeper: _Keeper | None = None
    with plain.beside() if beside and need_diff_id else nullcontext():
        head, chunks = peek(stored.count(tell_chunks(blob.chunks(), progress)), MAGIC_SIZE)
        codec = recognise(head)
        pieces = decompress(chunks, budget=budget, what=what, codec=codec)
        if codec in ("bzip2", "xz"):
            raise CorruptLayerError(f"{what} is compressed with {codec}, which image layers do not support")
        if need_diff_id and codec != "none":
            pieces = plain.count(pieces)
        first, pieces = peek(pieces, BLOCK)
        require_tar(first, what)
        window = StreamWindow(pieces)
        readable = blob.byte_range() is not None and codec == "none"
        keeper = None if readable else _Keeper(reading, window, budget, what)
        changeset = read_changeset(window, what=what, budget=budget, keep=keeper, progress=progress)
        size = window.drain()
    digest = stored.digest()
    contents = Contents(changeset, blob, codec, capture=reading.capture, budget=budget)
    if keeper is not None:
        contents.captured, contents.dropped = keeper.captured, keeper.dropped
    diff_id = digest if codec == "none" else plain.digest() if need_diff_id else None
    hashed = stored.size + plain.size
    return ReadLayer(changeset, codec, stored.size, size, "full", stored.size, digest, diff_id, contents, hashed)


class _Keeper:
    """Keeps what `Reading.capture` wants of the file that is next in the window; see `building.Keep`."""

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
        if want is not Want.WHOLE:
            if keep > self._scripts_left:
                self.dropped = True
                return
            self._scripts_left -= keep
        self._budget.take(2 * keep, self._what)
        data, start = self._view(offset, keep)
        self.captured[row] = data[offset - start : offset - start + keep]


def require_tar(head: bytes, what: str) -> None:
    """Raise CorruptLayerError if `head`, the first block of what is read uncompressed, is not that of a tar.

    A header that is only damaged is left to the parser, which says how; nothing at all is a tar without entries.
    """
    if head and not begins_tar(head) and head[257:262] != b"ustar":
        raise CorruptLayerError(f"{what} is not a tar archive but {describe(head)}", offset=0)
