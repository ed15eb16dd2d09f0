"""The images of an OCI layout: ``index.json`` and what it leads to (image-layout.md)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ocianalyze.errors import ImageChoiceError, InvalidImageError
from ocianalyze.oci.digest import Digest
from ocianalyze.oci.models import ImageIndex, Manifest, parse_manifest
from ocianalyze.sources.candidate import Candidate, stored_layers
from ocianalyze.sources.choosing import goes_by
from ocianalyze.sources.diagnosis import documents as diagnosis
from ocianalyze.sources.indexes import MAX_MANIFESTS, images, is_stated_artifact, may_be_image, pick, platforms
from ocianalyze.sources.soci import find_soci_in_layout
from ocianalyze.sources.store import INDEX_JSON, Documents, blob_name, missing

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from ocianalyze.oci.image import Blob
    from ocianalyze.oci.models import Descriptor, Listed, Platform
    from ocianalyze.oci.platforms import Wanted
    from ocianalyze.sources.indexes import Picked

_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
"""The annotations that name an image; containerd's holds the full name, where the other may be a tag only."""


def choices(documents: Documents) -> list[ImageChoice]:
    """Return the images that ``index.json`` lists: each name is one, for as many platforms as have it.

    Images without a name are one for several platforms if each is for another one.

    Raises:
        InvalidImageError: a document is not what it must be, or what is listed is no image at all.
    """
    index = parse_manifest(documents.value(INDEX_JSON), what=INDEX_JSON)
    if not isinstance(index, ImageIndex):
        raise InvalidImageError(f"{INDEX_JSON} is not an image index")
    catalogue = Layout(documents, index.manifests)
    listed = [item for item in index.manifests if may_be_image(item) and not item.is_attestation]
    if len(listed) > MAX_MANIFESTS:
        raise InvalidImageError(f"{INDEX_JSON} lists more than {MAX_MANIFESTS:,} manifests")
    if not listed:
        cause = diagnosis.of_index(index) if index.manifests else None
        if cause is not None:
            raise cause.error(documents.store.what)
        return []
    return list(_grouped(listed, catalogue))


@dataclass(frozen=True, slots=True)
class ImageChoice:
    """One image of a layout: what its name leads to."""

    names: tuple[str, ...]
    items: tuple[Listed, ...]
    catalogue: Layout

    @property
    def key(self) -> Hashable:
        """The descriptors of the image."""
        return tuple((item.digest, item.media_type, item.size) for item in self.items)

    def identity(self, wanted: Wanted | None) -> Hashable | None:
        """Return the digest of the manifest for a platform, or None."""
        try:
            return self.find(wanted).item.digest
        except ImageChoiceError:
            return None

    def exists(self) -> bool:
        """Tell whether there is anything of it, and that is no artifact."""
        there = [item for item in self.items if not item.is_verifiable or self.catalogue.holds(item)]
        return not all(map(self.catalogue.is_artifact, there))

    def called(self, names: tuple[str, ...]) -> ImageChoice:
        """Return the same image under other names."""
        return replace(self, names=names)

    def narrowed(self, text: str) -> ImageChoice | None:
        """Return this if its digest is meant, or what of it is: one of its platforms; see `Choice.narrowed`."""
        if any(item.digest == text for item in self.items):
            return self
        for item, manifest in images(self.items, self.catalogue):
            names = _names(item)
            if text in (item.digest, manifest.config.digest) or goes_by(names, text):
                return replace(self, names=tuple(dict.fromkeys((*self.names, *names))), items=(item,))
        return None

    def title(self) -> str:
        """Return the names, or the digest, and the platforms."""
        return f"{', '.join(self.names) or self.items[0].digest} ({', '.join(dict.fromkeys(self.platforms()))})"

    def platforms(self) -> list[str]:
        """Return the platforms of what is there of the image."""
        return platforms(self.items, self.catalogue)

    def configs(self) -> set[Digest]:
        """Return the digests of the configs for all platforms."""
        return {manifest.config.digest for _, manifest in images(self.items, self.catalogue)}

    def find(self, wanted: Wanted | None) -> Picked:
        """Return the manifest for a platform; errors are those of `pick`."""
        return pick(self.items, wanted, self.catalogue)

    def load(self, wanted: Wanted | None) -> Candidate:
        """Return the image for a platform; see `Choice.load`."""
        return self.catalogue.candidate(self.names, self.find(wanted))


