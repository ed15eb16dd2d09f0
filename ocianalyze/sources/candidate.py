"""One image of a source, with all that is needed to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ocianalyze.errors import InvalidImageError
from ocianalyze.oci.image import Image, Layer, build_steps
from ocianalyze.oci.soci import Soci

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.image import Blob
    from ocianalyze.oci.models import ImageConfig


class StoredLayer(NamedTuple):
    """Where a layer is stored, and what its descriptor states of it."""

    blob: Blob
    digest: Digest | None = None
    size: int | None = None
    media_type: str | None = None


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
