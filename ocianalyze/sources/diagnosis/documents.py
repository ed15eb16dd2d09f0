"""What an index, a manifest or a layer is instead of one of an image, told from the media types that it states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.oci import media_types
from ocianalyze.sources.diagnosis import Cause

if TYPE_CHECKING:
    from ocianalyze.oci.models import Descriptor, ImageIndex, Listed, Manifest

_SHOWN: Final = 100
_IMAGE_ITSELF: Final = "Use the image itself"

_ARTIFACTS: Final = (
    ("vnd.buildkit.cacheconfig", "a BuildKit build cache", "Build again with '--output type=oci,dest=FILE'"),
    ("vnd.cncf.helm.", "a Helm chart", "Use one of the images that it deploys"),
    ("vnd.dev.cosign.simplesigning", "a cosign signature", _IMAGE_ITSELF),
    ("vnd.dev.cosign", "a cosign artifact", _IMAGE_ITSELF),
    ("vnd.dev.sigstore.", "a sigstore signature", _IMAGE_ITSELF),
    ("vnd.dsse.envelope", "an attestation", _IMAGE_ITSELF),
    ("vnd.in-toto", "an attestation", _IMAGE_ITSELF),
    ("vnd.cncf.notary.signature", "a Notation signature", _IMAGE_ITSELF),
    ("vnd.amazon.soci.", "a SOCI index", _IMAGE_ITSELF),
    ("spdx", "an SBOM", _IMAGE_ITSELF),
    ("cyclonedx", "an SBOM", _IMAGE_ITSELF),
    ("vnd.syft", "an SBOM", _IMAGE_ITSELF),
    ("sylabs.sif", "a Singularity or Apptainer image (SIF)", "Use the image that it was built from"),
    ("wasm", "a WebAssembly module", "Build an image with a Linux root file system"),
    ("vnd.docker.plugin", "a Docker plugin", _IMAGE_ITSELF),
    ("vnd.docker.ai.", "an AI model", _IMAGE_ITSELF),
    ("vnd.cncf.model", "an AI model", _IMAGE_ITSELF),
    ("vnd.ollama.", "an AI model", _IMAGE_ITSELF),
    ("vnd.cncf.flux", "a Flux artifact", _IMAGE_ITSELF),
    ("vnd.oci.empty", "an artifact", _IMAGE_ITSELF),
    ("vnd.unknown.config", "an ORAS artifact", _IMAGE_ITSELF),
)
"""Parts of media types, and what has them."""

_PLAIN_LAYERS: Final = "Convert it, or build it again with tar layers (buildx --output ...,compression=gzip)"
_LAYERS: Final = (
    ("+encrypted", "is encrypted", "Decrypt it with 'skopeo copy --decryption-key KEY oci:DIRECTORY oci:COPY'"),
    ("nydus", "is in Nydus format", _PLAIN_LAYERS),
    ("erofs", "is an EROFS file system", _PLAIN_LAYERS),
    ("squashfs", "is a squashfs file system", _PLAIN_LAYERS),
    ("overlaybd", "is in OverlayBD format", _PLAIN_LAYERS),
)
_OTHER_LAYER: Final = "is not a tar that container runtimes can unpack"


def of_index(index: ImageIndex) -> Cause | None:
    """Return why an index leads to no image, if nothing that it lists may be one."""
    kinds = [item.media_type for item in index.manifests]
    if any(not kind or kind in media_types.DOCUMENTS for kind in kinds):
        return None
    if not kinds:
        return Cause("contains no image: its index is empty")
    return next(filter(None, map(_artifact, reversed(kinds))), None) or Cause(
        f"contains no image, only {kinds[0][:_SHOWN]!r}", _IMAGE_ITSELF
    )


def is_image(manifest: Manifest) -> bool:
    """Tell whether a manifest is that of an image, whatever the format of its layers, and not that of an artifact.

    The runtimes look at the config's media type, not at ``artifactType``.
    """
    return _is_config(manifest) and (
        not manifest.layers or any(_is_layer(layer.media_type) for layer in manifest.layers)
    )


def of_manifest(manifest: Manifest) -> Cause | None:
    """Return why a manifest is none of an image whose layers can be read, if it is none."""
    if not is_image(manifest):
        kinds = [manifest.config.media_type, manifest.artifact_type, *(layer.media_type for layer in manifest.layers)]
        kinds = [kind for kind in kinds if kind and kind not in media_types.CONFIGS]
        return next(filter(None, map(_artifact, kinds)), None) or Cause(
            f"is not an image but an artifact of type {(kinds or [''])[0][:_SHOWN]!r}", _IMAGE_ITSELF
        )
    for position, layer in enumerate(manifest.layers):
        if not media_types.is_tar_layer(layer.media_type):
            return _layer(position, layer.media_type)
    return None


def of_absent_layer(layer: Descriptor | Listed) -> Cause | None:
    """Return why a layer is not there: it lies elsewhere, as its manifest says."""
    if not (layer.urls or media_types.is_foreign(layer.media_type)):
        return None
    where = f" but at {layer.urls[0][:200]}" if layer.urls else ""
    return Cause(
        f"is a foreign layer ({layer.media_type[:_SHOWN]}), which is not stored with the image{where}",
        "Use a base image without foreign layers, or push and pull it with non-distributable layers allowed",
    )


def of_manifest_json(value: object) -> Cause | None:
    """Return what ``manifest.json`` is that is not the list of `docker save`: the manifest of skopeo's ``dir:``."""
    if isinstance(value, dict) and ("schemaVersion" in value or "layers" in value or "manifests" in value):
        return Cause(
            "has the layout of skopeo's dir: transport: its manifest.json is a manifest, not a list of images",
            "Copy it into an archive with 'skopeo copy dir:DIRECTORY docker-archive:FILE'",
        )
    return None


def _is_config(manifest: Manifest) -> bool:
    return manifest.config.media_type in media_types.CONFIGS | media_types.OLD_CONFIGS


def _is_layer(kind: str) -> bool:
    return media_types.is_layer(kind) or any(part in kind for part, _, _ in _LAYERS)


def _artifact(kind: str) -> Cause | None:
    for part, name, hint in _ARTIFACTS:
        if part in kind:
            return Cause(f"is not an image but {name} ({kind[:_SHOWN]})", hint)
    return None


def _layer(position: int, kind: str) -> Cause:
    for part, problem, hint in _LAYERS:
        if part in kind:
            return Cause(f"cannot be read: layer {position} {problem} ({kind[:_SHOWN]})", hint)
    return Cause(f"cannot be read: layer {position} {_OTHER_LAYER}: its media type is {kind[:_SHOWN]!r}", _PLAIN_LAYERS)
