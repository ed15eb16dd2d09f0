"""SOCI indexes, by which a runtime starts an image before all of it is downloaded.

Sources: soci-snapshotter, ``docs/soci-index-manifest-v2.md``, ``soci/soci_index.go`` and ``ztoc/fbs/ztoc.fbs``. The
manifest of an image names its SOCI index in an annotation, and the image index lists both (version 2). A SOCI index is
a manifest whose layers are ztocs: the tables of contents of the image's layers, matched by the layers' digests. An
index of version 1 refers to the image, which knows nothing of it; the snapshotter ignores it by default since 0.10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from ocianalyze.oci.models import Descriptor, Listed, Manifest

INDEX_DIGEST: Final = "com.amazon.soci.index-digest"
IMAGE_DIGEST: Final = "com.amazon.soci.image-manifest-digest"
LAYER_DIGEST: Final = "com.amazon.soci.image-layer-digest"
VERSION_1: Final = "application/vnd.amazon.soci.index.v1+json"
VERSION_2: Final = "application/vnd.amazon.soci.index.v2+json"


class Soci(NamedTuple):
    """What there is of SOCI indexes with an image.

    Attributes:
        named: the digest of the SOCI index that the image's manifest names, or None.
        beside: what the image index lists, the image included; None if the image was not found in one.
        manifest: the SOCI index that is named, if it is there and could be read.
        is_old: whether there is an index of version 1 for the image, as far as the image's own documents tell.
        old: an index of version 1, if one could be read.
        absent: the digests of ztocs that are not there, as far as that is known.
        misfits: the digests of ztocs that are damaged, or describe a layer of another size.
    """

    named: str | None = None
    beside: tuple[Listed, ...] | None = None
    manifest: Manifest | None = None
    is_old: bool = False
    absent: frozenset[str] = frozenset()
    misfits: frozenset[str] = frozenset()
    old: Manifest | None = None

    @property
    def ztocs(self) -> dict[str, Descriptor]:
        """The ztocs of the index that is named, by the digests of their layers."""
        return ztocs_of(self.manifest)


def ztocs_of(index: Manifest | None) -> dict[str, Descriptor]:
    """Return the ztocs of a SOCI index by the digests of their layers; those for prefetching are left out."""
    layers = index.layers if index is not None else ()
    return {item.annotations[LAYER_DIGEST]: item for item in layers if LAYER_DIGEST in item.annotations}
