"""The samples in `testdata/indexed`: one image with five kinds of indexes, which an ordinary scan does not look at."""

import hashlib
import json
import random
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ocianalyze import Policy, Report, analyze
from ocianalyze.filesystem.merge import merge
from ocianalyze.filesystem.node import Node
from ocianalyze.layers.reading.layers import read_layers
from tests.support.images import ImageSpec, build
from tests.support.indexed_images import FORMS, INDEX_LAYERS, IndexedForm, index_image
from tests.support.layouts import layout
from tests.support.opening import READING, opened
from tests.support.tarballs import file, write_tar
from tests.support.tools import requires

SAMPLES = Path(__file__).parents[3] / "testdata" / "indexed"
PLAIN = SAMPLES / "plain.tar"
LANDMARKS = {
    "estargz": {"/.no.prefetch.landmark", "/stargz.index.json"},
    "zstd-chunked-stargz": {"/.no.prefetch.landmark"},
}
"""What the library of stargz-snapshotter adds to the tars: real files, which a container sees."""
FINDINGS: dict[str, set[tuple[str, str | None]]] = {
    "zstd-chunked": {("IMG004", None)},
    "zstd-chunked-stargz": {("IMG004", None)},
    "soci-v1": {("SIZ005", "old-version")},
}
"""What is said of the forms: of zstd, and of an index that is not used; that of version 2 is."""
PLATFORM = {"os": "linux", "architecture": "arm64"}


def read_node(node: Node) -> tuple[object, ...]:
    """Return all that there is of a path."""
    content = node.read() if node.is_file else node.target
    about = node.kind, node.attributes, node.size, node.mtime, node.xattrs
    return (*about, content, node.is_hardlink, node.is_implicit, node.layer)


def read_files(image_path: Path) -> dict[str, tuple[object, ...]]:
    """Return all paths of an image."""
    with opened(image_path) as image:
        readings = read_layers(image, READING)
        filesystem = merge([done.changeset for done in readings], [done.contents for done in readings], READING.limits)
        return {node.path: read_node(node) for node in filesystem.walk()}


def findings(report: Report) -> set[tuple[str, str | None]]:
    """Return the rules of the findings, and what they are about."""
    return {(item.rule, item.data["cause"] if item.rule == "SIZ005" else item.path) for item in report.findings}


def unpack(archive: Path, to: Path) -> Path:
    """Return the directory `to` with what is in an archive."""
    with tarfile.open(archive) as tar:
        tar.extractall(to, filter="data")
    return to


def test_archives_are_as_they_were_made() -> None:
    lines = (SAMPLES / "SHA256SUMS").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split() for line in lines)}
    assert listed.keys() == {f"{name}.tar" for name in ("plain", *FORMS)}
    assert listed == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in SAMPLES.glob("*.tar")}


@pytest.mark.parametrize("form", FORMS)
def test_the_files_are_those_of_the_plain_image(form: IndexedForm) -> None:
    plain, indexed = read_files(PLAIN), read_files(SAMPLES / f"{form}.tar")
    assert len(plain) > 30
    assert indexed.keys() - plain.keys() == LANDMARKS.get(form, set())
    assert {path: indexed.get(path) for path in plain} == plain


@pytest.mark.parametrize("form", FORMS)
def test_an_ordinary_scan_says_the_same(form: IndexedForm) -> None:
    policy = Policy(profiles=["all"])
    plain, indexed = analyze(PLAIN, policy), analyze(SAMPLES / f"{form}.tar", policy)
    assert {name: judged.verdict for name, judged in indexed.profiles.items()} == {
        name: judged.verdict for name, judged in plain.profiles.items()
    }
    assert findings(indexed) - findings(plain) == FINDINGS.get(form, set())
    assert findings(plain) <= findings(indexed)


