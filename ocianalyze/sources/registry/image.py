"""From the name of an image in a registry to the image: its manifest and its config are read, its layers only stream.

Sources: distribution-spec, "Pulling manifests"; image-spec, image-index.md.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import (
    DigestMismatchError,
    ImageChoiceError,
    InvalidImageError,
    InvalidReferenceError,
    RegistryError,
    UsageError,
)
from ocianalyze.oci import json, media_types
from ocianalyze.oci.digest import Digest
from ocianalyze.oci.models import Descriptor, ImageConfig, ImageIndex, Manifest, parse_manifest
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.sources.candidate import DEFAULT_PLATFORM, Candidate, StoredLayer, fits
from ocianalyze.sources.registry.authorization import Authorization
from ocianalyze.sources.registry.blob import RemoteBlob
from ocianalyze.sources.registry.credentials import Credentials
from ocianalyze.sources.registry.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.layers.limits import Limits
    from ocianalyze.oci.image import Image
    from ocianalyze.sources.registry.access import RegistryAccess

_log = logging.getLogger(__name__)

_ACCEPT: Final = ", ".join(sorted(media_types.MANIFESTS | media_types.INDEXES))


@contextmanager
def open_registry_image(text: str, access: RegistryAccess, limits: Limits, *, platform: str | None) -> Iterator[Image]:
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
        yield repository.find(platform).image(reference=text, source="registry")
    finally:
        repository.close()


def _open(name: RepositoryName, access: RegistryAccess, limits: Limits) -> _Repository:
    """Return the repository at the mirror if there is one and it has the image, else where the name says."""
    if access.mirror is not None:
        at_mirror, scheme = _mirrored(name, access.mirror)
        mirror = _Repository(at_mirror, name, access, limits, plain_http=scheme == "http", tls_verify=True)
        try:
            mirror.manifest()
        except RegistryError as error:
            mirror.close()
            _log.debug("the mirror is passed over: %s", error.message)
        except BaseException:
            mirror.close()
            raise
        else:
            return mirror
    return _Repository(name, name, access, limits, plain_http=access.plain_http, tls_verify=access.tls_verify)


def _mirrored(name: RepositoryName, mirror: str) -> tuple[RepositoryName, str]:
    """Return the name that an image has at a mirror, and the scheme that the mirror is asked by.

    Raises:
        UsageError: the mirror is not ``[http://]host[:port][/path]``.
    """
    scheme, _, place = mirror.rstrip("/").rpartition("://")
    host = place.partition("/")[0]
    try:
        parsed = RepositoryName.parse(f"{place}/{name.repository}")
    except InvalidReferenceError:
        parsed = None
    if parsed is None or parsed.registry != host or scheme not in ("", "http", "https"):
        raise UsageError(f"{mirror[:200]!r} is no mirror", hint="give it as [http://]host[:port][/path]")
    return RepositoryName(parsed.registry, parsed.repository, name.tag, name.digest), scheme


class _Repository:
    """One repository, asked for one image."""

    def __init__(
        self,
        name: RepositoryName,
        stated: RepositoryName,
        access: RegistryAccess,
        limits: Limits,
        *,
        plain_http: bool,
        tls_verify: bool,
    ) -> None:
        self._name = name
        self._stated = stated
        self._limits = limits
        self._transport = Transport(name.api_host, access, plain_http=plain_http, tls_verify=tls_verify)
        self._transport.authorization = Authorization(
            host=name.api_host,
            name=name,
            credentials=Credentials(access, own=stated.registry),
            fetch=self._transport.fetch_token,
            plain_http=plain_http,
            allowed_realms=access.allowed_realms,
        )
        self._root: tuple[Digest, int, str, bytes] | None = None

    def close(self) -> None:
        self._transport.close()

    def manifest(self) -> tuple[Digest, int, str, bytes]:
        """Return the digest, size, media type and bytes of what the name leads to."""
        if self._root is None:
            self._root = self._fetch_manifest(self._name.selector, self._name.digest)
        return self._root

    def find(self, platform: str | None) -> Candidate:
        digest, _, media_type, raw = self.manifest()
        what = f"the manifest {digest}"
        document = parse_manifest(json.decode(raw, what=what), what=what, media_type=media_type or None)
        for _ in range(self._limits.max_nesting):
            if isinstance(document, Manifest):
                return self._candidate(document, digest, media_type, platform)
            descriptor = _chosen(document, platform)
            document, digest, media_type = self._described(descriptor), descriptor.digest, descriptor.media_type
        raise self._limits.exceeded("max_nesting", f"indexes lie within indexes {self._limits.max_nesting} deep")

    def _described(self, descriptor: Descriptor) -> Manifest | ImageIndex:
        what = f"the manifest {descriptor.digest}"
        digest, size, media_type, raw = self._fetch_manifest(descriptor.digest, descriptor.digest)
        if size != descriptor.size:
            raise DigestMismatchError(f"{what}: {descriptor.size:,} bytes are stated, but it has {size:,}")
        assert digest == descriptor.digest  # noqa: S101 - verified while it was fetched
        return parse_manifest(json.decode(raw, what=what), what=what, media_type=descriptor.media_type or media_type)

    def _fetch_manifest(self, selector: str, expected: Digest | None) -> tuple[Digest, int, str, bytes]:
        path = f"/v2/{self._name.repository}/manifests/{selector}"
        what = f"the manifest of {self._stated}"
        most = self._limits.max_json
        raw, headers = self._transport.read(path, headers={"Accept": _ACCEPT}, most=most)
        if len(raw) > most:
            raise self._limits.exceeded("max_json", f"{what} has more than {most:,} bytes")
        media_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        promised = headers.get("Docker-Content-Digest")
        digest = Digest.of(raw, algorithm=expected.algorithm if expected is not None else "sha256")
        if expected is not None and digest != expected:
            raise DigestMismatchError(f"{what}: its bytes have another digest than {expected}")
        if expected is None and promised is not None and promised.startswith("sha256:") and promised != digest:
            raise DigestMismatchError(f"{what}: its bytes have another digest than the registry says")
        return digest, len(raw), media_type if media_type in media_types.DOCUMENTS else "", raw

    def _candidate(self, manifest: Manifest, digest: Digest, media_type: str, platform: str | None) -> Candidate:
        kind = manifest.artifact_type or manifest.config.media_type
        if kind and kind not in media_types.CONFIGS:
            raise InvalidImageError(f"{self._stated} is not an image, but {kind[:100]!r}")
        for layer in manifest.layers:
            if not media_types.is_layer(layer.media_type):
                raise InvalidImageError(
                    f"{self._stated}: the layer {layer.digest} has the media type {layer.media_type[:100]!r}"
                )
        config = self._config(manifest.config)
        if platform is not None and not fits(config.platform, platform):
            raise ImageChoiceError(
                f"{self._stated} has no image for the platform {platform}", choices=[str(config.platform) or "unknown"]
            )
        layers = tuple(
            StoredLayer(self._blob(layer), layer.digest, layer.size, layer.media_type) for layer in manifest.layers
        )
        return Candidate(
            names=(str(self._stated),),
            config=config,
            config_digest=manifest.config.digest,
            layers=layers,
            digest=digest,
            media_type=manifest.media_type or media_type or None,
        )

    def _config(self, descriptor: Descriptor) -> ImageConfig:
        what = f"the config {descriptor.digest}"
        if descriptor.size > self._limits.max_json:
            raise self._limits.exceeded("max_json", f"{what} has {descriptor.size:,} bytes")
        raw = b"".join(self._blob(descriptor).chunks())
        if len(raw) != descriptor.size or not descriptor.digest.matches(raw):
            raise DigestMismatchError(f"{what}: its bytes have another digest")
        return json.parse(raw, ImageConfig, what=what)

    def _blob(self, descriptor: Descriptor) -> RemoteBlob:
        """Return a blob; ``urls`` of foreign layers are never followed (CVE-2020-15157)."""
        return RemoteBlob(self._transport, self._name.repository, descriptor.digest, descriptor.size)


def _chosen(index: ImageIndex, platform: str | None) -> Descriptor:
    """Return the manifest of an index for a platform, attestations left out: the first that fits (image-index.md)."""
    images = [
        item
        for item in index.manifests
        if not item.is_attestation
        and not item.artifact_type
        and (not item.media_type or item.media_type in media_types.MANIFESTS | media_types.INDEXES)
    ]
    if not images:
        raise InvalidImageError("the index lists no image")
    if len(images) == 1 and (platform is None or images[0].platform is None):
        return images[0]
    wanted = platform or DEFAULT_PLATFORM
    fitting = [item for item in images if item.platform is not None and fits(item.platform, wanted)]
    if not fitting:
        raise ImageChoiceError(
            f"there is no image for the platform {wanted}",
            choices=sorted({str(item.platform) if item.platform else f"unknown ({item.digest})" for item in images}),
            hint="choose one of those that exist with --platform, or with NAME@DIGEST",
        )
    return next((item for item in fitting if str(item.platform) == wanted), fitting[0])
