"""All layers of an image: which is read first, and which error counts."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.metering.progress import Silent
from ocianalyze.layers.reading.layers import read_layers
from ocianalyze.oci.image import Image, Layer
from tests.support.blobs import MemoryBlob
from tests.support.compress import compress
from tests.support.forms import write_archive
from tests.support.images import ImageSpec
from tests.support.opening import READING, opened
from tests.support.tarballs import file, layer

SIZES = (300_000, 100_000, 500_000, 200_000)


class _Noting(Silent):
    """Notes which layers are begun; the first two of them wait for each other."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._both = threading.Barrier(2, timeout=60)

    def begin(self, what: str, size: int | None, *, step: str | None = None) -> "_Noting":  # noqa: ARG002
        self.begun.append(what)
        if self.begun.index(what) < 2:
            self._both.wait()
        return self


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    spec = ImageSpec(layers=[[file("f", os.urandom(size))] for size in SIZES])
    return write_archive(tmp_path / "image.tar", spec, "oci", compression="gzip")


def test_the_largest_layers_are_begun_first_and_come_in_their_order(archive: Path) -> None:
    noting = _Noting()
    with opened(archive, reading=READING) as image:
        found = read_layers(image, replace(READING, progress=noting, jobs=2))
        assert [done.size for done in found] == [item.size for item in image.layers]
    assert set(noting.begun[:2]) == {"layer 0", "layer 2"}
    assert set(noting.begun[2:]) == {"layer 1", "layer 3"}


class _SlowBlob(MemoryBlob):
    """A blob whose bytes take a while to come."""

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes, after a while."""
        time.sleep(0.3)
        return super().chunks()


@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_the_error_is_that_of_the_lowest_layer_whichever_comes_first(archive: Path, jobs: int) -> None:
    data = compress(layer([file("f", os.urandom(300_000))]), "gzip")

    def broken(item: Layer) -> Layer:
        cut = data[: 1000 * (item.position + 1)]
        blob = _SlowBlob(cut) if item.position == 1 else MemoryBlob(cut)
        return item if item.position == 0 else item._replace(blob=blob, size=None)

    with opened(archive, reading=READING) as image:
        damaged: Image = image._replace(layers=tuple(map(broken, image.layers)))
        with pytest.raises(CorruptLayerError, match=r"^layer 1"):
            read_layers(damaged, replace(READING, jobs=jobs))
