"""The images that are measured are what they say they are."""

import gzip
import io
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import zstandard

import ocianalyze
from benchmarks.counted import Counts, layer_items
from benchmarks.forms import StoredLayer
from benchmarks.images import SHAPES, load
from benchmarks.make import assemble, counted_layers, make
from benchmarks.real import Source, pack
from benchmarks.repack import rearrange, transcode
from tests.support.images import Blob

SIZES = (0, 1, 300, 512, 70_000, 200_000)


@pytest.fixture
def layers(tmp_path: Path) -> list[StoredLayer]:
    """Return two gzip layers of real files."""
    return [_layer(tmp_path, name) for name in ("usr", "opt")]


def _layer(directory: Path, top: str) -> StoredLayer:
    sources = []
    for number, size in enumerate(SIZES):
        origin = directory / f"{top}-{number}"
        origin.write_bytes(bytes(place * number % 251 for place in range(size)))
        sources.append(Source(f"{top}/lib/part-{number % 2}/file-{number}", size, origin))
    target = directory / f"{top}.tar.gz"
    packed = pack(sources, target)
    return StoredLayer(
        target, "COPY", packed.diff_id, packed.digest, packed.size, packed.uncompressed_size, packed.entries, "gzip"
    )


def test_transcoded_layers_hold_the_same_tar(layers: Sequence[StoredLayer], tmp_path: Path) -> None:
    expected = gzip.decompress(layers[0].path.read_bytes())
    plain = transcode(layers[0], tmp_path / "plain", "none")
    small = transcode(layers[0], tmp_path / "zstd", "zstd")
    assert plain.path.read_bytes() == expected
    assert zstandard.ZstdDecompressor().decompressobj().decompress(small.path.read_bytes()) == expected
    for made in (plain, small):
        assert (made.diff_id, made.uncompressed_size) == (layers[0].diff_id, len(expected))
        assert made.size == made.path.stat().st_size
        assert made.digest == Blob.of(made.path).digest


@pytest.mark.parametrize("count", [1, 3])
def test_rearranged_layers_hold_the_same_files(layers: Sequence[StoredLayer], tmp_path: Path, count: int) -> None:
    made = list(rearrange(layers, [tmp_path / f"new-{number}" for number in range(count)]))
    assert len(made) == count
    assert dict(_files(made)) == dict(_files(layers))
    for layer in made:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer.path.read_bytes()))) as tar:
            members = tar.getmembers()
        assert len(members) == layer.entries
        known = {member.name for member in members}
        assert all(member.name.rpartition("/")[0] in known | {""} for member in members)


def test_rearranged_layers_have_the_sizes_that_are_asked_for(layers: Sequence[StoredLayer], tmp_path: Path) -> None:
    made = list(rearrange(layers, [tmp_path / "small", tmp_path / "big"], weights=[1.0, 9.0]))
    assert 4 * made[0].uncompressed_size < made[1].uncompressed_size
    assert dict(_files(made)) == dict(_files(layers))


def _files(layers: Sequence[StoredLayer]) -> Iterator[tuple[str, bytes]]:
    for layer in layers:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer.path.read_bytes()))) as tar:
            for member in tar:
                body = tar.extractfile(member)
                if body is not None:
                    yield member.name, body.read()


@pytest.mark.parametrize(
    "counts",
    [Counts(entries=1_000, layers=7), Counts(entries=100, layers=100), Counts(entries=40, layers=4, large=10**9)],
)
def test_a_counted_image_has_what_was_asked_for(counts: Counts, tmp_path: Path) -> None:
    (tmp_path / "layers").mkdir()
    layers = list(counted_layers(tmp_path / "layers", counts))
    assemble(layers, tmp_path)
    report = ocianalyze.analyze(ocianalyze.Source(reference=str(tmp_path / "docker-archive.tar")))
    assert [layer.entries for layer in report.layers] == [layer.entries for layer in layers]
    assert sum(layer.entries for layer in layers) == counts.entries
    assert len(layers) == counts.layers
    items = [item for position in range(counts.layers) for item in layer_items(counts, position)]
    assert sum(item.size for item in items) >= counts.large


@pytest.mark.parametrize("name", ["fractional-times", "repeated-paths"])
def test_unusual_entries_are_what_they_are_called(name: str, tmp_path: Path) -> None:
    make(name, tmp_path, 0.01)
    shape = load(name, tmp_path, 0.01)
    assert shape is not None
    for blob in shape.blobs:
        with tarfile.open(blob) as tar:
            members = tar.getmembers()
        names = [member.name for member in members]
        assert (len(set(names)) < len(names)) == (name == "repeated-paths")
        assert all(("mtime" in member.pax_headers) == (name == "fractional-times") for member in members)


def test_small_shapes_are_loaded_as_they_were_made(tmp_path: Path) -> None:
    assert [load(name, tmp_path, 0.0002) for name in SHAPES] == [None] * len(SHAPES)
    make("million", tmp_path, 0.0002)
    shape = load("million", tmp_path, 0.0002)
    assert shape is not None
    assert (shape.entries, shape.layers, shape.compression) == (200, 10, "none")
    assert sum(blob.stat().st_size for blob in shape.blobs) == shape.stored
