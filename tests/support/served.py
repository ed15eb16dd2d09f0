"""An image that a `fault_proxy` serves by itself, from memory: for what no real registry would say."""

import json
from typing import Any

from tests.support.fault_proxy import Answer, Behaviour, Seen
from tests.support.images import Blob, BuiltImage
from tests.support.layouts import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST


def manifest_of(image: BuiltImage) -> dict[str, Any]:
    """Return the manifest of an image, as OCI has it."""
    layers = [
        {"mediaType": OCI_LAYER[layer.compression], "digest": layer.stored.digest, "size": layer.stored.size}
        for layer in image.layers
    ]
    config = {"mediaType": OCI_CONFIG, "digest": image.config.digest, "size": image.config.size}
    return {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers}


def serving(*blobs: Blob, manifest: object, media_type: str = OCI_MANIFEST) -> Behaviour:
    """Return the behaviour of a registry that has one manifest, by whatever tag or digest, and some blobs."""
    by_digest = {blob.digest: blob for blob in blobs}
    raw = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()

    def behave(seen: Seen) -> Answer:
        if not seen.is_blob:
            return Answer(status=200, headers={"Content-Type": media_type}, body=raw)
        blob = by_digest.get(seen.path.rpartition("/")[2])
        if blob is None:
            return Answer(status=404)
        return Answer(status=200, body=blob.content)

    return behave


def serving_image(image: BuiltImage, media_type: str = OCI_MANIFEST) -> Behaviour:
    """Return the behaviour of a registry that has one image."""
    stored = (layer.stored for layer in image.layers)
    return serving(image.config, *stored, manifest=manifest_of(image), media_type=media_type)
