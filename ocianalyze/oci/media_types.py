"""The media types that a manifest, an index, a config and a layer may have.

Sources: image-spec media-types.md; distribution/manifest/schema2 (Docker).
"""

from __future__ import annotations

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_MANIFEST_1 = "application/vnd.docker.distribution.manifest.v1+json"
DOCKER_MANIFEST_1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"

INDEXES = frozenset({OCI_INDEX, DOCKER_LIST})
MANIFESTS = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
CONFIGS = frozenset({OCI_CONFIG, DOCKER_CONFIG})
OLD_CONFIGS = frozenset({"", "application/octet-stream", "application/json", "text/plain", "text/html"})
"""What images pushed by Docker 1.10 state for their configs (moby, distribution/pull_v2.go, 30083)."""
SCHEMA_1 = frozenset({DOCKER_MANIFEST_1, DOCKER_MANIFEST_1_SIGNED})
DOCUMENTS = INDEXES | MANIFESTS | SCHEMA_1
ACCEPTED = ", ".join(sorted(MANIFESTS | INDEXES))
"""What registries are asked for, as the header ``Accept`` has it."""

_TARS = frozenset(
    {
        OCI_LAYER,
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        DOCKER_LAYER,
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
    }
)
_SUFFIX = {"none": "", "gzip": "+gzip", "zstd": "+zstd"}
_COMPRESSIONS = {"+gzip": "gzip", ".gzip": "gzip", "+zstd": "zstd", ".zstd": "zstd"}


def layer_media_type(compression: str) -> str:
    """Return the OCI media type of a layer whose blob has `compression` (none, gzip or zstd)."""
    return OCI_LAYER + _SUFFIX[compression]


def stated_compression(media_type: str) -> str | None:
    """Return the compression (none, gzip or zstd) that a layer's media type states, or None.

    Docker's without a suffix states nothing: such layers may be compressed (containerd, images/mediatypes.go,
    ``DiffCompression``).
    """
    start, tar, suffix = media_type.rpartition(".tar")
    if not tar or not is_layer(media_type):
        return None
    return _COMPRESSIONS.get(suffix) if suffix or ".docker." in start else "none"


def is_tar_layer(media_type: str) -> bool:
    """Tell whether `media_type` is that of a layer that is a tar, in a compression that the runtimes know."""
    start, tar, suffix = media_type.rpartition(".tar")
    return start + tar in _TARS and (not suffix or suffix in _COMPRESSIONS)


def is_foreign(media_type: str) -> bool:
    """Tell whether `media_type` is that of a layer that may not be distributed with its image."""
    return "image.layer.nondistributable." in media_type or "image.rootfs.foreign." in media_type


def is_layer(media_type: str) -> bool:
    """Tell whether `media_type` is that of a file system changeset, also a non-distributable one."""
    return "image.layer" in media_type or "image.rootfs" in media_type
