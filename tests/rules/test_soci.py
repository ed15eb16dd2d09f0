"""SOCI indexes that are used, and those that are not: as layouts have them, and as registries do."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.facts.size import loads_lazily
from ocianalyze.layers.indexes.ztoc import stated_layer_size
from ocianalyze.oci.image import Image
from ocianalyze.oci.reference import Reference
from ocianalyze.oci.soci import IMAGE_DIGEST, INDEX_DIGEST, LAYER_DIGEST, VERSION_1, VERSION_2
from ocianalyze.rules.profiles import CLASSIC, HYPERPOD, JUPYTERLAB, UNIFIED
from ocianalyze.rules.rule import Declaration, Severity
from ocianalyze.rules.size.download_large import download_large
from ocianalyze.rules.size.soci_index_unusable import soci_index_unusable
from ocianalyze.sources.opening import open_image
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.images import Blob, platform_object
from tests.support.layouts import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, blob_items, descriptor, index_items
from tests.support.opening import READING, opened
from tests.support.registries import registry_access
from tests.support.tarballs import Item

MB = 1 << 20
LAYERS = (20 * MB, 5 * MB, 30 * MB)
Entry = dict[str, Any]


def ztoc(size: int, *, root: int = 16) -> bytes:
    """Return the least of a flatbuffer that has the size of a compressed layer where ztocs have it."""
    vtable = struct.pack("<HHHHH", 10, 16, 0, 0, 8)
    return struct.pack("<I", root) + vtable + b"\0\0" + struct.pack("<i", 12) + b"\0" * 4 + struct.pack("<q", size)


@dataclass
class Made:
    """An image with a SOCI index of version 2, as `nerdctl image convert --soci` makes it, and what is wrong with it.

    Attributes:
        sizes: the sizes of the layers, which are stated only: nobody reads a layer here.
        types: their media types.
        ztocs: for which layers there are ztocs.
        described: the size of the layer that each ztoc describes, if it is not right.
        foreign: whether the ztocs are for layers of another image.
        named: whether the manifest names the SOCI index.
        index_entry, image_entry: what is different about a descriptor in the image index, None if there is none.
        nested: whether `index.json` leads to the image index; otherwise it is that.
        absent: the kinds of blobs that are not there.
    """

    sizes: tuple[int, ...] = LAYERS
    types: tuple[str, ...] = (OCI_LAYER["gzip"],) * 3
    ztocs: tuple[int, ...] = (0, 2)
    described: int | None = None
    foreign: bool = False
    named: bool = True
    index_entry: Entry | None = field(default_factory=dict)
    image_entry: Entry = field(default_factory=dict)
    nested: bool = True
    absent: tuple[str, ...] = ()

    def documents(self) -> tuple[Blob, list[Entry], list[Blob]]:
        """Return the image's manifest, what the image index lists, and all blobs but that index."""
        layers = [Blob.of(b"layer %d" % n) for n in range(len(self.sizes))]
        stated = [
            descriptor(blob, kind) | {"size": size}
            for blob, kind, size in zip(layers, self.types, self.sizes, strict=True)
        ]
        contents = {n: Blob.of(ztoc(self.sizes[n] if self.described is None else self.described)) for n in self.ztocs}
        soci = Blob.of_json(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": descriptor(Blob.of(b"{}"), VERSION_2),
                "layers": [
                    descriptor(blob, "application/octet-stream")
                    | {"annotations": {LAYER_DIGEST: Blob.of(b"x%d" % n).digest if self.foreign else layers[n].digest}}
                    for n, blob in contents.items()
                ]
                + [descriptor(Blob.of(b"prefetch"), "application/vnd.amazon.soci.prefetch.v1+json")],
            }
        )
        config = Blob.of_json(
            {
                **platform_object("linux/amd64"),
                "rootfs": {"type": "layers", "diff_ids": [blob.digest for blob in layers]},
            }
        )
        manifest = Blob.of_json(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": descriptor(config, OCI_CONFIG),
                "layers": stated,
                **({"annotations": {INDEX_DIGEST: soci.digest}} if self.named else {}),
            }
        )
        platform = {"platform": platform_object("linux/amd64")}
        entries = [descriptor(manifest, OCI_MANIFEST) | platform | self.image_entry]
        if self.index_entry is not None:
            about = {"annotations": {IMAGE_DIGEST: manifest.digest}, "artifactType": VERSION_2}
            entries.append(descriptor(soci, OCI_MANIFEST) | platform | about | self.index_entry)
        optional = {"index": [soci], "ztocs": list(contents.values())}
        blobs = [
            config,
            manifest,
            *layers,
            *(blob for kind in optional.keys() - {*self.absent} for blob in optional[kind]),
        ]
        return manifest, entries, blobs

    def layout(self) -> list[Item]:
        """Return the members of a layout."""
        _, entries, blobs = self.documents()
        index = Blob.of_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries})
        top = [descriptor(index, OCI_INDEX)] if self.nested else entries
        return [*blob_items([*blobs, index]), *index_items(top)]


