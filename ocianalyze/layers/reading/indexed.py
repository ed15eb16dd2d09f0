"""Reads a layer by an index of its files: some bytes of it instead of all.

What comes of it is as good as the index: it is never taken for verified, and never kept under the layer's digest.
"""

from __future__ import annotations

from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import CorruptLayerError, NoRangesError
from ocianalyze.layers.changeset.answers import prepare
from ocianalyze.layers.changeset.building import build_changeset
from ocianalyze.layers.contents.capture import SCRIPTS, Want, kept_size
from ocianalyze.layers.contents.contents import Contents
from ocianalyze.layers.contents.elf import MAGIC
from ocianalyze.layers.indexes.checking import spot_check
from ocianalyze.layers.indexes.finding import find_table, has_table, read_index, read_ztoc_index
from ocianalyze.layers.indexes.index import IndexUnusableError, IndexUse
from ocianalyze.layers.indexes.ranges import ranges_of
from ocianalyze.layers.reading.reader import ReadLayer, walkable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.layers.changeset.changeset import Changeset
    from ocianalyze.layers.indexes.index import IndexedContents, OpenIndex
    from ocianalyze.layers.indexes.ranges import CountedRanges
    from ocianalyze.layers.metering.budget import Budget
    from ocianalyze.layers.metering.loans import Loan
    from ocianalyze.layers.reading.reader import Reading
    from ocianalyze.layers.tar.entry import RawEntry
    from ocianalyze.oci.image import Layer

SMALL = 1 << 20
"""Smaller layers than that many bytes are read in whole: that takes one request, and an index takes several."""
SHARE = 0.5
"""So is a layer whose ztoc has more than that share of its bytes."""
_HINT: Final = "Scan the image without --lazy; if that fails, too, push it again"
_USUAL: Final = frozenset(("bash", "busybox", "conda", "dash", "env", "sh", "tar"))
"""The names of programs that most images need."""


def read_indexed(layer: Layer, reading: Reading, *, what: str, budget: Budget) -> ReadLayer | None:
    """Return a layer as its index describes it; None if it has none, or if it is read sooner without one.

    Raises:
        IndexUnusableError: it has an index that cannot be used.
        IndexMismatchError: its index is that of another layer.
        CorruptLayerError: contents are not those that the index describes.
        LimitExceededError: a limit was hit.
        OcianalyzeError: the bytes cannot be had.
    """
    size = layer.blob.size
    if size is None or size < SMALL or not has_index(layer) or walkable(layer.blob, reading):
        return None
    ranges = ranges_of(layer.blob)
    if ranges is None:
        return None
    started = perf_counter()
    try:
        with budget.loans.loan() as loan:
            index, use = _open(layer, ranges, reading, loan)
            budget.take(index.memory, what, thing="the parts of its index")
            with reading.progress.begin(what, size, step=layer.created_by), _naming(what), _cleared(index.entries):
                changeset = build_changeset(index.entries, what=what, budget=budget)
                use = use._replace(spot_checked=spot_check(index, list(_wanted(changeset, reading)), what=what))
    except NoRangesError as error:
        raise IndexUnusableError(error.message) from error
    source = _Named(index.contents, what)
    prepare(changeset, reading.searches)
    return ReadLayer(
        changeset=changeset,
        compression=index.compression,
        size=size,
        uncompressed_size=index.uncompressed_size,
        read="toc",
        bytes_read=use.bytes_read,
        digest=None,
        diff_id=None,
        contents=Contents(changeset, source, capture=reading.capture, budget=budget, is_indexed=True),
        seconds=perf_counter() - started,
        index=use,
    )


class _Named:
    """The contents of a layer, whose errors name it."""

    def __init__(self, contents: IndexedContents, what: str) -> None:
        self._contents = contents
        self._what = what

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes; see `IndexedContents`."""
        with _naming(self._what):
            return self._contents.read_at(offset, size)


@contextmanager
def _cleared(entries: list[RawEntry]) -> Iterator[None]:
    """Clear a list behind the block: errors keep alive what was there when they were raised."""
    try:
        yield
    finally:
        entries.clear()


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Have errors about the bytes of a layer name it."""
    try:
        yield
    except CorruptLayerError as error:
        raise CorruptLayerError(f"{what}: {error.message}", offset=error.offset, hint=error.hint or _HINT) from error


def has_index(layer: Layer) -> bool:
    """Tell whether there is an index of a layer that may be worth its bytes, usable or not."""
    if has_table(layer.annotations):
        return True
    if layer.ztoc is None:
        return False
    size = 0 if layer.ztoc.blob is None else layer.ztoc.blob.size
    return size is not None and layer.blob.size is not None and size <= SHARE * layer.blob.size


def _open(layer: Layer, ranges: CountedRanges, reading: Reading, loan: Loan) -> tuple[OpenIndex, IndexUse]:
    """Return the index of a layer that costs least, of those that can be used."""
    try:
        table = find_table(layer.annotations)
        if table is not None:
            return read_index(table, ranges, reading.limits, loan), IndexUse(
                table.kind, table.digest, "annotation", ranges
            )
    except IndexUnusableError:
        if layer.ztoc is None:
            raise
    assert layer.ztoc is not None  # noqa: S101 - there is one of them
    return read_ztoc_index(layer.ztoc, ranges, reading.limits, loan)


def _wanted(changeset: Changeset, reading: Reading) -> Iterator[tuple[int, int]]:
    """Yield where contents lie that will be asked for, in the order of the tar, up to a reasonable sum.

    What else is asked for, such as the program that an image runs, is known only when others were read.
    """
    capture, largest, left = reading.capture, reading.limits.max_content, SCRIPTS
    identities, attributes, offsets = changeset.identities, changeset.attributes, changeset.offsets
    names, parents = changeset.names, changeset.parents
    is_dull: dict[int, bool] = {}
    for row, size in enumerate(changeset.sizes):
        if size <= 0 or offsets[row] < 0:
            continue
        name, parent = names[row], parents[row]
        dull = is_dull.get(parent)
        if dull is None:
            dull = is_dull[parent] = capture.is_dull(changeset.path(parent)[1:])
        if dull and not capture.stands_out(name):
            continue
        want = capture.wanted(changeset.path(row)[1:], name, attributes[identities[row]].mode)
        if want in (Want.LINKED, Want.WHOLE) or (want is Want.PROGRAM and name in _USUAL):
            needed = kept_size(want, size, MAGIC, largest=largest)  # most of them are ELF files
            if 0 < needed <= left:
                left -= needed
                yield offsets[row], needed
