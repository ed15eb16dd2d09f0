"""Images whose layers have indexes that lie, made of the samples: all digests are right, so that what lies is read."""

import gzip
import hashlib
import json
import struct
import tarfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

import zstandard

from ocianalyze.layers.indexes.finding import ESTARGZ, find_table
from ocianalyze.oci.soci import LAYER_DIGEST
from tests.hostile.mutations import any_json, mutated_bytes, mutated_json
from tests.support.indexed_images import FORMS
from tests.support.indexed_layers import SAMPLES
from tests.support.tarballs import Item, directory, file

_FOOTER: Final = 51
_BLOBS: Final = "blobs/sha256"
_OFTEN: Final = 8
"""Most often an index is changed in a few of its many values, or not at all."""


def mutated_index(rng: Random) -> list[Item]:
    """Return a layout of an image one of whose layers has an index that somebody has changed."""
    form = rng.choice(FORMS)
    blobs = dict(_blobs(form))
    index = json.loads(blobs.pop("index.json"))
    top = index["manifests"][0]
    if form.startswith("soci"):
        _change_ztoc(rng, blobs, index)
    else:
        manifest = json.loads(blobs[top["digest"]])
        _change_table(rng, blobs, rng.choice(manifest["layers"]))
        _renamed(blobs, top, json.dumps(manifest).encode())
    return [
        directory("blobs"),
        directory(_BLOBS),
        *(file(f"{_BLOBS}/{digest.partition(':')[2]}", raw) for digest, raw in sorted(blobs.items())),
        file("index.json", json.dumps(index).encode()),
        file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'),
    ]


@cache
def _blobs(form: str) -> dict[str, bytes]:
    """Return the blobs of a sample by their digests, and its ``index.json``."""
    with tarfile.open(Path(SAMPLES, f"{form}.tar")) as archive:
        files = {info.name: archive.extractfile(info) for info in archive if info.isfile()}
        found = {name: source.read() for name, source in files.items() if source is not None}
    blobs = {f"sha256:{Path(name).name}": raw for name, raw in found.items() if name.startswith(_BLOBS)}
    return {**blobs, "index.json": found["index.json"]}


def _renamed(blobs: dict[str, bytes], descriptor: dict[str, Any], raw: bytes) -> None:
    """Let a descriptor describe other bytes."""
    descriptor["digest"], descriptor["size"] = _digest(raw), len(raw)
    blobs[descriptor["digest"]] = raw


def _digest(raw: bytes) -> str:
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def _change_table(rng: Random, blobs: dict[str, bytes], layer: dict[str, Any]) -> None:
    """Change the table of contents of a layer, or where it is said to be."""
    stored, annotations = blobs[layer["digest"]], layer["annotations"]
    found = find_table(annotations)
    assert found is not None
    if found.position is None:
        start = int(stored[-_FOOTER:][16:32], 16)
        member = gzip.decompress(stored[start:-_FOOTER])
        table = _changed(rng, member[512 : 512 + int(member[124:135], 8)])
        header = bytearray(member[:512])
        header[124:136] = b"%011o\0" % len(table)
        packed = gzip.compress(mutated_bytes(rng, bytes(header)) if _seldom(rng) else bytes(header) + table)
        footer = mutated_bytes(rng, stored[-_FOOTER:]) if _seldom(rng) else stored[-_FOOTER:]
        annotations[ESTARGZ] = _digest(table)
        _renamed(blobs, layer, stored[:start] + packed + footer)
        return
    start, end, _ = found.position
    table = _changed(rng, zstandard.ZstdDecompressor().decompressobj().decompress(stored[start:end]))
    packed = zstandard.ZstdCompressor().compress(table)
    prefix = next(name.removesuffix("position") for name in annotations if name.endswith("manifest-position"))
    sizes = [start, len(packed), len(table), 1]
    if _seldom(rng):
        sizes[rng.randrange(4)] = rng.choice((0, 1, len(stored), 2**31, 2**63, 10**17))
    annotations[f"{prefix}position"] = ":".join(map(str, sizes))
    annotations[f"{prefix}checksum"] = _digest(packed)
    frame = struct.pack("<II", 0x184D2A50, len(packed)) + packed
    _renamed(blobs, layer, stored[: start - 8] + frame + bytes(64))


def _changed(rng: Random, table: bytes) -> bytes:
    """Return another table of contents."""
    if _seldom(rng):
        return mutated_bytes(rng, table)
    value = json.loads(table)
    for _ in range(rng.randint(0, 3)):
        value = mutated_json(rng, value)
    entries = value.get("entries") if isinstance(value, dict) else None
    if isinstance(entries, list) and entries and rng.random() < 0.5:
        entry = rng.choice(entries)
        if isinstance(entry, dict) and entry:
            key = rng.choice(list(entry))
            other = rng.choice(entries)
            entry[key] = other.get(key, 0) if isinstance(other, dict) and not _seldom(rng) else any_json(rng)
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _change_ztoc(rng: Random, blobs: dict[str, bytes], index: dict[str, Any]) -> None:
    """Change a ztoc, and all that leads to it."""
    documents = {digest: json.loads(raw) for digest, raw in blobs.items() if raw[:1] == b"{"}
    soci = next(
        digest
        for digest, value in documents.items()
        if any(LAYER_DIGEST in layer.get("annotations", {}) for layer in value.get("layers", ()))
    )
    item = rng.choice(documents[soci]["layers"])
    raw = blobs[item["digest"]]
    if rng.random() < 0.9:
        raw = mutated_bytes(rng, raw)
    elif item["digest"] != documents[soci]["layers"][0]["digest"]:
        raw = blobs[documents[soci]["layers"][0]["digest"]]
    _renamed(blobs, item, raw)
    renamed = {soci: json.dumps(documents[soci]).encode()}
    while renamed:  # whatever names something by its digest gets a new digest, too
        old, raw = renamed.popitem()
        new = _digest(raw)
        blobs[new] = raw
        for digest, value in list(documents.items()):
            if old in blobs.get(digest, b"").decode("utf-8", "replace") and digest != old:
                changed = _with(value, old, new, len(raw))
                documents[digest] = changed
                renamed[digest] = json.dumps(changed).encode()
        replaced = _with(index, old, new, len(raw))
        index.clear()
        index.update(replaced)


def _with(value: Any, old: str, new: str, size: int) -> Any:  # noqa: ANN401 - any JSON value
    """Return a document in which a digest is another one, with the size that goes with it."""
    if isinstance(value, dict):
        found = {key: _with(item, old, new, size) for key, item in value.items()}
        return found | {"size": size} if value.get("digest") == old else found
    if isinstance(value, list):
        return [_with(item, old, new, size) for item in value]
    return new if value == old else value


def _seldom(rng: Random) -> bool:
    return rng.randrange(_OFTEN) == 0
