"""Images that take a while to read, although they take no time to make."""

import gzip
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from tests.support.headers import header
from tests.support.images import to_json
from tests.support.layouts import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, index_items

_HOLE = 200 << 20


def walked_layer(path: Path, entries: int) -> int:
    """Write a layer with many entries, none of them ordinary, large enough to be worth a worker; return its size."""
    with path.open("wb") as file:
        file.write(header(b"x", flag=b"7") * entries)
        file.write(header(b"hole", size=_HOLE))
        file.truncate(file.tell() + _HOLE)
        file.seek(0, 2)
        return file.tell()


def inflated_layer(path: Path, members: int) -> int:
    """Write a layer of `members` gzip members with 4 MiB in each, all the same; return its size."""
    words = [sha256(bytes([number])).digest() for number in range(256)]
    order = b"".join(sha256(b"%d" % number).digest() for number in range(4096))
    piece = b"".join(words[number] for number in order)
    with path.open("wb") as file:
        file.write(gzip.compress(header(b"big", size=len(piece) * members), 1))
        member = gzip.compress(piece, 1)
        for _ in range(members):
            file.write(member)
        return file.tell()


def slow_layout(directory: Path, *, compression: str, steps: Sequence[str], amount: int) -> Path:
    """Write an OCI layout with a layer for each build step; the digests of the layers are none of theirs."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    layers = []
    for number in range(len(steps)):
        encoded = f"{number:064x}"
        make = inflated_layer if compression == "gzip" else walked_layer
        size = make(blobs / encoded, amount)
        layers.append({"mediaType": OCI_LAYER[compression], "digest": f"sha256:{encoded}", "size": size})

    def add(value: object, media_type: str) -> dict[str, object]:
        raw = to_json(value)
        digest = sha256(raw).hexdigest()
        (blobs / digest).write_bytes(raw)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(raw)}

    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
        "history": [{"created_by": step} for step in steps],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": add(config, OCI_CONFIG),
        "layers": layers,
    }
    for item in index_items([add(manifest, OCI_MANIFEST)]):
        assert isinstance(item.content, bytes)
        (directory / item.path).write_bytes(item.content)
    return directory
