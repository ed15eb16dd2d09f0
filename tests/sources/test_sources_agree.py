"""One image in every form, compression and order, from a file, a directory or standard input: always the same."""

import bz2
import gzip
import lzma
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from tests.conftest import SaveImage
from tests.support.compress import Compression
from tests.support.forms import FORMS, LAYOUT_FORMS, FormName, Order, archive, write_directory
from tests.support.images import ImageSpec, build
from tests.support.opening import Seen, see
from tests.support.oracle import merge
from tests.support.tarballs import directory, file, hardlink, layer, opaque, symlink, whiteout

LAYERS = [
    [directory("etc"), file("etc/hostname", b"one\n"), directory("opt"), file("opt/old", b"old"), symlink("l", "opt")],
    [whiteout("opt/old"), file("opt/new", b"new" * 1000, mode=0o755), hardlink("opt/same", "opt/new")],
    [opaque("etc"), file("etc/\udcff", b"not UTF-8"), file("big", bytes(range(256)) * 2000)],
]
SPEC = ImageSpec(
    layers=LAYERS,
    config={"User": "1000", "Env": ["A=b"], "Cmd": None, "Labels": {"a": "b"}},
    history=[
        {"created_by": "ADD rootfs"},
        {"created_by": "ENV A=b", "empty_layer": True},
        {"created_by": "RUN two"},
        {"comment": "three"},
    ],
)
TREE = merge(map(layer, LAYERS))
OUTER: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}
COMPRESSIONS: list[Compression | Sequence[Compression]] = [
    "none",
    "gzip",
    "zstd",
    ("none", "zstd-frames", "gzip-members"),
]


def _check(seen: Seen) -> None:
    """Compare what does not depend on the form with the image as it was made."""
    built = build(SPEC)
    assert seen.tree == TREE
    assert seen.image.config_digest == built.config.digest
    assert [layer.diff_id for layer in seen.image.layers] == built.diff_ids
    assert [layer.created_by for layer in seen.image.layers] == ["ADD rootfs", "RUN two", "three"]
    assert [layer.position for layer in seen.image.layers] == [0, 1, 2]
    assert [reading.uncompressed_size for reading in seen.readings] == [
        built_layer.tar.size for built_layer in built.layers
    ]
    assert seen.image.config.config.environment == {"A": "b"}
    assert str(seen.image.config.platform) == "linux/amd64"
    for reading, verified in zip(seen.readings, seen.verified, strict=True):
        assert (reading.read == "full") == bool(verified)


@pytest.mark.parametrize("compression", COMPRESSIONS, ids=str)
@pytest.mark.parametrize("form", FORMS)
def test_forms_and_compressions(form: FormName, compression: Compression, save_image: SaveImage) -> None:
    path = save_image(SPEC, form, compression=compression)
    seen = see(path)
    _check(seen)
    assert seen.image.source == ("docker-archive" if FORMS[form].docker else "oci-archive")
    assert seen.image.names == ("example.com/team/image:1.0",)
    streamed = see(path.read_bytes())
    _check(streamed)
    assert streamed.image.source == "stdin"
    assert streamed.image.names == seen.image.names
    assert streamed.image.digest == seen.image.digest


@pytest.mark.parametrize("dot_slash", [True, False])
@pytest.mark.parametrize("order", ["metadata-first", "metadata-last"])
@pytest.mark.parametrize("form", FORMS)
def test_orders_and_prefixes(form: FormName, order: Order, dot_slash: bool, save_image: SaveImage) -> None:  # noqa: FBT001
    path = save_image(SPEC, form, order=order, dot_slash=dot_slash)
    _check(see(path))
    _check(see(path.read_bytes()))


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("form", ["docker-legacy", "docker-29", "oci", "kaniko"])
def test_an_outer_compression(form: FormName, outer: str, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(OUTER[outer](archive(SPEC, form)))
    seen = see(path)
    _check(seen)
    assert seen.image.source == ("docker-archive" if FORMS[form].docker else "oci-archive")
    _check(see(path.read_bytes()))


@pytest.mark.parametrize("compression", COMPRESSIONS, ids=str)
@pytest.mark.parametrize("form", LAYOUT_FORMS)
def test_directories(form: FormName, compression: Compression, tmp_path: Path) -> None:
    layout = write_directory(tmp_path / "layout", SPEC, form, compression=compression)
    seen = see(layout)
    _check(seen)
    assert seen.image.source == "oci-layout"


def test_a_layout_whose_blobs_are_links_inside_it(tmp_path: Path) -> None:
    layout = write_directory(tmp_path / "layout", SPEC, "oci")
    shutil.move(layout / "blobs" / "sha256", layout / "elsewhere")
    (layout / "blobs" / "sha256").symlink_to("../elsewhere")
    _check(see(layout))


@pytest.mark.parametrize("transport", ["docker-archive", "oci-archive"])
def test_explicit_transports(transport: str, save_image: SaveImage) -> None:
    path = save_image(SPEC, "docker-25")
    for suffix in ("", ":example.com/team/image:1.0", ":@0"):
        seen = see(f"{transport}:{path}{suffix}")
        _check(seen)
        assert seen.image.source == transport
    assert see(f"oci-archive:{path}").image.digest is not None
    assert see(f"docker-archive:{path}").image.digest is None


@pytest.mark.parametrize("jobs", [1, 2, 5])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_any_number_of_jobs(jobs: int, compression: Compression, save_image: SaveImage) -> None:
    _check(see(save_image(SPEC, "oci", compression=compression), jobs=jobs))


def test_an_image_without_a_name_and_one_without_layers(save_image: SaveImage) -> None:
    for form in FORMS:
        _check(see(save_image(replace(SPEC, tags=()), form)))
        empty = see(save_image(ImageSpec(layers=[]), form))
        assert (empty.tree, empty.readings) == ({}, [])


def test_a_layer_that_stands_twice_is_read_once_and_applied_twice(save_image: SaveImage) -> None:
    spec = ImageSpec(layers=[LAYERS[0], [whiteout("etc"), whiteout("opt")], LAYERS[0]])
    for form in FORMS:
        path = save_image(spec, form)
        for source in (path, path.read_bytes()):
            seen = see(source)
            assert seen.tree == merge(map(layer, spec.layers))  # type: ignore[arg-type]


def test_a_layer_whose_first_name_looks_like_json(save_image: SaveImage) -> None:
    spec = ImageSpec(layers=[[file("{", b"a"), file("[b", b"b")]])
    for form in FORMS:
        path = save_image(spec, form, compression="none")
        assert list(see(path).tree) == list(see(path.read_bytes()).tree) == ["/[b", "/{"]


def test_images_where_the_history_does_not_fit_the_layers_have_no_steps(save_image: SaveImage) -> None:
    seen = see(save_image(replace(SPEC, history=[{"created_by": "one"}])))
    assert [layer.created_by for layer in seen.image.layers] == [None, None, None]
