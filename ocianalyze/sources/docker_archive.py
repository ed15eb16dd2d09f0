"""The images of a docker archive: ``manifest.json`` as `docker save` writes it (moby, ``image/tarexport``).

Its shapes: ``<id>/layer.tar`` before Docker 25, also as links to each other; blobs of an OCI layout since then;
``<digest>.tar`` of skopeo and podman; ``<digest>.tar.gz`` and a config named ``sha256:<digest>`` of kaniko and crane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, StrictStr, TypeAdapter, ValidationError

from ocianalyze.errors import DigestMismatchError, InvalidImageError
from ocianalyze.oci.digest import Digest, hexadecimal_digest
from ocianalyze.oci.json import reason
from ocianalyze.oci.models import Document, Items
from ocianalyze.sources.archive import normalised
from ocianalyze.sources.candidate import Candidate, StoredLayer
from ocianalyze.sources.store import MANIFEST_JSON, Documents, stated_digest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_MAX_ITEMS = 1000


class _Item(Document):
    """One image of ``manifest.json``."""

    config: StrictStr = Field(alias="Config")
    repo_tags: Items[StrictStr] = Field(default=(), alias="RepoTags")
    layers: Items[StrictStr] = Field(default=(), alias="Layers")


_Items = TypeAdapter(tuple[_Item, ...])


def candidates(documents: Documents, *, known: Collection[Digest] = ()) -> list[Candidate]:
    """Return the images that ``manifest.json`` lists, but those whose configs have the digests `known`.

    Raises:
        InvalidImageError: a document is not what it must be, or a layer is missing.
    """
    return [
        _candidate(documents, item)
        for item in _items(documents)
        if not known or documents.read(normalised(item.config))[0] not in known
    ]


def config_names(documents: Documents) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the names of each image and the member that holds its config."""
    for item in _items(documents):
        yield item.repo_tags, normalised(item.config)


def _items(documents: Documents) -> tuple[_Item, ...]:
    _, value = documents.read(MANIFEST_JSON)
    if isinstance(value, list) and len(value) > _MAX_ITEMS:
        raise InvalidImageError(f"{MANIFEST_JSON} lists {len(value):,} images, more than {_MAX_ITEMS:,}")
    try:
        items = _Items.validate_python(value, by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidImageError(f"{MANIFEST_JSON}: {reason(error)}") from error
    for position, item in enumerate(items):
        if not normalised(item.config):
            raise InvalidImageError(f"{MANIFEST_JSON}: item {position} has no Config")
    return items


def _candidate(documents: Documents, item: _Item) -> Candidate:
    name = normalised(item.config)
    digest, _ = documents.read(name)
    stated = _stated(name)
    if stated is not None and stated != digest:
        raise DigestMismatchError(
            f"the config {name} has the digest {digest}", hint="the image was altered or damaged: save it again"
        )
    return Candidate(
        names=item.repo_tags,
        config=documents.config(name, what=f"the config {name}"),
        config_digest=digest,
        layers=tuple(_layer(documents, normalised(layer)) for layer in item.layers),
    )


def _layer(documents: Documents, name: str) -> StoredLayer:
    blob = documents.store.find(name)
    if blob is None:
        raise InvalidImageError(f"the layer {name} is missing from the archive")
    return StoredLayer(blob, stated_digest(name))


def _stated(name: str) -> Digest | None:
    """Return the digest that the name of a config states: ``<hex>.json``, ``sha256:<hex>`` or a blob's name."""
    base = name.rpartition("/")[2]
    return stated_digest(name) or hexadecimal_digest(base.removesuffix(".json").removeprefix("sha256:"))
