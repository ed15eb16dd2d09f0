"""The images of a docker archive: ``manifest.json`` as `docker save` writes it (moby, ``image/tarexport``).

Its shapes: ``<id>/layer.tar`` before Docker 25, also as links to each other; blobs of an OCI layout since then;
``<digest>.tar`` of skopeo and podman; ``<digest>.tar.gz`` and a config named ``sha256:<digest>`` of kaniko and crane.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from pydantic import Field, TypeAdapter, ValidationError

from ocianalyze.errors import DigestMismatchError, ImageChoiceError, InvalidImageError
from ocianalyze.oci.digest import Digest, hexadecimal_digest
from ocianalyze.oci.json import reason
from ocianalyze.oci.models import Document, Items, Listed, Map, Part, Text
from ocianalyze.oci.platforms import DEFAULT_PLATFORM, Wanted
from ocianalyze.sources.archive import normalised
from ocianalyze.sources.candidate import Candidate, StoredLayer
from ocianalyze.sources.choosing import goes_by, none_fits
from ocianalyze.sources.diagnosis import documents as diagnosis
from ocianalyze.sources.store import MANIFEST_JSON, Documents, missing, stated_digest

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

_MAX_ITEMS = 1000


class _Item(Document):
    """One image of ``manifest.json``."""

    config: Text = Field(default="", alias="Config")
    repo_tags: Items[Text] = Field(default=(), alias="RepoTags")
    layers: Items[Text] = Field(default=(), alias="Layers")
    layer_sources: Map[Part[Listed]] = Field(default={}, alias="LayerSources")

    @property
    def names(self) -> tuple[str, ...]:
        """What the image is called."""
        return tuple(filter(None, self.repo_tags))

    @property
    def config_name(self) -> str:
        """The member that holds the config."""
        return normalised(self.config)


_Items = TypeAdapter(tuple[Part[_Item], ...])


def choices(documents: Documents) -> list[SavedImage]:
    """Return the images that ``manifest.json`` lists; those that share a name are one image for several platforms.

    Raises:
        InvalidImageError: a document is not what it must be, or a config is missing.
    """
    found: list[SavedImage] = []
    by_name: dict[str, int] = {}
    for item in _items(documents):
        place = next((by_name[name] for name in item.names if name in by_name), len(found))
        if place == len(found):
            found.append(SavedImage((), (), documents))
        found[place] = found[place].extended(item)
        by_name |= dict.fromkeys(item.names, place)
    return found


@dataclass(frozen=True, slots=True)
class SavedImage:
    """One image of a docker archive; several items where an archive has it for several platforms."""

    names: tuple[str, ...]
    items: tuple[_Item, ...]
    documents: Documents

    @property
    def key(self) -> Hashable:
        """The configs and the layers of the image."""
        return tuple((self.documents.digest(item.config_name), item.layers) for item in self.items)

    def extended(self, item: _Item) -> SavedImage:
        """Return the image with one more item: that of another platform, or the same one under other names."""
        names = tuple(dict.fromkeys((*self.names, *item.names)))
        known = {(each.config_name, each.layers) for each in self.items}
        items = self.items if (item.config_name, item.layers) in known else (*self.items, item)
        return SavedImage(names, items, self.documents)

    def identity(self, wanted: Wanted | None) -> Hashable | None:
        """Return the digest of the config for a platform, with the layers, or None."""
        try:
            item = self._find(wanted)
        except ImageChoiceError:
            return None
        return self.documents.digest(item.config_name), item.layers

    def exists(self) -> bool:
        """Return True: a docker archive lists what it holds."""
        return True

    def called(self, names: tuple[str, ...]) -> SavedImage:
        """Return the same image under other names."""
        return replace(self, names=names)

    def narrowed(self, text: str) -> SavedImage | None:
        """Return what of this has a config of this digest; see `Choice.narrowed`."""
        items = tuple(item for item in self.items if self.documents.digest(item.config_name) == text)
        return replace(self, items=items) if items else None

    def title(self) -> str:
        """Return the names, or the digest of the config, and the platforms."""
        names = ", ".join(self.names) or self.documents.digest(self.items[0].config_name)
        return f"{names} ({', '.join(dict.fromkeys(self.platforms()))})"

    def platforms(self) -> list[str]:
        """Return the platforms that the configs state."""
        return [self.documents.shown_platform(item.config_name) for item in self.items]

    def configs(self) -> set[Digest]:
        """Return the digests of the configs for all platforms."""
        return {self.documents.digest(item.config_name) for item in self.items}

    def load(self, wanted: Wanted | None) -> Candidate:
        """Return the image for a platform; see `Choice.load`."""
        item = self._find(wanted)
        name = item.config_name
        digest = self.documents.digest(name)
        stated = _stated(name)
        if stated is not None and stated != digest:
            raise DigestMismatchError(
                f"the name of the config {name} does not match its digest: {digest}",
                hint="Save the image again: it was altered or damaged",
            )
        config = self.documents.config(name)
        sources = [item.layer_sources.get(diff_id) for diff_id in config.rootfs.diff_ids]
        layers = zip_longest(map(normalised, item.layers), sources[: len(item.layers)])
        return Candidate(
            names=self.names,
            config=config,
            config_digest=digest,
            layers=tuple(self._layer(layer, position, source) for position, (layer, source) in enumerate(layers)),
        )

    def _find(self, wanted: Wanted | None) -> _Item:
        """Return the item for a platform; of one alone the platform is only looked at if it was asked for."""
        if wanted is None and len(self.items) == 1:
            return self.items[0]
        wanted = wanted or Wanted.parse(DEFAULT_PLATFORM)
        best = wanted.best([self.documents.platform(item.config_name) for item in self.items])
        if not best:
            raise none_fits(wanted, self.platforms())
        if len(best) > 1:
            raise ImageChoiceError(
                f"there are {len(best)} images with the same name for platform {wanted}",
                choices=[self.documents.digest(self.items[position].config_name) for position in best],
                hint="Choose one by its digest with --image",
            )
        return self.items[best[0]]

    def _layer(self, name: str, position: int, source: Listed | None) -> StoredLayer:
        """Return a layer; `source` is what the archive says of it beside, if it says anything."""
        blob = self.documents.store.find(name)
        if blob is not None:
            return StoredLayer(blob, stated_digest(name))
        cause = None if source is None else diagnosis.of_absent_layer(source)
        if cause is not None:
            raise cause.error(f"layer {position}")
        raise missing(self.documents.store, name, f"the layer {name}")


def config_digests(documents: Documents, names: Iterable[str]) -> set[Digest]:
    """Return the digests of the configs that ``manifest.json`` has under one of these names, if they are there."""
    names = set(names)
    return {
        documents.digest(item.config_name)
        for item in _items(documents)
        if any(goes_by((name,), known) for name in item.names for known in names)
        and documents.store.find(item.config_name) is not None
    }


def _items(documents: Documents) -> tuple[_Item, ...]:
    value = documents.value(MANIFEST_JSON)
    cause = diagnosis.of_manifest_json(value)
    if cause is not None:
        raise cause.error(documents.store.what)
    if isinstance(value, list) and len(value) > _MAX_ITEMS:
        raise InvalidImageError(f"{MANIFEST_JSON} lists {len(value):,} images, more than the maximum of {_MAX_ITEMS:,}")
    try:
        items = _Items.validate_python(value, by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidImageError(f"{MANIFEST_JSON}: {reason(error)}") from error
    for position, item in enumerate(items):
        if not item.config_name:
            raise InvalidImageError(f"{MANIFEST_JSON}: item {position} has no Config")
    return items


def _stated(name: str) -> Digest | None:
    """Return the digest that the name of a config states: ``<hex>.json``, ``sha256:<hex>`` or a blob's name."""
    base = name.rpartition("/")[2]
    return stated_digest(name) or hexadecimal_digest(base.removesuffix(".json").removeprefix("sha256:"))