def write(items: list[Item], path: Path) -> Path:
    """Write the members of a layout."""
    for item in items:
        place = path / str(item.path)
        if item.path in ("blobs", "blobs/sha256"):
            place.mkdir(parents=True, exist_ok=True)
        else:
            assert isinstance(item.content, bytes)
            place.write_bytes(item.content)
    return path


def causes(image: Image) -> list[str]:
    """Return the causes of the findings."""
    found = list(soci_index_unusable(Declaration(image)))
    assert all(finding.message and finding.hint for finding in found)
    return [finding.data["cause"] for finding in found]


ZSTD = (OCI_LAYER["zstd"], OCI_LAYER["zstd"], OCI_LAYER["gzip"])
OTHER = Blob.of(b"other").digest
ARM = {"platform": platform_object("linux/arm64")}

CASES: list[tuple[Made, list[str]]] = [
    (Made(), []),
    (Made(nested=False), []),
    (Made(index_entry={"artifactType": ""}), []),
    (Made(image_entry={"annotations": {}}), []),
    (Made(ztocs=(0, 1, 2)), []),
    (Made(named=False, index_entry=None), []),
    (Made(named=False), ["other-platform"]),
    (Made(named=False, index_entry=ARM), ["other-platform"]),
    (Made(named=False, index_entry={"artifactType": VERSION_1}), ["old-version"]),
    (Made(index_entry=None), ["not-in-index"]),
    (Made(index_entry=None, nested=False), ["not-in-index"]),
    (Made(index_entry={"annotations": {IMAGE_DIGEST: OTHER}}), ["contradiction"]),
    (Made(image_entry={"annotations": {INDEX_DIGEST: OTHER}}), ["contradiction"]),
    (Made(absent=("index",)), ["missing"]),
    (Made(absent=("ztocs",)), ["ztoc-missing"]),
    (Made(described=1), ["ztoc-misfit"]),
    (Made(foreign=True), ["ztoc-misfit", "layers-without-ztoc"]),
    (Made(ztocs=(0,)), ["layers-without-ztoc"]),
    (Made(ztocs=(2,), types=ZSTD), ["zstd-layers"]),
    (Made(ztocs=(), sizes=(MB, MB, 10 * MB - 1)), []),
]


@pytest.mark.parametrize(("made", "expected"), CASES)
def test_layouts(made: Made, expected: list[str], tmp_path: Path) -> None:
    with opened(write(made.layout(), tmp_path)) as image:
        assert causes(image) == expected
        partly = all(cause in ("layers-without-ztoc", "zstd-layers") for cause in expected)
        assert loads_lazily(image) is (partly and made.named)


def test_which_layers(tmp_path: Path) -> None:
    with opened(write(Made(ztocs=(0,)).layout(), tmp_path)) as image:
        (finding,) = soci_index_unusable(Declaration(image))
    assert (finding.layer, finding.data["layers"], finding.data["bytes"]) == (2, [2], 30 * MB)
    assert "have no ztoc: 2" in finding.message


