"""The image of a case: a base, and one layer with what the mutation's lines make of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.real.truth import dockerfile
from tests.real.truth.bases import Blob, Made
from tests.real.truth.layers import write_layer
from tests.real.truth.mounts import bind, overlay, unmount
from tests.support.images import CREATED, to_json
from tests.support.images import Blob as Bytes

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"


class Built(NamedTuple):
    """An image in both forms: an OCI layout to be scanned, and trees to be started, the topmost first."""

    layout: Path
    made: Made

    @property
    def trees(self) -> tuple[Path, ...]:
        """Its trees, the topmost first."""
        return self.made.trees

    @property
    def config(self) -> Mapping[str, Any]:
        """Its configuration."""
        return self.made.config


@contextmanager
def build(base: Made, lines: str, directory: Path, *, run: dockerfile.Run = dockerfile.run_as_root) -> Iterator[Built]:
    """Build an image in `directory`, which is empty, for the duration of the block.

    Raises:
        RuntimeError: A command failed; the message has its output.

    """
    upper = directory / "layer"
    with overlay(base.trees, upper) as root:
        config = dockerfile.carry_out(lines, root, base.config, run=run)
    tar = directory / "layer.tar"
    with tar.open("wb") as sink:
        write_layer(upper, sink)
    content = Bytes.of(tar)
    top = Blob(tar, content.digest, content.digest, content.size)
    layout = directory / "layout"
    made = Made(config, (upper, *base.trees), (*base.blobs, top))
    mounted = list(_write_layout(layout, made.blobs, lines, config))
    try:
        yield Built(layout, made)
    finally:
        for path in mounted:
            unmount(path)


def _write_layout(layout: Path, blobs: Sequence[Blob], lines: str, config: dict[str, Any]) -> Iterator[Path]:
    """Write an OCI layout, and yield its mounts: layers are not copied but shown there."""
    place = layout / "blobs" / "sha256"
    place.mkdir(parents=True)
    for blob in blobs:
        path = place / blob.digest.partition(":")[2]
        path.touch()
        bind(blob.path, path)
        yield path
    history = [{"created": CREATED, "created_by": "base"}] * (len(blobs) - 1)
    image = Bytes.of_json(
        {
            "created": CREATED,
            "architecture": "amd64",
            "os": "linux",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [blob.diff_id for blob in blobs]},
            "history": [*history, {"created": CREATED, "created_by": lines.strip()}],
        }
    )
    layers = [
        {
            "mediaType": f"{_LAYER}+gzip" if blob.path.suffix == ".gz" else _LAYER,
            "digest": blob.digest,
            "size": blob.size,
        }
        for blob in blobs
    ]
    described = {"mediaType": _CONFIG, "digest": image.digest, "size": image.size}
    manifest = Bytes.of_json({"schemaVersion": 2, "mediaType": _MANIFEST, "config": described, "layers": layers})
    for document in (image, manifest):
        assert isinstance(document.content, bytes)
        (place / document.encoded).write_bytes(document.content)
    index = {
        "schemaVersion": 2,
        "manifests": [{"mediaType": _MANIFEST, "digest": manifest.digest, "size": manifest.size}],
    }
    (layout / "index.json").write_bytes(to_json(index))
    (layout / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))
