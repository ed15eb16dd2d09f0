"""A place that holds the members of one image archive or layout, by name.

Everything above it, docker archives and OCI layouts alike, is written once against this small core.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ocianalyze.errors import ContentUnavailableError, CorruptLayerError, DigestMismatchError, InvalidImageError
from ocianalyze.oci import json
from ocianalyze.oci.digest import Digest
from ocianalyze.oci.models import ImageConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.layers.limits import Limits
    from ocianalyze.oci.image import Blob
    from ocianalyze.oci.models import Descriptor

MANIFEST_JSON = "manifest.json"
INDEX_JSON = "index.json"


class BlobStore(Protocol):
    """The core that a source implements."""

    def find(self, name: str) -> Blob | None:
        """Return the member `name` (such as ``blobs/sha256/...``), or None if there is none."""

    def check_unchanged(self) -> None:
        """Raise InvalidImageError if what was read was changed since it was opened, as far as that can be told."""

    def close(self) -> None:
        """Release what the store holds open; its blobs cannot be read afterwards."""


@dataclass(slots=True)
class Documents:
    """The JSON documents of a store: capped, checked against their digests, and each decoded once."""

    store: BlobStore
    limits: Limits
    _decoded: dict[str, tuple[Digest, int, object]] = field(default_factory=dict)
    _configs: dict[str, ImageConfig] = field(default_factory=dict)

    def read(self, name: str) -> tuple[Digest, object]:
        """Return the digest and the decoded value of the document `name`.

        Raises:
            InvalidImageError: there is none, or it is not strict JSON.
            LimitExceededError: it is larger than ``max_json``.
        """
        if name not in self._decoded:
            blob = self.store.find(name)
            if blob is None:
                raise InvalidImageError(f"{name} is missing from the image")
            raw = self._bytes(blob, name)
            self._decoded[name] = (Digest.of(raw), len(raw), json.decode(raw, what=name))
        digest, _, value = self._decoded[name]
        return digest, value

    def config(self, name: str, *, what: str) -> ImageConfig:
        """Return the document `name` as the config of an image; many images may share one, which is read once.

        Raises:
            InvalidImageError: as for `read`, or it is not a config.
        """
        if name not in self._configs:
            _, value = self.read(name)
            self._configs[name] = json.validate(value, ImageConfig, what=what)
        return self._configs[name]

    def describe(self, descriptor: Descriptor) -> object:
        """Return the decoded document that a descriptor refers to.

        Raises:
            DigestMismatchError: its bytes are not those that the descriptor promises.
            InvalidImageError: as for `read`.
        """
        name = blob_name(descriptor.digest)
        if name not in self._decoded:
            blob = self.store.find(name)
            if blob is None:
                raise InvalidImageError(f"the blob {descriptor.digest} is missing from the image")
            raw = self._bytes(blob, name)
            check(raw, descriptor.digest)
            self._decoded[name] = (descriptor.digest, len(raw), json.decode(raw, what=name))
        _, size, value = self._decoded[name]
        if size != descriptor.size:
            raise DigestMismatchError(
                f"blob {descriptor.digest}: {descriptor.size:,} bytes are stated, but {size:,} are stored"
            )
        return value

    def _bytes(self, blob: Blob, name: str) -> bytes:
        most = self.limits.max_json
        pieces, size = [], 0
        try:
            for chunk in _chunks(blob, most + 1):
                pieces.append(chunk)
                size += len(chunk)
                if size > most:
                    raise self.limits.exceeded("max_json", f"{name} has more than {most:,} bytes")
        except (CorruptLayerError, ContentUnavailableError) as error:  # it came as a stream and was read as a layer
            raise InvalidImageError(f"{name} is not valid JSON") from error
        return b"".join(pieces)


def _chunks(blob: Blob, most: int) -> Iterator[bytes]:
    byte_range = blob.byte_range()
    if byte_range is None:
        yield from blob.chunks()
    else:
        yield byte_range.read_at(0, min(most, byte_range.size))


def blob_name(digest: Digest) -> str:
    """Return the name of a blob in an OCI layout (image-layout.md, "Blobs")."""
    return f"blobs/{digest.algorithm}/{digest.encoded}"


def stated_digest(name: str) -> Digest | None:
    """Return the digest that a member's name states by being that of a blob in an OCI layout, if it does."""
    directory, _, encoded = name.rpartition("/")
    blobs, _, algorithm = directory.rpartition("/")
    if blobs != "blobs":
        return None
    try:
        return Digest.parse(f"{algorithm}:{encoded}")
    except InvalidImageError:
        return None


def check(raw: bytes, digest: Digest) -> None:
    """Raise DigestMismatchError unless `raw` has this digest."""
    if not digest.matches(raw):
        raise DigestMismatchError(
            f"blob {digest}: its bytes have another digest",
            hint="the image was altered or damaged: save or pull it again",
        )