def test_an_index_of_version_1_is_found_by_its_tag(tmp_path: Path) -> None:
    """And a layout that has one has only one image."""
    made = Made(named=False, index_entry=None)
    manifest, _, blobs = made.documents()
    old = Blob.of_json({"schemaVersion": 2, "config": descriptor(Blob.of(b"{}"), VERSION_1), "layers": []})
    referrers = Blob.of_json(
        {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [descriptor(old, OCI_MANIFEST) | {"artifactType": VERSION_1}],
        }
    )
    name = "org.opencontainers.image.ref.name"
    entries = [
        descriptor(manifest, OCI_MANIFEST) | {"annotations": {name: "latest"}},
        descriptor(referrers, OCI_INDEX) | {"annotations": {name: manifest.digest.replace(":", "-")}},
    ]
    with opened(write([*blob_items([*blobs, old, referrers]), *index_items(entries)], tmp_path)) as image:
        assert image.names == ("latest",)
        assert causes(image) == ["old-version"]


def registry(made: Made, *, by_manifest: bool = False) -> Callable[[Seen], Answer]:
    """Return the behaviour of a registry that has the image."""
    manifest, entries, blobs = made.documents()
    index = Blob.of_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries})
    known = {blob.digest: blob for blob in (*blobs, index)}

    def behave(seen: Seen) -> Answer:
        selector = seen.path.rpartition("/")[2]
        blob = known.get(selector) or (None if ":" in selector else manifest if by_manifest else index)
        if blob is None:
            return Answer(status=404)
        media_type = OCI_INDEX if blob is index else OCI_MANIFEST
        return Answer(status=200, body=blob.content, headers={"Content-Type": media_type})

    return behave


@pytest.mark.parametrize(
    ("made", "by_manifest", "expected"),
    [
        (Made(), False, []),
        (Made(absent=("ztocs",)), False, []),
        (Made(named=False, index_entry=None), False, []),
        (Made(named=False, index_entry=None), True, []),
        (Made(), True, ["not-in-index"]),
        (Made(index_entry=None), False, ["not-in-index"]),
        (Made(absent=("index",)), False, ["missing"]),
        (Made(ztocs=(0,)), False, ["layers-without-ztoc"]),
    ],
)
def test_registries(made: Made, by_manifest: bool, expected: list[str]) -> None:  # noqa: FBT001 - a column of the table
    with (
        fault_proxy(None, registry(made, by_manifest=by_manifest)) as proxy,
        open_image(
            Reference.parse(f"docker://{proxy.host}/team/image:1.0"), READING, access=registry_access(plain_http=True)
        ) as image,
    ):
        assert causes(image) == expected


def test_a_usable_index_makes_a_large_download_bearable(tmp_path: Path) -> None:
    sizes = (11_000_000_000, 1, 1)
    for name, made, notes in (
        ("with", Made(sizes=sizes), 0),
        ("without", Made(sizes=sizes, named=False, index_entry=None), 1),
        ("elsewhere", Made(sizes=sizes, index_entry=None), 1),
    ):
        (tmp_path / name).mkdir()
        with opened(write(made.layout(), tmp_path / name)) as image:
            found = [item for item in download_large(Declaration(image)) if item.severity == {HYPERPOD: None}]
        assert len(found) == notes
        assert all("nerdctl image convert --soci SRC DST" in (finding.hint or "") for finding in found)


def test_docker_saves_no_index(tmp_path: Path) -> None:
    with opened(write(Made(absent=("index",)).layout(), tmp_path)) as image:
        assert [finding.severity for finding in soci_index_unusable(Declaration(image))] == [None]
        saved = Declaration(image._replace(form="docker-archive"))
        assert [finding.severity for finding in soci_index_unusable(saved)] == [Severity.NOTE]


def test_which_profiles_have_soci() -> None:
    assert {JUPYTERLAB, UNIFIED} < soci_index_unusable.severity.keys()
    assert CLASSIC not in soci_index_unusable.severity


@pytest.mark.parametrize(
    ("head", "size"),
    [
        (ztoc(20 * MB), 20 * MB),
        (ztoc(-1), None),
        (ztoc(1)[:-1], None),
        (ztoc(1, root=1 << 30), None),
        (struct.pack("<Ii", 4, 100), None),
        (struct.pack("<IiHH", 4, -4, 4, 4), None),
        (b"", None),
        (b"ztoc", None),
    ],
)
def test_the_size_in_a_ztoc(head: bytes, size: int | None) -> None:
    assert stated_layer_size(head) == size
