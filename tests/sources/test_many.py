"""Documents that say the same thing a thousand times cost no more than once."""

import json
from typing import Any

import pytest

from ocianalyze.errors import InvalidImageError
from ocianalyze.layers.limits import Limits
from ocianalyze.oci.digest import Digest
from ocianalyze.sources import docker_archive, oci_layout
from ocianalyze.sources.store import Documents, blob_name
from ocianalyze.sources.stream import BytesBlob
from tests.support.layouts import OCI_INDEX, OCI_MANIFEST

CONFIG = json.dumps({"rootfs": {"diff_ids": []}, "history": [{}] * 50_000}).encode()


class _Store:
    def __init__(self) -> None:
        self.members: dict[str, bytes] = {}

    def find(self, name: str) -> BytesBlob | None:
        return BytesBlob(self.members[name]) if name in self.members else None

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
    assert len(oci_layout.candidates(_documents(store))) == 1


def test_an_index_of_too_many_manifests() -> None:
    store = _Store()
    inner = _image(store)
    for level in range(4):
        named = [
            inner | {"annotations": {"org.opencontainers.image.ref.name": f"{level}-{number}"}} for number in range(60)
        ]
        inner = store.put({"schemaVersion": 2, "manifests": named}, OCI_INDEX)
    store.members["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [inner]}).encode()
    with pytest.raises(InvalidImageError, match="more than 10,000 manifests"):
        oci_layout.candidates(_documents(store))


def _listing(items: list[object]) -> Documents:
    store = _Store()
    store.members = {"config.json": CONFIG, "manifest.json": json.dumps(items).encode()}
    return _documents(store)


def test_a_config_that_many_items_share_is_read_once() -> None:
    found = docker_archive.candidates(_listing([{"Config": "config.json", "Layers": []}] * 1000))
    assert len({id(candidate.config) for candidate in found}) == 1


@pytest.mark.parametrize(
    ("items", "match"),
    [
        ([{"Config": "config.json"}] * 1001, "lists 1,001 images"),
        ([{"Config": "config.json"}, {"Config": ""}], "manifest.json: item 1 has no Config"),
        ([{}], "0.Config: is missing"),
        ([1], "0: must be an object"),
        ([{"Config": "config.json", "Layers": "x"}], "0.Layers: must be a list"),
        ([{"Config": 1}], "0.Config: must be text"),
    ],
)
def test_what_manifest_json_must_not_say(items: list[object], match: str) -> None:
    with pytest.raises(InvalidImageError, match=match):
        docker_archive.candidates(_listing(items))


def test_bytes_in_memory_come_in_pieces() -> None:
    data = bytes(range(256)) * 1000
    pieces = list(BytesBlob(data).chunks())
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) == 64 << 10
