"""A place that holds the members of one image archive or layout, by name.

Everything above it, docker archives and OCI layouts alike, is written once against this small core.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ocianalyze.errors import (
    ContentUnavailableError,
    CorruptLayerError,
    DigestMismatchError,
    InvalidImageError,
)
from ocianalyze.oci import json
from ocianalyze.oci.digest import Digest
from ocianalyze.oci.models import ImageConfig, Platform
from ocianalyze.sources.diagnosis.names import of_backslashes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocianalyze.errors import LimitExceededError
    from ocianalyze.layers.metering.limits import Limits
    from ocianalyze.oci.image import Blob
    from ocianalyze.oci.models import Descriptor

MANIFEST_JSON = "manifest.json"
INDEX_JSON = "index.json"
_MOST_AGAIN = 256 << 20
"""How many bytes of documents are read more than once: those of real images have kilobytes."""


class BlobStore(Protocol):
    """The core that a source implements."""

    @property
    def what(self) -> str:
        """What the source is called in messages."""

    def find(self, name: str) -> Blob | None:
        """Return the member `name` (such as ``blobs/sha256/...``), or None if there is none."""

    def link(self, name: str) -> str | None:
        """Return where the link that the missing member `name` is leads to, as it is written; None if it is no link."""

    def names(self) -> Iterable[str]:
        """Return the names of the members; of a directory, those that are at most three directories deep."""

    def check_unchanged(self) -> None:
        """Raise InvalidImageError if what was read was changed since it was opened, as far as that can be told."""

    def close(self) -> None:
        """Release what the store holds open; its blobs cannot be read afterwards."""


@dataclass(slots=True)
class Documents:
    """The JSON documents of a store: capped, checked against their digests, and decoded one at a time.

    Of none more is kept than its digest and the platform that it states; what is asked for again is read again, which
    is bounded. `read` is the one place where bytes come from.
    """

    store: BlobStore
    limits: Limits
    _seen: set[str] = field(default_factory=set)
    _read_again: int = 0
    _spare: int | None = None
    _digests: dict[str, Digest] = field(default_factory=dict)
    _platforms: dict[str, Platform] = field(default_factory=dict)

    def read(self, name: str) -> bytes:
        """Return the bytes of the document `name`.

        Raises:
            InvalidImageError: there is none, or it is larger than JSON documents are (as LimitExceededError).
        """
        blob = self.store.find(name)
        if blob is None:
            raise missing(self.store, name, name)
        most = self.limits.max_document
        pieces, size = [], 0
        try:
            for chunk in _chunks(blob, most + 1):
                pieces.append(chunk)
                size += len(chunk)
                if size > most:
                    raise too_large(name, self.limits)
        except (CorruptLayerError, ContentUnavailableError) as error:  # it came as a stream and was read as a layer
            raise InvalidImageError(f"{name} is not valid JSON") from error
        if name in self._seen:
            self._read_again += size
            if self._read_again > _MOST_AGAIN:
                raise InvalidImageError(
                    f"{self.store.what} refers to the same documents too often: reading them again takes more than "
                    f"{_MOST_AGAIN:,} bytes"
                )
        self._seen.add(name)
        return b"".join(pieces)

    def digest(self, name: str) -> Digest:
        """Return the digest of the document `name`; errors are those of `read`."""
        if name not in self._digests:
            self._digests[name] = Digest.of(self.read(name))
        return self._digests[name]

    def value(self, name: str) -> object:
        """Return the decoded value of the document `name`; raises InvalidImageError if it is not strict JSON."""
        return json.decode(self.read(name), what=name)

    def described(self, descriptor: Descriptor) -> object:
        """Return the decoded document that a descriptor describes.

        Raises:
            DigestMismatchError: its bytes are not those that the descriptor promises.
            InvalidImageError: as for `value`.
        """
        return json.decode(self._verified(descriptor), what=blob_name(descriptor.digest))

    def _verified(self, descriptor: Descriptor) -> bytes:
        raw = self.read(blob_name(descriptor.digest))
        check(raw, descriptor.digest)
        if len(raw) != descriptor.size:
            raise DigestMismatchError(
                f"blob {descriptor.digest}: its descriptor states {descriptor.size:,} bytes, but it has {len(raw):,}"
            )
        return raw

    def config(self, where: Descriptor | str) -> ImageConfig:
        """Return the config of an image, which a descriptor describes or which has a name.

        Raises:
            InvalidImageError: as for `described`, or it is not a config.
        """
        value = self.value(where) if isinstance(where, str) else self.described(where)
        return ImageConfig.from_value(value, what=f"the config {_shown(where)}")

    def platform(self, where: Descriptor | str) -> Platform:
        """Return the platform that a config states; nothing else of it is looked at. Errors are those of `config`."""
        name = _shown(where)
        if name not in self._platforms:
            raw = self.read(where) if isinstance(where, str) else self._verified(where)
            self._platforms[name] = Platform.from_value(json.glance(raw, what=name), what=f"the config {name}")
        return self._platforms[name]

    def shown_platform(self, where: Descriptor | str) -> str:
        """Return the platform that a config states as it is to be shown.

        Raises:
            LimitExceededError: so many images cannot be told apart without reading too much.
        """
        if _shown(where) not in self._platforms:
            blob = self.store.find(where if isinstance(where, str) else blob_name(where.digest))
            size = None if blob is None else blob.size
            spare = self.limits.max_document if self._spare is None else self._spare
            if size is None or size > spare:
                raise self.limits.exceeded(
                    "max_memory",
                    f"{self.store.what} contains several images: choose one with --image NAME or --image @POSITION; "
                    f"the configs to read for a list of them are too large",
                    most=self.limits.max_document,
                )
            self._spare = spare - size
        return str(self.platform(where)) or "unknown"


def too_large(what: str, limits: Limits) -> LimitExceededError:
    """Return the error that a JSON document is larger than any should be."""
    return limits.exceeded("max_memory", f"{what} is too large for a JSON document", most=limits.max_document)


def missing(store: BlobStore, name: str, what: str) -> InvalidImageError:
    """Return the error that the member `name`, which is `what`, is missing, and why, as far as that can be told."""
    target = store.link(name)
    if target is not None:
        return InvalidImageError(
            f"{what} is a link to {target[:200]!r}, which is not in the image",
            hint="Copy or pack it together with the link targets: 'cp -rL' or 'tar --dereference'",
        )
    cause = of_backslashes(store.names())
    if cause is not None:
        return cause.error(store.what)
    return InvalidImageError(
        f"{what} is missing from the image",
        hint="Save the image again where it was built or pulled for its platform: this copy is incomplete",
    )


def _shown(where: Descriptor | str) -> str:
    return where if isinstance(where, str) else where.digest


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
            f"blob {digest}: its content does not match the digest",
            hint="Save or pull the image again: it was altered or damaged",
        )
