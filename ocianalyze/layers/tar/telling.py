"""Telling how far the reading of a tar is, now and then."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from ocianalyze.layers.metering.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocianalyze.layers.metering.progress import LayerProgress
    from ocianalyze.layers.tar.entry import RawEntry

_BATCH: Final = 256
"""After how many entries their number is told: seldom enough to cost nothing, often enough for a slow disk."""


def tell_entries(entries: Iterator[RawEntry], progress: LayerProgress, *, walked: bool = False) -> Iterator[RawEntry]:
    """Return `entries`; `progress` is told now and then how many were seen.

    Where the tar is `walked` from header to header, the place of an entry tells how far into the blob the reading is.
    """
    if progress is SILENT:
        return entries
    return chain.from_iterable(_tell_batches(entries, progress, walked=walked))


def _tell_batches(
    entries: Iterator[RawEntry], progress: LayerProgress, *, walked: bool
) -> Iterator[Iterable[RawEntry]]:
    """Yield batch after batch, so that no entry passes through Python once more."""
    seen = 0
    for first in entries:
        offset = first[6]
        if walked and offset > 0:
            progress.reach(offset)
        progress.count(seen)
        yield chain((first,), islice(entries, _BATCH - 1))
        seen += _BATCH
