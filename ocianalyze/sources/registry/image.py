"""From the name of an image in a registry to the image: its manifest and its config are read, its layers only stream.

Sources: distribution-spec, "Pulling manifests"; image-spec, image-index.md.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ocianalyze.errors import DigestMismatchError, InvalidImageError, OcianalyzeError
from ocianalyze.layers.indexes.finding import has_table
from ocianalyze.oci import json, media_types
from ocianalyze.oci.digest import Digest
from ocianalyze.oci.models import Descriptor, ImageConfig, ImageIndex, Listed, Manifest, parse_manifest
from ocianalyze.oci.soci import VERSION_1, Soci
from ocianalyze.sources.candidate import Candidate, stored_layers
from ocianalyze.sources.diagnosis import documents as diagnosis
from ocianalyze.sources.indexes import Picked, pick
from ocianalyze.sources.registry.answers.failures import NotFoundError
from ocianalyze.sources.registry.documents import StoredDocument
from ocianalyze.sources.registry.endpoints import find_endpoints
from ocianalyze.sources.registry.places import PlacedBlob, Places
from ocianalyze.sources.registry.tags import with_tags
from ocianalyze.sources.soci import find_soci
from ocianalyze.sources.store import too_large

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.layers.metering.limits import Limits
    from ocianalyze.oci.image import Image
    from ocianalyze.oci.models import Platform
    from ocianalyze.oci.platforms import Wanted
    from ocianalyze.oci.repository import RepositoryName
    from ocianalyze.sources.registry.access import RegistryAccess
    from ocianalyze.sources.registry.documents import StoredDocuments
    from ocianalyze.sources.registry.places import Place


@contextmanager
def open_registry_image(
    text: str,
    access: RegistryAccess,
    limits: Limits,
    *,
    wanted: Wanted | None,
    documents: StoredDocuments | None = None,
    seeks_indexes: bool = False,
) -> Iterator[Image]:
    """Open the image that `text` names in a registry, and close the connections at the end of the block.

    Documents that `documents` has are not asked for, and those that are asked for are put there. `seeks_indexes` tells
    whether it is worth a request to find a SOCI index that neither the manifest nor the image index leads to.

    Raises:
        InvalidReferenceError: it is no name of an image.
        RegistryError: the registry cannot be reached, or refuses.
        ImageChoiceError: there is no image for the platform.
        InvalidImageError: it is not an image, or its bytes are not those that its digests promise.
    """
    name, endpoints = find_endpoints(text, access)
    places = Places(endpoints, access, what=f"cannot read {name}")
    try:
        yield (
            Repository(name, places, limits, documents, seeks_indexes=seeks_indexes)
            .find(wanted)
            .image(reference=text, source="registry", read_from=places.read_from)
        )
    finally:
        places.close()


class Repository:
    """One repository, asked for one image: the `Catalogue` of what is behind its name."""

    is_local = False

    def __init__(
        self,
        name: RepositoryName,
        places: Places,
        limits: Limits,
        documents: StoredDocuments | None = None,
        *,
        seeks_indexes: bool = False,
    ) -> None:
        self._name = name
        self._documents = {} if documents is None else documents
        self._places = places
        self._limits = limits
        self._seeks_indexes = seeks_indexes
        self._root: tuple[Digest, int, str, bytes] | None = None
        self._configs: dict[Digest, ImageConfig] = {}

    def manifest(self) -> tuple[Digest, int, str, bytes]:
        """Return the digest, size, media type and bytes of what the name leads to."""
        if self._root is None:
            self._root = self._manifest(self._name.selector, self._name.digest, is_root=True)
        return self._root

    @property
    def what(self) -> str:
        """The image's name in full."""
        return str(self._name)

    def find(self, wanted: Wanted | None) -> Candidate:
        """Return the image for a platform; errors are those of `pick`."""
        digest, size, media_type, _ = self.manifest()
        return self._candidate(pick([Listed(digest=digest, size=size, media_type=media_type)], wanted, self))

    def holds(self, item: Listed) -> bool:
        """Return whether a document can be asked for at all; whether the registry has it is seen then."""
        return item.is_verifiable

    def document(self, item: Listed) -> Manifest | ImageIndex:
        """Return the verified document that a descriptor describes; see `Catalogue`."""
        what = f"the manifest {item.digest[:100]}"
        descriptor = item.descriptor(what=what)
        digest, size, media_type, raw = self.manifest()
        if descriptor.digest != digest:
            digest, size, media_type, raw = self._manifest(descriptor.digest, descriptor.digest)
        if size != descriptor.size:
            raise DigestMismatchError(f"{what}: its descriptor states {descriptor.size:,} bytes, but it has {size:,}")
        value = json.decode(raw, what=what)
        document = parse_manifest(value, what=what, media_type=descriptor.media_type or media_type)
        cause = diagnosis.of_index(document) if isinstance(document, ImageIndex) else None
        if cause is not None:
            raise cause.error(str(self._name))
        return document

    def platform(self, manifest: Manifest) -> Platform:
        """Return the platform that the config of an image states."""
        return self._config(manifest.config).platform

    def shown_platform(self, manifest: Manifest) -> str:
        """Return the same as it is to be shown."""
        return str(self.platform(manifest))

    def _manifest(
        self, selector: str, expected: Digest | None, *, is_root: bool = False
    ) -> tuple[Digest, int, str, bytes]:
        known = self._documents.get(expected or "")
        if known is not None and expected is not None and expected.matches(known.content):
            return expected, len(known.content), known.media_type, known.content
        digest, size, media_type, raw = self._places.first(
            lambda place: self._fetch_manifest(place, selector, expected),
            by_digest=expected is not None,
            is_root=is_root,
        )
        self._documents[digest] = StoredDocument(media_type, raw)
        return digest, size, media_type, raw

    def _fetch_manifest(self, place: Place, selector: str, expected: Digest | None) -> tuple[Digest, int, str, bytes]:
        what = f"the manifest of {self._name}"
        most = self._limits.max_document
        path = place.endpoint.path("manifests", selector)
        try:
            raw, headers = place.transport.read(path, headers={"Accept": media_types.ACCEPTED}, most=most)
        except NotFoundError as error:
            if place.endpoint.is_mirror:
                raise
            raise with_tags(error, place.transport, place.endpoint) from error
        if len(raw) > most:
            raise too_large(what, self._limits)
        media_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        promised = headers.get("Docker-Content-Digest")
        digest = Digest.of(raw, algorithm=expected.algorithm if expected is not None else "sha256")
        if expected is not None and digest != expected:
            raise DigestMismatchError(f"{what}: its content does not match the digest {expected}")
        if expected is None and promised is not None and promised.startswith("sha256:") and promised != digest:
            raise DigestMismatchError(f"{what}: its content does not match the digest that the registry states")
        media_type = media_type if media_type in media_types.DOCUMENTS else ""
        if place.endpoint.is_mirror:  # before anybody relies on it: the registry can still be asked
            parse_manifest(json.decode(raw, what=what), what=what, media_type=media_type)
        return digest, len(raw), media_type, raw

    def _candidate(self, found: Picked) -> Candidate:
        manifest, item = found.manifest, found.item
        cause = diagnosis.of_manifest(manifest)
        if cause is not None:
            raise cause.error(str(self._name))
        soci = self._soci(found)
        return Candidate(
            names=(str(self._name),),
            config=self._config(manifest.config),
            config_digest=manifest.config.digest,
            layers=stored_layers(
                manifest, soci, self._layer, lambda ztoc: PlacedBlob(self._places, ztoc.digest, ztoc.size)
            ),
            digest=Digest.parse(item.digest),
            media_type=manifest.media_type or item.media_type or None,
            soci=soci,
            root=self.manifest()[0],
        )

    def _soci(self, found: Picked) -> Soci:
        """Return what there is of SOCI indexes: also one that the manifest names, and nobody lists.

        If layers are to be read by indexes, and not all have a table of contents, one of version 1 is looked for as
        well, which takes requests.
        """
        soci = find_soci(found, self)
        is_sought = self._seeks_indexes and not all(has_table(layer.annotations) for layer in found.manifest.layers)
        if soci.manifest is not None or (soci.named is None and not is_sought):
            return soci
        from ocianalyze.sources.registry.referrers.listed import list_referrers

        with suppress(OcianalyzeError):
            if soci.named is not None:
                return soci._replace(manifest=self._soci_index(Digest.parse(soci.named)))
            image = Digest.parse(found.item.digest)
            old = self._places.first(lambda place: list_referrers(place, image, VERSION_1), by_digest=True)
            if old:
                return soci._replace(old=self._soci_index(old[0].digest))
        return soci

    def _soci_index(self, digest: Digest) -> Manifest:
        what = f"the SOCI index {digest}"
        _, _, media_type, raw = self._manifest(digest, digest)
        index = parse_manifest(json.decode(raw, what=what), what=what, media_type=media_type)
        if not isinstance(index, Manifest):
            raise InvalidImageError(f"{what} is not a manifest")
        return index

    def _config(self, descriptor: Descriptor) -> ImageConfig:
        if descriptor.digest not in self._configs:
            self._configs[descriptor.digest] = self._fetch_config(descriptor)
        return self._configs[descriptor.digest]

    def _fetch_config(self, descriptor: Descriptor) -> ImageConfig:
        what = f"the config {descriptor.digest}"
        if descriptor.size > self._limits.max_document:
            raise too_large(what, self._limits)
        known = self._documents.get(descriptor.digest)
        if known is not None and len(known.content) == descriptor.size and descriptor.digest.matches(known.content):
            return ImageConfig.from_json(known.content, what=what)
        blob = PlacedBlob(self._places, descriptor.digest, descriptor.size)
        while True:
            raw = b"".join(blob.chunks())
            if len(raw) == descriptor.size and descriptor.digest.matches(raw):
                self._documents[descriptor.digest] = StoredDocument("", raw)
                return ImageConfig.from_json(raw, what=what)
            error = DigestMismatchError(f"{what}: its content does not match the digest")
            if not blob.go_elsewhere(error):
                raise error

    def _layer(self, descriptor: Descriptor, position: int) -> PlacedBlob:
        cause = diagnosis.of_absent_layer(descriptor)
        absent = None if cause is None else cause.error(f"layer {position}")
        return PlacedBlob(self._places, descriptor.digest, descriptor.size, absent=absent)
