"""What a source has of SOCI indexes with an image; nothing that cannot be read is an error here.

Sources: those of `ocianalyze.oci.soci`; distribution-spec, "Referrers Tag Schema" (the tag ``sha256-<hex>``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.errors import OcianalyzeError
from ocianalyze.layers.indexes.ztoc import HEAD, stated_layer_size
from ocianalyze.oci.models import ImageIndex, Manifest
from ocianalyze.oci.soci import INDEX_DIGEST, VERSION_1, Soci
from ocianalyze.sources.store import blob_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.oci.models import Descriptor, Listed
    from ocianalyze.sources.indexes import Catalogue, Picked
    from ocianalyze.sources.store import BlobStore


def find_soci(found: Picked, catalogue: Catalogue, referrers: Sequence[Listed] = ()) -> Soci:
    """Return what the image index that an image was found in, and the image's manifest, say of SOCI indexes.

    `referrers` is what is known to refer to the image beside that.
    """
    beside = found.beside or ()
    named = found.manifest.annotations.get(INDEX_DIGEST) or None
    item = next((item for item in beside if item.digest == named), None)
    old = next((item for item in (*referrers, *beside) if item.artifact_type == VERSION_1), None)
    return Soci(
        named=named,
        beside=found.beside,
        manifest=_index(item, catalogue),
        is_old=old is not None,
        old=_index(old, catalogue),
    )


def find_soci_in_layout(found: Picked, catalogue: Catalogue, top: Sequence[Listed], store: BlobStore) -> Soci:
    """Return the same for a layout, whose ``index.json`` (`top`) may be the image index, and whose ztocs are there."""
    if any(item.digest == found.item.digest for item in top):
        found = found._replace(beside=tuple(top))
    tagged = (_document(item, catalogue) for item in top if _tag_of(found.item) in item.annotations.values())
    referrers = [item for document in tagged if isinstance(document, ImageIndex) for item in document.manifests]
    soci = find_soci(found, catalogue, referrers)
    sizes = {str(layer.digest): layer.size for layer in found.manifest.layers}
    ztocs = [(ztoc, sizes[layer]) for layer, ztoc in soci.ztocs.items() if layer in sizes]
    return soci._replace(
        absent=frozenset(ztoc.digest for ztoc, _ in ztocs if store.find(blob_name(ztoc.digest)) is None),
        misfits=frozenset(_misfits(ztocs, store)),
    )


def _index(item: Listed | None, catalogue: Catalogue) -> Manifest | None:
    """Return a SOCI index that is listed, None if it is not there or is none."""
    document = None if item is None else _document(item, catalogue)
    return document if isinstance(document, Manifest) else None


def _document(item: Listed, catalogue: Catalogue) -> Manifest | ImageIndex | None:
    try:
        return catalogue.document(item) if catalogue.holds(item) else None
    except OcianalyzeError:
        return None


def _tag_of(item: Listed) -> str:
    return item.digest.replace(":", "-")


def _misfits(ztocs: Sequence[tuple[Descriptor, int]], store: BlobStore) -> Iterator[str]:
    """Yield the digests of the ztocs whose size is not what is stated, or that describe a layer of another size."""
    for ztoc, layer_size in ztocs:
        blob = store.find(blob_name(ztoc.digest))
        if blob is None:
            continue
        head = bytearray()
        try:
            for chunk in blob.chunks():
                head += chunk
                if len(head) >= HEAD:
                    break
        except OcianalyzeError:
            continue
        described = stated_layer_size(bytes(head[:HEAD]))
        if blob.size not in (None, ztoc.size) or described != layer_size:
            yield ztoc.digest
