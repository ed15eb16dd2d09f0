"""OCI layouts: blobs by digest, `index.json` and `oci-layout`, plain or with everything that builders add to them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from tests.support.compress import family
from tests.support.images import Blob, BuiltImage, platform_object, to_json
from tests.support.tarballs import Item, directory, file

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = {
    "none": "application/vnd.oci.image.layer.v1.tar",
    "gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
    "zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
}
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = {
    "none": "application/vnd.docker.image.rootfs.diff.tar",
    "gzip": "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "zstd": "application/vnd.docker.image.rootfs.diff.tar.zstd",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutOptions:
    """How a layout differs from the plainest one.

    `nested` puts an index between `index.json` and the manifests; an attestation, platforms whose blobs are absent, and
    several images of one name (one for each platform) need one anyway.
    """

    media_types: Literal["oci", "docker"] = "oci"
    nested: bool = False
    attestation: bool = False
    absent_platforms: Sequence[str] = ()
    containerd_names: bool = False


PLAIN = LayoutOptions()


def layout(images: Sequence[BuiltImage], options: LayoutOptions = PLAIN) -> list[Item]:
    """Return the members of a layout; images with the same tags are one image for several platforms."""
    blobs: list[Blob] = []
    entries: list[dict[str, Any]] = []
    for tags, group in groupby(images, key=lambda image: tuple(image.spec.tags)):
        descriptor = _describe_group(list(group), options, blobs)
        entries += [{**descriptor, "annotations": _names(tag, options)} for tag in tags] or [descriptor]
    return [*blob_items(blobs), *index_items(entries)]


def index_items(entries: Sequence[dict[str, Any]] | None) -> list[Item]:
    """Return `index.json` and `oci-layout`."""
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    return [file("index.json", to_json(index)), file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')]


def blob_items(blobs: Sequence[Blob]) -> list[Item]:
    """Return the `blobs/` directories and each blob once, in order of digest."""
    unique = {blob.digest: blob for blob in blobs}
    return [
        directory("blobs"),
        directory("blobs/sha256"),
        *(file(f"blobs/sha256/{blob.encoded}", blob.content) for _, blob in sorted(unique.items())),
    ]


def manifest(image: BuiltImage, media_types: Literal["oci", "docker"] = "oci") -> Blob:
    """Return an image's manifest."""
    oci = media_types == "oci"
    layer_types = OCI_LAYER if oci else DOCKER_LAYER
    value = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST if oci else DOCKER_MANIFEST,
        "config": descriptor(image.config, OCI_CONFIG if oci else DOCKER_CONFIG),
        "layers": [
            # No media type exists for other compressions; tools that write them claim the plain one.
            descriptor(layer.stored, layer_types.get(family(layer.compression), layer_types["none"]))
            for layer in image.layers
        ],
    }
    return Blob.of_json(value)


def descriptor(blob: Blob, media_type: str) -> dict[str, Any]:
    """Return a descriptor of a blob."""
    return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}


def image_blobs(image: BuiltImage) -> Iterator[Blob]:
    """Yield an image's configuration and layers as stored."""
    yield image.config
    for layer in image.layers:
        yield layer.stored


def _describe_group(images: Sequence[BuiltImage], options: LayoutOptions, blobs: list[Blob]) -> dict[str, Any]:
    """Add the blobs of one name's images, and return what `index.json` says of them."""
    oci = options.media_types == "oci"
    entries = []
    for image in images:
        blob = manifest(image, options.media_types)
        blobs += [blob, *image_blobs(image)]
        entries.append(descriptor(blob, OCI_MANIFEST if oci else DOCKER_MANIFEST))
    if len(images) == 1 and not (options.nested or options.attestation or options.absent_platforms):
        return entries[0]
    described = [
        {**entry, "platform": platform_object(image.spec.platform)}
        for entry, image in zip(entries, images, strict=True)
    ]
    described += [_absent(platform, OCI_MANIFEST if oci else DOCKER_MANIFEST) for platform in options.absent_platforms]
    if options.attestation:
        described += [_attest(entry["digest"], blobs) for entry in entries]
    media_type = OCI_INDEX if oci else DOCKER_LIST
    index = Blob.of_json({"schemaVersion": 2, "mediaType": media_type, "manifests": described})
    blobs.append(index)
    return descriptor(index, media_type)


def _names(tag: str, options: LayoutOptions) -> dict[str, str]:
    if not options.containerd_names:
        return {"org.opencontainers.image.ref.name": tag}
    return {"io.containerd.image.name": tag, "org.opencontainers.image.ref.name": tag.rpartition(":")[2]}


def _absent(platform: str, media_type: str) -> dict[str, Any]:
    digest = hashlib.sha256(f"absent {platform}".encode()).hexdigest()
    return {
        "mediaType": media_type,
        "digest": f"sha256:{digest}",
        "size": 1024,
        "platform": platform_object(platform),
    }


def _attest(digest: str, blobs: list[Blob]) -> dict[str, Any]:
    """Add an attestation as BuildKit writes it: a manifest for the platform `unknown/unknown` with in-toto layers."""
    statement = Blob.of_json(
        {
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": "https://slsa.dev/provenance/v0.2",
            "subject": [{"name": "image", "digest": {"sha256": digest.partition(":")[2]}}],
            "predicate": {"buildType": "https://mobyproject.org/buildkit@v1"},
        },
    )
    config = Blob.of_json(
        {
            "architecture": "unknown",
            "os": "unknown",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [statement.digest]},
        },
    )
    attestation = Blob.of_json(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor(config, OCI_CONFIG),
            "layers": [
                {
                    **descriptor(statement, "application/vnd.in-toto+json"),
                    "annotations": {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"},
                },
            ],
        },
    )
    blobs += [statement, config, attestation]
    return {
        **descriptor(attestation, OCI_MANIFEST),
        "annotations": {
            "vnd.docker.reference.digest": digest,
            "vnd.docker.reference.type": "attestation-manifest",
        },
        "platform": platform_object("unknown/unknown"),
    }
