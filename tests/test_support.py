"""The tests' own tools: other people's programs read what the builder writes, and umoci agrees with the oracle."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.conftest import SaveImage
from tests.support.compress import Compression, compress
from tests.support.extraction import unpack_with_umoci
from tests.support.forms import FORMS, LAYOUT_FORMS, FormName, archive, write_directory
from tests.support.images import ImageSpec, build
from tests.support.oracle import InvalidLayerError, Node, merge, merge_with_layers
from tests.support.strategies import layer_stacks
from tests.support.tarballs import Item, directory, file, hardlink, layer, opaque, symlink, whiteout
from tests.support.tools import requires, run

SPEC = ImageSpec(
    layers=[
        [directory("etc"), file("etc/hostname", b"one\n"), directory("opt"), file("opt/old", b"old")],
        [whiteout("opt/old"), file("opt/new", b"new" * 1000), hardlink("opt/same", "opt/new"), symlink("bin", "opt")],
    ],
    config={"User": "1000", "Env": ["A=b"]},
)
COMPRESSED: tuple[Compression, ...] = (
    "gzip",
    "gzip-members",
    "gzip-zeros",
    "zstd",
    "zstd-frames",
    "zstd-skippable",
    "xz",
    "bzip2",
)


@requires("skopeo")
@pytest.mark.parametrize("form", [name for name, form in FORMS.items() if form.docker])
def test_skopeo_reads_docker_archives(form: FormName, save_image: SaveImage) -> None:
    _assert_skopeo_sees_the_config(f"docker-archive:{save_image(SPEC, form)}")


@requires("skopeo")
@pytest.mark.parametrize("form", [form for form in LAYOUT_FORMS if form != "oci-docker-types"])
def test_skopeo_reads_layouts(form: FormName, tmp_path: Path) -> None:
    layout = write_directory(tmp_path / "layout", replace(SPEC, tags=("x:1.0",)), form)
    tag = "x:1.0" if form in ("oci", "oci-nested") else "1.0"
    _assert_skopeo_sees_the_config(f"oci:{layout}:{tag}")


@requires("skopeo")
@pytest.mark.parametrize("compression", ["none", "gzip", "zstd", "gzip-members", "zstd-frames", ("none", "gzip")])
def test_skopeo_verifies_and_copies_every_compression(
    compression: Compression | Sequence[Compression],
    tmp_path: Path,
) -> None:
    layout = write_directory(tmp_path / "in", replace(SPEC, tags=("x",)), compression=compression)
    run("skopeo", "copy", "--dest-compress-format=gzip", f"oci:{layout}:x", f"oci-archive:{tmp_path / 'out.tar'}:x")


@requires("gzip", "zstd", "xz", "bzip2")
@pytest.mark.parametrize("compression", COMPRESSED)
def test_reference_programs_read_the_compressions(compression: Compression) -> None:
    data = layer(SPEC.layers[1]) if isinstance(SPEC.layers[1], list) else b""
    program = compression.partition("-")[0]
    if compression == "gzip-zeros":
        program = "gzip"  # which warns of the zeros, with exit code 0 when they are nothing but zeros
    assert run(program, "-dc", stdin=compress(data, compression)) == data


def test_files_are_compressed_as_bytes_are(tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(bytes(range(256)) * 5000)
    for compression in COMPRESSED:
        assert compress(path, compression).read_bytes() == compress(path.read_bytes(), compression)


def test_archives_are_reproducible_and_layers_may_be_files(tmp_path: Path) -> None:
    tar = tmp_path / "layer.tar"
    tar.write_bytes(layer([file("a", b"a")]))
    as_file, as_items = (ImageSpec(layers=[source]) for source in (tar, [file("a", b"a")]))
    for form in FORMS:
        assert archive(as_file, form) == archive(as_items, form)
    assert build(as_file).diff_ids == build(as_items).diff_ids


def test_a_size_without_content_is_zeros() -> None:
    assert layer([Item(path="a", size=700)]) == layer([file("a", bytes(700))])


# --- the oracle -----------------------------------------------------------------------------------------------------


@requires("umoci", "root")
@settings(max_examples=60)
@given(layer_stacks())
def test_umoci_agrees_with_the_oracle(layers: list[list[Item]]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        unpacked = unpack_with_umoci(layers, Path(scratch))
    expected = {path: replace(node, layer=-1) for path, node in merge(map(layer, layers)).items()}
    assert unpacked == expected


@given(layer_stacks(disputed=True))
def test_the_oracle_decides_disputed_stacks_too(layers: list[list[Item]]) -> None:
    try:
        tree = merge(map(layer, layers))
    except InvalidLayerError:
        return
    for path in tree:
        parent = path.rpartition("/")[0]
        assert not parent or tree[parent].kind == "directory"


def test_the_oracle_on_the_cases_that_matter() -> None:
    base = [
        directory("d", mode=0o700, uid=5),
        file("d/x", b"x"),
        file("d/y", b"y"),
        symlink("l", "d"),
        file("f", b"f"),
    ]
    tree = merge(map(layer, [base, [file("d/z", b"z"), opaque("d")]]))
    assert set(tree) == {"/d", "/d/z", "/l", "/f"}, "opaque markers act wherever they stand"
    assert tree["/d"].uid == 5, "an implied directory leaves attributes alone"

    tree = merge(map(layer, [base, [file("l/new", b"n")]]))
    assert tree["/l"] == Node("directory", 0o755, 0, 0, 0, "", 1), "a real directory takes the link's place"

    tree = merge(map(layer, [base, [file("f", b"new"), whiteout("f"), whiteout("d/x")]]))
    assert tree["/f"].size == 3, "a whiteout does not act on its own layer"
    assert "/d/x" not in tree
    assert tree["/f"].layer == 1

    tree = merge(map(layer, [base, [file("d", b"now a file")], [file("d/again", b"")]]))
    assert set(tree) == {"/d", "/d/again", "/l", "/f"}

    tree = merge(map(layer, [[file("a", b"1"), hardlink("b", "a"), file("a", b"22")]]))
    assert (tree["/a"].size, tree["/b"].size) == (2, 1), "a link keeps the file as it was"

    tree, layers = merge_with_layers([layer([file("d/.wh."), hardlink("h", "nothing"), file("f"), file("f/below")])])
    assert set(tree) == {"/d", "/f"}
    assert layers[0].refused == ["d/.wh.", "h", "f/below"], "what no runtime unpacks"
    with pytest.raises(InvalidLayerError):
        merge([layer([file("../f")])])


def _assert_skopeo_sees_the_config(reference: str) -> None:
    seen = json.loads(run("skopeo", "inspect", "--config", "--raw", reference))
    assert seen == json.loads(bytes_of_config())


def bytes_of_config() -> bytes:
    """Return the configuration of SPEC."""
    content = build(SPEC).config.content
    assert isinstance(content, bytes)
    return content
