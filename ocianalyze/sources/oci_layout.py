"""The images of an OCI layout: ``index.json`` and what it leads to (image-layout.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ocianalyze.errors import InvalidImageError
from ocianalyze.oci import media_types
from ocianalyze.oci.models import Descriptor, ImageIndex, Manifest, parse_manifest
from ocianalyze.sources.candidate import Candidate, StoredLayer
from ocianalyze.sources.store import INDEX_JSON, Documents, blob_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.image import Blob

_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
"""The annotations that name an image; containerd's holds the full name, where the other may be a tag only."""

_MAX_MANIFESTS = 10_000


def candidates(documents: Documents) -> list[Candidate]:
    """Return the images that ``index.json`` lists, through nested indexes, attestations left out.

    Manifests whose own blob, config or layers are not in the store (other platforms of an index that were never
    pulled), and those of artifacts that are no images, are left out as long as there are others.

    Raises:
        InvalidImageError: a document is not what it must be, or there is no image at all.
    """
    _, value = documents.read(INDEX_JSON)
    index = parse_manifest(value, what=INDEX_JSON)
    if not isinstance(index, ImageIndex):
        raise InvalidImageError(f"{INDEX_JSON} is not an image index")
    found: list[Candidate] = []
    left_out: InvalidImageError | None = None
    for names, descriptor, manifest in _manifests(documents, index, (), _Walk(), depth=0):
        if isinstance(manifest, InvalidImageError):
            left_out = left_out or manifest
            continue
        try:
            found.append(_candidate(documents, names, descriptor, manifest))
        except _LeftOutError as error:
            left_out = left_out or error
    if not found and left_out is not None:
        raise left_out
    return found


class _LeftOutError(InvalidImageError):
    """What an index refers to is not in the store, or is not an image."""


@dataclass(slots=True)
class _Walk:
    """How far a walk through indexes within indexes has come; what it meets again is not walked through again."""

    seen: set[tuple[tuple[str, ...], Digest, str, int]] = field(default_factory=set)
    looked_at: int = 0


def _manifests(
    documents: Documents, index: ImageIndex, names: tuple[str, ...], walk: _Walk, *, depth: int
) -> Iterator[tuple[tuple[str, ...], Descriptor, Manifest | _LeftOutError]]:
    if depth > documents.limits.max_nesting:
        raise documents.limits.exceeded("max_nesting", f"indexes lie within indexes {depth} deep")
    walk.looked_at += len(index.manifests)
    if walk.looked_at > _MAX_MANIFESTS:
        raise InvalidImageError(f"{INDEX_JSON} leads to more than {_MAX_MANIFESTS:,} manifests")
    for descriptor in index.manifests:
        if descriptor.is_attestation or descriptor.artifact_type or not _may_be_image(descriptor):
            continue
        own = next((descriptor.annotations[key] for key in _NAMES if key in descriptor.annotations), None)
        all_names = names if own is None or own in names else (*names, own)
        visit = all_names, descriptor.digest, descriptor.media_type, descriptor.size
        if visit in walk.seen:
            continue
        walk.seen.add(visit)
        what = f"the manifest {descriptor.digest}"
        if documents.store.find(blob_name(descriptor.digest)) is None:
            yield all_names, descriptor, _LeftOutError(f"{what} is missing from the image")
            continue
        document = parse_manifest(documents.describe(descriptor), what=what, media_type=descriptor.media_type)
        if isinstance(document, ImageIndex):
            yield from _manifests(documents, document, all_names, walk, depth=depth + 1)
        else:
            yield all_names, descriptor, document


def _may_be_image(descriptor: Descriptor) -> bool:
    known = media_types.INDEXES | media_types.MANIFESTS | media_types.SCHEMA_1
    return not descriptor.media_type or descriptor.media_type in known


def _candidate(documents: Documents, names: tuple[str, ...], descriptor: Descriptor, manifest: Manifest) -> Candidate:
    kind = manifest.artifact_type or manifest.config.media_type
    if kind and kind not in media_types.CONFIGS:
        raise _LeftOutError(f"the manifest {descriptor.digest} is not that of an image, but of {kind[:100]!r}")
    for layer in manifest.layers:
        if not media_types.is_layer(layer.media_type):
            raise _LeftOutError(
                f"the manifest {descriptor.digest} is not that of an image:"
                f" the layer {layer.digest} has the media type {layer.media_type[:100]!r}"
            )
    _blob(documents, manifest.config, descriptor)
    layers = tuple(
        StoredLayer(_blob(documents, layer, descriptor), layer.digest, layer.size, layer.media_type)
        for layer in manifest.layers
    )
    documents.describe(manifest.config)
    config = documents.config(blob_name(manifest.config.digest), what=f"the config {manifest.config.digest}")
    return Candidate(
        names=names,
        config=config,
        config_digest=manifest.config.digest,
        layers=layers,
        digest=descriptor.digest,
        media_type=manifest.media_type or descriptor.media_type or None,
    )


def _blob(documents: Documents, descriptor: Descriptor, manifest: Descriptor) -> Blob:
    """Return the blob that a manifest refers to."""
    blob = documents.store.find(blob_name(descriptor.digest))
    if blob is None:
        raise _LeftOutError(
            f"the blob {descriptor.digest} of the image {manifest.digest} is missing",
            hint="the archive holds this image only in part: save it again where it was pulled for its platform",
        )
    return blob
