"""Writes an image as an archive with the same bytes every time.

It is an OCI layout and, for `docker load` of all versions, a docker archive of the same blobs.
"""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_COMPRESSION = 6

Entry = tuple[tarfile.TarInfo, bytes]
"""An entry of a layer, and its content."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer: what it has, and the line of a Dockerfile that would make it."""

    entries: Sequence[Entry]
    created_by: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image: its layers, its platform, what a container of it runs, and when it was made.

    Attributes:
        lines: lines of a Dockerfile that make no layer.
        annotations: what describes it; they are labels, too, because `docker inspect` shows only those.

    """

    name: str
    architecture: str
    layers: Sequence[Layer]
    lines: Sequence[str]
    config: Mapping[str, Any]
    annotations: Mapping[str, str]
    created: str


def write(path: Path, image: Image) -> str:
    """Write the archive and return the digest of the image."""
    blobs: dict[str, bytes] = {}
    stored = [_layer(layer) for layer in image.layers]
    layers = [_blob(blobs, _LAYER, compressed) for _, compressed in stored]
    config = _blob(blobs, _CONFIG, _json(_config(image, [diff_id for diff_id, _ in stored])))
    manifest = _blob(
        blobs,
        _MANIFEST,
        _json(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": config,
                "layers": layers,
                "annotations": dict(image.annotations),
            }
        ),
    )
    names = {
        "io.containerd.image.name": f"docker.io/library/{image.name}",
        "org.opencontainers.image.ref.name": image.name,
    }
    platform = {"architecture": image.architecture, "os": "linux"}
    index = {
        "schemaVersion": 2,
        "mediaType": _INDEX,
        "manifests": [manifest | {"platform": platform, "annotations": names}],
    }
    docker = [{"Config": _path(config), "RepoTags": [image.name], "Layers": [_path(layer) for layer in layers]}]
    documents = {
        "oci-layout": _json({"imageLayoutVersion": "1.0.0"}),
        "index.json": _json(index),
        "manifest.json": _json(docker),
    }
    path.write_bytes(tar(_files(documents | dict(sorted(blobs.items())))))
    return str(manifest["digest"])


def tar(entries: Iterable[Entry]) -> bytes:
    """Return a tar with these entries as they are."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _files(contents: Mapping[str, bytes]) -> Iterable[Entry]:
    for name, content in contents.items():
        info = tarfile.TarInfo(name)
        info.size = len(content)
        yield info, content


def _layer(layer: Layer) -> tuple[str, bytes]:
    """Return the digest of a layer's tar, and that tar compressed."""
    plain = tar(layer.entries)
    return _digest(plain), gzip.compress(plain, _COMPRESSION, mtime=0)


def _config(image: Image, diff_ids: Sequence[str]) -> dict[str, Any]:
    made = [{"created_by": layer.created_by} for layer in image.layers]
    stated = [{"created_by": line, "empty_layer": True} for line in image.lines]
    return {
        "architecture": image.architecture,
        "os": "linux",
        "created": image.created,
        "config": {**image.config, "Labels": dict(image.annotations)},
        "rootfs": {"type": "layers", "diff_ids": list(diff_ids)},
        "history": [{"created": image.created, **step} for step in made + stated],
    }


def _blob(blobs: dict[str, bytes], media_type: str, content: bytes) -> dict[str, Any]:
    """Add a blob and return its descriptor."""
    descriptor = {"mediaType": media_type, "digest": _digest(content), "size": len(content)}
    blobs[_path(descriptor)] = content
    return descriptor


def _path(descriptor: Mapping[str, Any]) -> str:
    return f"blobs/{descriptor['digest'].replace(':', '/')}"


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
