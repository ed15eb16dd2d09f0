"""Files with the same content, in every form that a layer has."""

from pathlib import Path

import pytest

from ocianalyze import Source, measure
from ocianalyze.facts.size import Duplicates, find_duplicates
from tests.rules.subjects import make_image
from tests.support.compress import Compression
from tests.support.forms import write_archive
from tests.support.images import ImageSpec
from tests.support.tarballs import Item, file, hardlink, whiteout

MB = 1_000_000
ONE, OTHER = bytes(MB), b"\1" + bytes(MB - 1)


def found(*layers: list[Item]) -> tuple[Duplicates, ...]:
    """Return the duplicates of an image whose layers are not compressed."""
    return find_duplicates(*make_image(*layers))


def test_equal_files_in_several_layers() -> None:
    layers = [[file("a", ONE), file("b", OTHER)], [file("c", ONE)], [file("d/e", ONE), file("f", OTHER[::-1])]]
    assert found(*layers) == (Duplicates(MB, (("/a", 0), ("/c", 1), ("/d/e", 2))),)
    assert found(*layers)[0].bytes == 2 * MB


def test_names_and_hidden_files_are_no_duplicates() -> None:
    assert found([file("a", ONE), hardlink("b", "a")]) == ()
    assert found([file("a", ONE)], [file("a", ONE)]) == ()
    assert found([file("a", ONE), file("b", ONE)], [whiteout("b")]) == ()
    assert found([file("a", ONE[1:]), file("b", ONE[1:])]) == ()


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_compressed_layers_are_read_again(tmp_path: Path, compression: Compression) -> None:
    spec = ImageSpec(
        layers=[
            [file("x", b"1"), file("big", b"7" * (3 * MB)), file("a", ONE), file("b", OTHER), file("z", b"2")],
            [file("c", OTHER), file("last", b"7" * (3 * MB))],
        ]
    )
    image = write_archive(tmp_path / "image.tar", [spec], "buildx-oci", compression=compression)
    report = measure(Source(reference=str(image)))
    assert report.duplicates is not None
    assert [[place.path for place in item.places] for item in report.duplicates] == [["/big", "/last"], ["/b", "/c"]]
    assert report.avoidable_bytes == 4 * MB
    with image.open("rb") as stream:
        again = measure(Source(reference="-", stdin=stream)).duplicates
    assert again in (None, report.duplicates)  # what is small is kept, and can be read twice


def test_files_that_begin_and_end_alike_are_told_apart() -> None:
    same, other = b"a" * MB + b"b" + b"c" * MB, b"a" * MB + b"x" + b"c" * MB
    assert found([file("1", same), file("2", other)]) == ()
    assert [item.places for item in found([file("1", same), file("2", other)], [file("3", other)])] == [
        (("/2", 0), ("/3", 1))
    ]
