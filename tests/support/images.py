"""Images from plain data: what an image is, before any tool has given it a form (`forms.py`)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from tests.support.compress import Compression, compress
from tests.support.tarballs import Item, layer

CREATED = "2026-01-02T03:04:05Z"

LayerSource: TypeAlias = Sequence[Item] | bytes | Path
"""Items, or a layer's tar as it is, in memory or in a file."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes with their digest and size; large ones stay in their file."""

    content: bytes | Path
    digest: str
    size: int

    @classmethod
    def of(cls, content: bytes | Path) -> "Blob":
        """Hash the content."""
        if isinstance(content, bytes):
            return cls(content, f"sha256:{hashlib.sha256(content).hexdigest()}", len(content))
        with content.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(content, f"sha256:{digest}", content.stat().st_size)

    @classmethod
    def of_json(cls, value: object) -> "Blob":
        """Serialise as compact JSON, and hash that."""
        return cls.of(to_json(value))

    @property
    def encoded(self) -> str:
        """The hexadecimal part of the digest."""
        return self.digest.partition(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpec:
    """What an image holds and says of itself.

    `config` is the inner `config` object (`User`, `Env`, ...). Without `history` there is one entry per layer,
    `RUN step N`, counted from 1. `raw_config` is merged over the whole configuration last, to contradict it.
    """

    layers: Sequence[LayerSource]
    config: Mapping[str, Any] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] | None = None
    tags: Sequence[str] = ("example.com/team/image:1.0",)
    platform: str = "linux/amd64"
    created: str = CREATED
    raw_config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BuiltLayer:
    """A layer as a tar (whose digest is the diff_id) and as it is stored."""

    tar: Blob
    stored: Blob
    compression: Compression


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """The blobs of an image."""

    spec: ImageSpec
    config: Blob
    layers: tuple[BuiltLayer, ...]

    @property
    def diff_ids(self) -> list[str]:
        """The digests of the layers' tars, bottom first."""
        return [layer.tar.digest for layer in self.layers]


def build(spec: ImageSpec, *, compression: Compression | Sequence[Compression] = "none") -> BuiltImage:
    """Make the blobs of an image; several compressions are one for each layer."""
    kinds = [compression] * len(spec.layers) if isinstance(compression, str) else list(compression)
    layers = tuple(_build_layer(source, kind) for source, kind in zip(spec.layers, kinds, strict=True))
    return BuiltImage(spec, Blob.of_json(_config(spec, layers)), layers)


def platform_object(platform: str) -> dict[str, str]:
    """Return `linux/arm64/v8` as the image spec's platform object."""
    return dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))


def to_json(value: object) -> bytes:
    """Serialise as compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def _build_layer(source: LayerSource, compression: Compression) -> BuiltLayer:
    tar = source if isinstance(source, bytes | Path) else layer(source)
    tar_blob = Blob.of(tar)
    stored: bytes | Path = compress(tar, compression)
    return BuiltLayer(tar_blob, tar_blob if compression == "none" else Blob.of(stored), compression)


def _config(spec: ImageSpec, layers: Sequence[BuiltLayer]) -> dict[str, Any]:
    history = spec.history
    if history is None:
        history = [{"created": spec.created, "created_by": f"RUN step {n}"} for n, _ in enumerate(layers, 1)]
    return {
        "created": spec.created,
        **platform_object(spec.platform),
        "config": dict(spec.config),
        "rootfs": {"type": "layers", "diff_ids": [layer.tar.digest for layer in layers]},
        "history": [dict(entry) for entry in history],
        **spec.raw_config,
    }
