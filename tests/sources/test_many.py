"""Documents that say the same thing a thousand times cost no more than once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ocianalyze.errors import ImageChoiceError, InvalidImageError
from ocianalyze.layers.metering.limits import Limits
from ocianalyze.oci.digest import Digest
from ocianalyze.oci.platforms import Wanted
from ocianalyze.sources import docker_archive, oci_layout
from ocianalyze.sources.choosing import choose
from ocianalyze.sources.indexes import images
from ocianalyze.sources.kept import BytesBlob
from ocianalyze.sources.store import Documents, blob_name
from tests.support.layouts import OCI_INDEX, OCI_MANIFEST

CONFIG = json.dumps({"rootfs": {"diff_ids": []}, "history": [{}] * 50_000}).encode()


class _Store:
    what = "the store"

    def __init__(self) -> None:
        self.members: dict[str, bytes] = {}
        self.looked_at: list[str] = []

    def find(self, name: str) -> BytesBlob | None:
        self.looked_at.append(name)
        return BytesBlob(self.members[name]) if name in self.members else None

    def link(self, _: str) -> str | None:
        """There are no links."""

    def names(self) -> Iterator[str]:
        return iter(self.members)

    def check_unchanged(self) -> None:
        """Nobody writes to it."""

    def close(self) -> None:
        """Nothing is held open."""

    def put(self, value: object, media_type: str) -> dict[str, Any]:
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        hasher = Digest.sha256("0" * 64).hasher()
        hasher.update(raw)
        digest = Digest.sha256(hasher.hexdigest())
        self.members[blob_name(digest)] = raw
        return {"mediaType": media_type, "digest": str(digest), "size": len(raw)}


def _documents(store: _Store) -> Documents:
    return Documents(store, Limits())


def _image(store: _Store) -> dict[str, Any]:
    config = store.put(CONFIG, "application/vnd.oci.image.config.v1+json")
    return store.put({"schemaVersion": 2, "config": config, "layers": []}, OCI_MANIFEST)


def test_an_index_of_indexes_of_the_same_is_walked_once() -> None:
    store = _Store()
    inner = _image(store)
    for _ in range(4):
        inner = store.put({"schemaVersion": 2, "manifests": [inner] * 60}, OCI_INDEX)
    store.members["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [inner] * 60}).encode()
    (found,) = oci_layout.choices(_documents(store))
    assert len(list(images(found.items, found.catalogue))) == 1
    assert len(store.looked_at) < 100


def test_an_index_of_too_many_manifests() -> None:
    store = _Store()
    config = store.put(b"{}", "application/vnd.oci.image.config.v1+json")
    manifests = [
        store.put({"config": config, "layers": [], "annotations": {"number": str(number)}}, OCI_MANIFEST)
        for number in range(10_001)
    ]
    store.members["index.json"] = json.dumps({"manifests": manifests}).encode()
    with pytest.raises(InvalidImageError, match="lists more than 10,000 manifests"):
        oci_layout.choices(_documents(store))
    half = [store.put({"manifests": part}, OCI_INDEX) for part in (manifests[:5000], manifests[5000:])]
    inner = store.put({"manifests": half}, OCI_INDEX)
    store.members["index.json"] = json.dumps({"manifests": [inner]}).encode()
    (found,) = oci_layout.choices(_documents(store))
    with pytest.raises(InvalidImageError, match="more than 10,000 manifests"):
        found.narrowed("example.com/missing:1")


def test_documents_that_are_asked_for_again_and_again() -> None:
    """Many indexes of the same large manifests: a name that none of them has is looked for in all of them."""
    store = _Store()
    large = _image(store)
    raw = json.loads(store.members[blob_name(Digest.parse(large["digest"]))]) | {"padding": "x" * 4_000_000}
    large = store.put(raw, OCI_MANIFEST)
    indexes = [store.put({"manifests": [large], "annotations": {"n": str(n)}}, OCI_INDEX) for n in range(100)]
    named = [
        index | {"annotations": {"org.opencontainers.image.ref.name": str(number)}}
        for number, index in enumerate(indexes)
    ]
    store.members["index.json"] = json.dumps({"manifests": named}).encode()
    choices = oci_layout.choices(_documents(store))
    assert choose(choices, name="7", wanted=None).names == ("7",)
    with pytest.raises(InvalidImageError, match="refers to the same documents too often"):
        choose(choices, name="missing", wanted=None)


def _listing(items: list[object]) -> Documents:
    store = _Store()
    store.members = {"config.json": CONFIG, "manifest.json": json.dumps(items).encode()}
    return _documents(store)


def test_a_config_that_many_items_share_is_read_once() -> None:
    documents = _listing([{"Config": "config.json", "Layers": []}] * 1000)
    choices = docker_archive.choices(documents)
    assert choose(choices, name=None, wanted=None) == choices[0]
    assert choose(choices, name=None, wanted=Wanted.parse("linux/amd64")) == choices[0]
    assert {platform for choice in choices for platform in choice.platforms()} == {"unknown"}
    assert isinstance(documents.store, _Store)
    assert documents.store.looked_at.count("config.json") <= 3


def test_images_without_names_in_a_docker_archive_are_different_ones() -> None:
    """As `docker save` writes when it is given ids: no platform chooses among them."""
    store = _Store()
    for machine in ("amd64", "arm64"):
        store.members[machine] = json.dumps({"os": "linux", "architecture": machine, "rootfs": {}}).encode()
    store.members["manifest.json"] = json.dumps([{"Config": "amd64"}, {"Config": "arm64"}]).encode()
    choices = docker_archive.choices(_documents(store))
    with pytest.raises(ImageChoiceError, match="2 images to choose from"):
        choose(choices, name=None, wanted=None)
    assert choose(choices, name=None, wanted=Wanted.parse("linux/arm64")) == choices[1]


@pytest.mark.parametrize(
    ("items", "match"),
    [
        ([{"Config": "config.json"}] * 1001, "lists 1,001 images"),
        ([{"Config": "config.json"}, {"Config": ""}], "manifest.json: item 1 has no Config"),
        ([{}], "item 0 has no Config"),
        ([1], "0: must be an object"),
        ([{"Config": "config.json", "Layers": "x"}], "0.Layers: must be a list"),
        ([{"Config": 1}], "0.Config: must be a string"),
    ],
)
def test_what_manifest_json_must_not_say(items: list[object], match: str) -> None:
    with pytest.raises(InvalidImageError, match=match):
        docker_archive.choices(_listing(items))


def test_bytes_in_memory_come_in_pieces() -> None:
    data = bytes(range(256)) * 1000
    pieces = list(BytesBlob(data).chunks())
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) == 64 << 10