@requires(INDEX_LAYERS)
@pytest.mark.parametrize("form", FORMS)
def test_they_can_be_made_again(form: IndexedForm, tmp_path: Path) -> None:
    made = index_image(unpack(PLAIN, tmp_path / "plain"), form, tmp_path / form, chunk_size=8 << 10, smallest=0)
    assert read_files(made) == read_files(SAMPLES / f"{form}.tar")
    assert {path.name for path in tmp_path.iterdir()} == {"plain", form}


class Described(NamedTuple):
    """An image in a layout: the descriptor, the manifest, the configuration, and the ztocs that go with it."""

    descriptor: dict[str, Any]
    manifest: dict[str, Any]
    config: dict[str, Any]
    ztocs: list[dict[str, Any]]


def describe(root: Path) -> Described:
    """Return what a layout says of its image."""

    def document(descriptor: dict[str, Any]) -> dict[str, Any]:
        path = root / "blobs" / "sha256" / descriptor["digest"].removeprefix("sha256:")
        read: dict[str, Any] = json.loads(path.read_bytes())
        return read

    (descriptor, *others) = json.loads((root / "index.json").read_bytes())["manifests"]
    if "manifests" in (top := document(descriptor)):
        (descriptor, *others) = top["manifests"]
    elif others:
        others = document(others[0])["manifests"]
    manifest = document(descriptor)
    ztocs = [ztoc for other in others for ztoc in document(other)["layers"]]
    return Described(descriptor, manifest, document(manifest["config"]), ztocs)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a layout of an image for another platform, with more in its configuration than images need."""
    content = random.Random(1).randbytes(50_000)  # noqa: S311 - the same each time
    layers = [[file("large", content)], [file("small", b"x")], [file("large", content)]]
    more = {"container": "0123", "config": {"Healthcheck": {"Test": ["NONE"]}, "User": "1000"}}
    built = build(ImageSpec(layers=layers, platform="linux/arm64", raw_config=more), compression="gzip")
    with (tmp_path / "source.tar").open("wb") as sink:
        write_tar(layout([built]), sink)
    root = unpack(tmp_path / "source.tar", tmp_path / "source")
    index = json.loads((root / "index.json").read_bytes())
    index["manifests"][0]["platform"] = PLATFORM
    (root / "index.json").write_text(json.dumps(index))
    return root


@requires(INDEX_LAYERS)
@pytest.mark.parametrize("form", FORMS)
def test_platform_and_configuration_are_kept(form: IndexedForm, source: Path, tmp_path: Path) -> None:
    before = describe(source)
    after = describe(index_image(source, form, tmp_path / "to", smallest=0))
    assert before.descriptor["platform"] == after.descriptor["platform"] == PLATFORM
    assert before.config | {"rootfs": None} == after.config | {"rootfs": None}
    assert (before.config == after.config) is (form in ("zstd-chunked", "soci-v1", "soci-v2"))


@requires(INDEX_LAYERS)
@pytest.mark.parametrize("form", FORMS)
def test_a_small_layer_is_given_no_index(form: IndexedForm, source: Path, tmp_path: Path) -> None:
    before = describe(source).manifest["layers"]
    after = describe(index_image(source, form, tmp_path / "to", smallest=10_000))
    assert len({layer["digest"] for layer in before}) == 2
    if form in ("soci-v1", "soci-v2"):
        assert after.manifest["layers"] == before
        assert len(after.ztocs) == 2
    else:
        kept = [old == new for old, new in zip(before, after.manifest["layers"], strict=True)]
        assert kept == [False, True, False]


@requires(INDEX_LAYERS)
def test_what_fails_leaves_nothing_behind(source: Path, tmp_path: Path) -> None:
    present = set(tmp_path.iterdir())
    with pytest.raises(RuntimeError, match="no ztocs created"):
        index_image(source, "soci-v2", tmp_path / "to")
    with pytest.raises(RuntimeError, match="exists"):
        index_image(source, "estargz", source)
    assert set(tmp_path.iterdir()) == present
