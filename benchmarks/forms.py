"""Layers that are files, put together as an OCI layout or as what `docker save` writes."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.compressed import Compression
from benchmarks.sparse import write_archive
from tests.support.docker_archives import docker_25, docker_29
from tests.support.images import CREATED, Blob, BuiltImage, BuiltLayer, ImageSpec
from tests.support.layouts import LayoutOptions, layout

_NAMES = LayoutOptions(containerd_names=True)


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """A layer as it lies on disk; sizes in bytes, `entries` those of its tar."""

    path: Path
    line: str
    diff_id: str
    digest: str
    size: int
    uncompressed_size: int
    entries: int
    compression: Compression


def write_layout(layers: Sequence[StoredLayer], target: Path) -> None:
    """Write an OCI layout, whose blobs are further names of the layers' files."""
    for item in layout([_image(layers)], _NAMES):
        path = target / item.path
        if item.kind == "directory":
            path.mkdir(parents=True, exist_ok=True)
        elif isinstance(item.content, Path):
            os.link(item.content, path)
        else:
            path.write_bytes(item.content)


def write_docker_archive(layers: Sequence[StoredLayer], target: Path) -> None:
    """Write an archive as `docker save` does, sparse where the layers are.

    Plain layers come from Docker's own store, as since version 25; compressed ones from containerd's, as since 29.
    """
    image = _image(layers)
    plain = all(layer.compression == "none" for layer in layers)
    write_archive(docker_25([image]) if plain else docker_29([image], _NAMES), target)


def _image(layers: Sequence[StoredLayer]) -> BuiltImage:
    spec = ImageSpec(layers=[layer.path for layer in layers], tags=["example.com/benchmarks/image:1.0"])
    built = tuple(
        BuiltLayer(
            Blob(b"" if layer.digest != layer.diff_id else layer.path, layer.diff_id, layer.uncompressed_size),
            Blob(layer.path, layer.digest, layer.size),
            layer.compression,
        )
        for layer in layers
    )
    config = {
        "created": CREATED,
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "User": "1000",
            "Env": [
                "PATH=/opt/conda/bin:/usr/local/cuda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "SHELL=/bin/bash",
            ],
            "Cmd": ["/bin/bash"],
            "WorkingDir": "/home/sagemaker-user",
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": [{"created": CREATED, "created_by": layer.line} for layer in layers],
    }
    return BuiltImage(spec, Blob.of_json(config), built)
