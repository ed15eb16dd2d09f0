"""From the name of an image in a registry to the image: its manifest and its config are read, its layers only stream.

Sources: distribution-spec, "Pulling manifests"; image-spec, image-index.md.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import DigestMismatchError, RegistryError
from ocianalyze.oci import json, media_types
from ocianalyze.oci.digest import Digest
from ocianalyze.oci.models import Descriptor, ImageConfig, ImageIndex, Listed, Manifest, parse_manifest
from ocianalyze.oci.repository import DOCKER_HUB, RepositoryName
from ocianalyze.sources.candidate import Candidate, StoredLayer
from ocianalyze.sources.diagnosis import documents as diagnosis
from ocianalyze.sources.indexes import Picked, pick
from ocianalyze.sources.registry.access import HostAccess, parse_mirror
from ocianalyze.sources.registry.authorization import Authorization
from ocianalyze.sources.registry.blob import ForeignBlob, RemoteBlob
from ocianalyze.sources.registry.credentials import Credentials
from ocianalyze.sources.registry.failures import NotFoundError
from ocianalyze.sources.registry.tags import with_tags
from ocianalyze.sources.registry.transport import Transport
from ocianalyze.sources.soci import find_soci
from ocianalyze.sources.store import too_large

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.layers.metering.limits import Limits
    from ocianalyze.oci.image import Image
    from ocianalyze.oci.models import Platform
    from ocianalyze.oci.platforms import Wanted
    from ocianalyze.sources.registry.access import RegistryAccess

_log = logging.getLogger(__name__)

_ACCEPT: Final = ", ".join(sorted(media_types.MANIFESTS | media_types.INDEXES))


@contextmanager
def open_registry_image(text: str, access: RegistryAccess, limits: Limits, *, wanted: Wanted | None) -> Iterator[Image]:
    """Open the image that `text` names in a registry, and close the connections at the end of the block.

    Raises:
        InvalidReferenceError: it is no name of an image.
        RegistryError: the registry cannot be reached, or refuses.
        ImageChoiceError: there is no image for the platform.
        InvalidImageError: it is not an image, or its bytes are not those that its digests promise.
    """
    name = RepositoryName.parse(text)
    repository = _open(name, access, limits)
    try:
        yield repository.find(wanted).image(reference=text, source="registry")
    finally:
        repository.close()


def _open(name: RepositoryName, access: RegistryAccess, limits: Limits) -> _Repository:
    """Return the repository at the mirror if there is one and it has the image, else where the name says.

    A mirror is one of Docker Hub, as for Docker: it is asked for no image of another registry.
    """
    mirrored = None if access.mirror is None else _mirrored(name, access.mirror)
    if mirrored is not None and name.registry == DOCKER_HUB:
        at_mirror, scheme = mirrored
        how = HostAccess(plain_http=scheme == "http", cert_dir=access.own.cert_dir)
        mirror = _Repository(at_mirror, name, how, access, limits)
        try:
            mirror.manifest()
        except RegistryError as error:
            mirror.close()
            _log.debug("skipping the mirror: %s", error.message)
        except BaseException:
            mirror.close()
            raise
        else:
            return mirror
    return _Repository(name, name, access.own, access, limits)


def _mirrored(name: RepositoryName, mirror: str) -> tuple[RepositoryName, str]:
    """Return the name that an image has at a mirror, and the scheme that the mirror is asked by.

    Raises:
        UsageError: the mirror is not ``[http://]host[:port][/path]``.
    """
    scheme, place = parse_mirror(mirror)
    parsed = RepositoryName.parse(f"{place}/{name.repository}")
    return RepositoryName(parsed.registry, parsed.repository, name.tag, name.digest), scheme


class _Repository:
    """One repository, asked for one image: the `Catalogue` of what is behind its name."""

    is_local = False

    def __init__(
        self,
        name: RepositoryName,
        stated: RepositoryName,
        how: HostAccess,
        access: RegistryAccess,
        limits: Limits,
    ) -> None:
        self._name = name
        self._stated = stated
        self._limits = limits
        self._transport = Transport(name.api_host, how, access)
        self._transport.authorization = Authorization(
            host=name.api_host,
            name=name,
            credentials=Credentials(access, own=stated.registry),
            fetch=self._transport.fetch_token,
            plain_http=how.plain_http,
            allowed_realms=how.allowed_realms,
        )
        self._root: tuple[Digest, int, str, bytes] | None = None
        self._configs: dict[Digest, ImageConfig] = {}

    def close(self) -> None:
        self._transport.close()

    def manifest(self) -> tuple[Digest, int, str, bytes]:
        """Return the digest, size, media type and bytes of what the name leads to."""
        if self._root is None:
            self._root = self._fetch_manifest(self._name.selector, self._name.digest)
        return self._root

    @property
    def what(self) -> str:
        """The image's name in full."""
        return str(self._stated)

    def find(self, wanted: Wanted | None) -> Candidate:
        """Return the image for a platform; errors are those of `pick`."""
        try:
            digest, size, media_type, _ = self.manifest()
        except NotFoundError as error:
            raise with_tags(error, self._transport, self._name) from error
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
            digest, size, media_type, raw = self._fetch_manifest(descriptor.digest, descriptor.digest)
        if size != descriptor.size:
            raise DigestMismatchError(f"{what}: its descriptor states {descriptor.size:,} bytes, but it has {size:,}")
        value = json.decode(raw, what=what)
        document = parse_manifest(value, what=what, media_type=descriptor.media_type or media_type)
        cause = diagnosis.of_index(document) if isinstance(document, ImageIndex) else None
        if cause is not None:
            raise cause.error(str(self._stated))
        return document

    def platform(self, manifest: Manifest) -> Platform:
        """Return the platform that the config of an image states."""
        return self._config(manifest.config).platform

    def shown_platform(self, manifest: Manifest) -> str:
        """Return the same as it is to be shown."""
        return str(self.platform(manifest))

    def _fetch_manifest(self, selector: str, expected: Digest | None) -> tuple[Digest, int, str, bytes]:
        path = f"/v2/{self._name.repository}/manifests/{selector}"
        what = f"the manifest of {self._stated}"
        most = self._limits.max_document
        raw, headers = self._transport.read(path, headers={"Accept": _ACCEPT}, most=most)
        if len(raw) > most:
            raise too_large(what, self._limits)
        media_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        promised = headers.get("Docker-Content-Digest")
        digest = Digest.of(raw, algorithm=expected.algorithm if expected is not None else "sha256")
        if expected is not None and digest != expected:
            raise DigestMismatchError(f"{what}: its content does not match the digest {expected}")
        if expected is None and promised is not None and promised.startswith("sha256:") and promised != digest:
            raise DigestMismatchError(f"{what}: its content does not match the digest that the registry states")
        return digest, len(raw), media_type if media_type in media_types.DOCUMENTS else "", raw

    def _candidate(self, found: Picked) -> Candidate:
        manifest, item = found.manifest, found.item
        cause = diagnosis.of_manifest(manifest)
        if cause is not None:
            raise cause.error(str(self._stated))
        return Candidate(
            names=(str(self._stated),),
            config=self._config(manifest.config),
            config_digest=manifest.config.digest,
            layers=tuple(
                StoredLayer(self._layer(layer, position), layer.digest, layer.size, layer.media_type)
                for position, layer in enumerate(manifest.layers)
            ),
            digest=Digest.parse(item.digest),
            media_type=manifest.media_type or item.media_type or None,
            soci=find_soci(found, self),
        )

    def _config(self, descriptor: Descriptor) -> ImageConfig:
        if descriptor.digest not in self._configs:
            self._configs[descriptor.digest] = self._fetch_config(descriptor)
        return self._configs[descriptor.digest]

    def _fetch_config(self, descriptor: Descriptor) -> ImageConfig:
        what = f"the config {descriptor.digest}"
        if descriptor.size > self._limits.max_document:
            raise too_large(what, self._limits)
        raw = b"".join(self._blob(descriptor).chunks())
        if len(raw) != descriptor.size or not descriptor.digest.matches(raw):
            raise DigestMismatchError(f"{what}: its content does not match the digest")
        return ImageConfig.from_json(raw, what=what)

    def _layer(self, descriptor: Descriptor, position: int) -> RemoteBlob:
        cause = diagnosis.of_absent_layer(descriptor)
        if cause is None:
            return self._blob(descriptor)
        return ForeignBlob(
            self._transport,
            self._name.repository,
            descriptor.digest,
            descriptor.size,
            absent=cause.error(f"layer {position}"),
        )

    def _blob(self, descriptor: Descriptor) -> RemoteBlob:
        return RemoteBlob(self._transport, self._name.repository, descriptor.digest, descriptor.size)
