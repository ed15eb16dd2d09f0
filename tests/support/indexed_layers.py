"""Layers of images that have indexes, and what their tars really hold."""

import gzip
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zstandard

from ocianalyze.analysis import Source
from ocianalyze.layers.blob.windows import StreamWindow
from ocianalyze.layers.changeset.places import normalise
from ocianalyze.layers.indexes.finding import find_table, read_index, read_ztoc_index
from ocianalyze.layers.indexes.index import OpenIndex
from ocianalyze.layers.indexes.ranges import CountedRanges
from ocianalyze.layers.metering.limits import DEFAULT_LIMITS
from ocianalyze.layers.tar.entry import RawEntry
from ocianalyze.layers.tar.tarstream import read_entries
from ocianalyze.oci.image import Blob, Layer
from tests.support.indexed_images import FORMS
from tests.support.ztocs import MemoryRanges

SAMPLES = Path(__file__).parents[2] / "testdata" / "indexed"
TABLES = tuple(form for form in FORMS if not form.startswith("soci"))


@dataclass(frozen=True)
class IndexedLayer:
    """A layer that has an index, read in both ways."""

    layer: Layer
    stored: bytes
    tar: bytes
    entries: list[RawEntry]

    def read(self, stored: bytes | None = None) -> OpenIndex:
        """Return what the index says of the layer; `stored` are other bytes of it."""
        ranges = MemoryRanges(self.stored if stored is None else stored)
        table = find_table(self.layer.annotations)
        if table is not None:
            return read_index(table, ranges, DEFAULT_LIMITS)
        assert self.layer.ztoc is not None
        return read_ztoc_index(self.layer.ztoc, CountedRanges(ranges), DEFAULT_LIMITS)[0]


@contextmanager
def indexed_layers(path: Path) -> Iterator[list[IndexedLayer]]:
    """Yield the layers of an image; those without an index are left out."""
    with Source(reference=str(path), lazy=True).open() as image:
        yield [_read(layer) for layer in image.layers if layer.annotations or layer.ztoc]


class _Kept:
    """A blob that is there when its image is closed."""

    def __init__(self, blob: Blob) -> None:
        self._content = b"".join(blob.chunks())
        self.size = len(self._content)

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes."""
        yield self._content

    def byte_range(self) -> None:
        """Return None."""


def _read(layer: Layer) -> IndexedLayer:
    stored = b"".join(layer.blob.chunks())
    if layer.ztoc is not None and layer.ztoc.blob is not None:
        layer = layer._replace(ztoc=layer.ztoc._replace(blob=_Kept(layer.ztoc.blob)))
    if stored[:2] == b"\x1f\x8b":
        tar = gzip.decompress(stored)
    else:
        tar = zstandard.ZstdDecompressor().decompressobj(read_across_frames=True).decompress(stored)
    return IndexedLayer(layer, stored, tar, list(read_entries(StreamWindow(iter((tar,))), what="the layer")))


def comparable(entry: RawEntry) -> tuple[Any, ...]:
    """Return what an entry says apart from where its content is, and from its time, which eStargz rounds."""
    path, *rest = entry
    return normalise(path)[0], *rest[:3], rest[4], *rest[7:]


def unpack_sample(form: str, to: Path) -> Path:
    """Write a sample as a layout, and return it."""
    with tarfile.open(SAMPLES / f"{form}.tar") as archive:
        archive.extractall(to, filter="data")
    return to