class Layout:
    """The documents of a layout, by their descriptors: the `Catalogue` of what lies in blobs."""

    is_local = True

    def __init__(self, documents: Documents, top: tuple[Listed, ...]) -> None:
        """`top` is what ``index.json`` lists."""
        self._documents = documents
        self._top = top

    @property
    def what(self) -> str:
        """What the source is called in messages."""
        return self._documents.store.what

    def holds(self, item: Listed) -> bool:
        """Tell whether a blob of this digest is there, if only as a link to nothing."""
        if not item.is_verifiable:
            return False
        store, name = self._documents.store, blob_name(Digest.parse(item.digest))
        return store.find(name) is not None or store.link(name) is not None

    def document(self, item: Listed) -> Manifest | ImageIndex:
        """Return the verified document that a descriptor describes; see `Catalogue`."""
        what = f"the manifest {item.digest[:100]}"
        descriptor = item.descriptor(what=what)
        name = blob_name(descriptor.digest)
        if self._documents.store.find(name) is None:
            raise missing(self._documents.store, name, what)
        value = self._documents.described(descriptor)
        document = parse_manifest(value, what=what, media_type=descriptor.media_type)
        cause = diagnosis.of_index(document) if isinstance(document, ImageIndex) else None
        if cause is not None:
            raise cause.error(self._documents.store.what)
        return document

    def platform(self, manifest: Manifest) -> Platform:
        """Return the platform that the config of an image states."""
        return self._documents.platform(manifest.config)

    def shown_platform(self, manifest: Manifest) -> str:
        """Return the same as it is to be shown, if that costs little."""
        return self._documents.shown_platform(manifest.config)

    def is_artifact(self, item: Listed) -> bool:
        """Tell whether what is listed is there and no image, or is an index of artifacts, such as referrers."""
        if not self.holds(item):
            return False
        document = self.document(item)
        if isinstance(document, ImageIndex):
            return bool(document.manifests) and all(map(is_stated_artifact, document.manifests))
        return not diagnosis.is_image(document)

    def with_platform(self, item: Listed) -> Listed:
        """Return a descriptor that states a platform: that of the config, if it states none itself and is there."""
        document = self.document(item) if item.platform is None and self.holds(item) else None
        return item.model_copy(update={"platform": self.platform(document)}) if isinstance(document, Manifest) else item

    def candidate(self, names: tuple[str, ...], found: Picked) -> Candidate:
        """Return the image whose manifest was found.

        Raises:
            InvalidImageError: it is not an image, or parts of it are not there.
        """
        manifest = found.manifest
        cause = diagnosis.of_manifest(manifest)
        if cause is not None:
            raise cause.error(f"the image {found.item.digest}")
        self._blob(manifest.config, "the config")
        store = self._documents.store
        soci = find_soci_in_layout(found, self, self._top, store)
        return Candidate(
            names=names,
            config=self._documents.config(manifest.config),
            config_digest=manifest.config.digest,
            layers=stored_layers(
                manifest,
                soci,
                lambda layer, position: self._blob(layer, f"layer {position}"),
                lambda ztoc: store.find(blob_name(ztoc.digest)),
            ),
            digest=Digest.parse(found.item.digest),
            media_type=manifest.media_type or found.item.media_type or None,
            soci=soci,
        )

    def _blob(self, descriptor: Descriptor, what: str) -> Blob:
        """Return a blob that a manifest refers to."""
        name = blob_name(descriptor.digest)
        blob = self._documents.store.find(name)
        if blob is None:
            cause = diagnosis.of_absent_layer(descriptor)
            if cause is not None:
                raise cause.error(what)
            raise missing(self._documents.store, name, f"{what} (blob {descriptor.digest})")
        return blob


def _grouped(listed: Sequence[Listed], catalogue: Layout) -> Iterator[ImageChoice]:
    """Yield each image of what is listed: by its name, or what has none."""
    groups: dict[str, dict[tuple[str, str, int], Listed]] = {}
    for item in listed:
        for name in _names(item) or ("",):
            groups.setdefault(name, {})[item.digest, item.media_type, item.size] = item
    for name, group in groups.items():
        names = (name,) if name else ()
        items = list(group.values())
        if len(items) > 1:
            items = [catalogue.with_platform(item) for item in items if not catalogue.is_artifact(item)] or items[:1]
        stated = [item.platform for item in items if item.platform is not None]
        if names or len(items) == 1 or (stated and len(set(stated)) == len(stated)):
            yield ImageChoice(names, tuple(items), catalogue)
        else:
            yield from (ImageChoice((), (item,), catalogue) for item in items)


def _names(item: Listed) -> tuple[str, ...]:
    """Return the name that a descriptor gives an image, if it gives one."""
    return next(((name,) for key in _NAMES if (name := item.annotations.get(key))), ())
