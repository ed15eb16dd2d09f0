"""An artifact that refers to an image: a manifest around some files, the same for the same files.

Sources: image-spec, manifest.md ("Guidelines for Artifact Usage") and annotations.md.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from ocianalyze.oci.digest import Digest
from ocianalyze.oci.media_types import OCI_MANIFEST
from ocianalyze.sources.registry.oras_parts import NewManifest, Subject, annotation_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.oci.models import Descriptor

CREATED: Final = "org.opencontainers.image.created"
EMPTY: Final = b"{}"
"""The config of an artifact that has none."""
_EMPTY_TYPE: Final = "application/vnd.oci.empty.v1+json"


class File(NamedTuple):
    """A file of an artifact; `title` is the name that others store it under."""

    title: str
    media_type: str
    content: bytes

    @property
    def digest(self) -> Digest:
        """The digest of its bytes."""
        return Digest.of(self.content)


class Artifact(NamedTuple):
    """An artifact: the bytes of its manifest, its blobs, and how the image's referrers list it."""

    manifest: bytes
    blobs: tuple[bytes, ...]
    descriptor: dict[str, Any]

    @property
    def digest(self) -> Digest:
        """The digest of its manifest."""
        return Digest.of(self.manifest)


def make_artifact(subject: Descriptor, artifact_type: str, files: Sequence[File], *, created: str | None) -> Artifact:
    """Return the artifact of some files that refers to an image."""
    annotations = {} if created is None else {CREATED: created}
    manifest: dict[str, Any] = NewManifest()
    manifest |= {
        "artifactType": artifact_type,
        "config": _descriptor(_EMPTY_TYPE, EMPTY),
        "layers": [
            {**_descriptor(file.media_type, file.content), "annotations": {annotation_title: file.title}}
            for file in files
        ],
        "subject": asdict(Subject(subject.media_type, subject.digest, subject.size)),
        "annotations": annotations,
    }
    raw = orjson.dumps(manifest)
    listed = {**_descriptor(OCI_MANIFEST, raw), "artifactType": artifact_type, "annotations": annotations}
    return Artifact(raw, (EMPTY, *(file.content for file in files)), listed)


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content)}
