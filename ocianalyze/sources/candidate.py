"""One image of a source, with all that is needed to read it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ocianalyze.errors import InvalidImageError
from ocianalyze.oci.image import Image, Layer, StoredZtoc, build_steps
from ocianalyze.oci.soci import Soci, ztocs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.image import Blob
    from ocianalyze.oci.models import Descriptor, ImageConfig, Manifest


class StoredLayer(NamedTuple):
    """Where a layer is stored, and what its descriptor states of it."""

    blob: Blob
    digest: Digest | None = None
    size: int | None = None
    media_type: str | None = None
    annotations: Mapping[str, str] = MappingProxyType({})
    ztoc: StoredZtoc | None = None


def stored_layers(
    manifest: Manifest,
    soci: Soci,
    blob: Callable[[Descriptor, int], Blob],
    ztoc_blob: Callable[[Descriptor], Blob | None],
) -> tuple[StoredLayer, ...]:
    """Return the layers of an image as its manifest describes them.

    `blob` returns the blob of the layer at a position, `ztoc_blob` that of a ztoc if it is there.
    """
    ztocs: dict[str, StoredZtoc] = {}
    for version, bound, index in ((1, "referrer", soci.old), (2, "annotation", soci.manifest)):
        for layer, item in ztocs_of(index).items():
            ztocs[layer] = StoredZtoc(version, bound, item.digest, ztoc_blob(item))  # type: ignore[arg-type] # mypy joins the types
    return tuple(
        StoredLayer(
            blob=blob(layer, position),
            digest=layer.digest,
            size=layer.size,
            media_type=layer.media_type,
            annotations=layer.annotations,
            ztoc=ztocs.get(layer.digest),
        )
        for position, layer in enumerate(manifest.layers)
    )


class Candidate(NamedTuple):
    """One image: its names, its config, and where its layers are."""

    names: tuple[str, ...]
    config: ImageConfig
    config_digest: Digest
    layers: tuple[StoredLayer, ...]
    digest: Digest | None = None
    media_type: str | None = None
    soci: Soci = Soci()
    root: Digest | None = None

    def image(self, *, reference: str, source: str, form: str | None = None, read_from: Sequence[str] = ()) -> Image:
        """Return the image.

        Raises:
            InvalidImageError: the config does not name as many layers as there are.
        """
        diff_ids = self.config.rootfs.diff_ids
        if len(diff_ids) != len(self.layers):
            raise InvalidImageError(
                f"the image is inconsistent: {len(self.layers)} layers, but its config has {len(diff_ids)} diff_ids"
            )
        steps = build_steps(self.config.history, len(diff_ids))
        layers = tuple(
            Layer(
                position=position,
                diff_id=diff_id,
                digest=stored.digest,
                size=stored.size,
                media_type=stored.media_type,
                created_by=step,
                blob=stored.blob,
                annotations=stored.annotations,
                ztoc=stored.ztoc,
            )
            for position, (diff_id, stored, step) in enumerate(zip(diff_ids, self.layers, steps, strict=True))
        )
        return Image(
            reference=reference,
            source=source,
            names=self.names,
            digest=self.digest,
            media_type=self.media_type,
            config_digest=self.config_digest,
            config=self.config,
            layers=layers,
            form=form or source,
            soci=self.soci,
            read_from=read_from,
            root=self.root,
        )
