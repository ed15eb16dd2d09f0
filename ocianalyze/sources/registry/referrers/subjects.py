"""Which manifest of an image a report is about."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.errors import ImageChoiceError, UsageError
from ocianalyze.oci import media_types
from ocianalyze.oci.models import Descriptor, ImageIndex, Listed, Manifest
from ocianalyze.oci.platforms import Wanted
from ocianalyze.sources.indexes import images

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.oci.digest import Digest
    from ocianalyze.sources.registry.image import Repository

_MOST_NESTED: Final = 4
_MOST_LOOKED_AT: Final = 100
"""How many manifests and indexes are asked for."""


class Claim(NamedTuple):
    """What a report says of the image that it is about; at least one digest is known.

    Attributes:
        what: what the report is called in messages.
        digest: the digest of the manifest; None where the report does not have it.
        config_digest: the digest of the config.
        platform: the platform, if the report has it.
    """

    what: str
    digest: Digest | None
    config_digest: Digest | None
    platform: str = ""


def find_subject(repository: Repository, claim: Claim) -> Descriptor:
    """Return the manifest that a report is about, which is the image itself or one that its index lists.

    A report of an archive is about another manifest, whose config is the same: then the layers have the same contents.

    Raises:
        UsageError: the report is about another image.
        InvalidImageError: it is no image.
    """
    exact = (found for found in _candidates(repository, claim.digest) if claim.digest in (None, found[0].digest))
    alike = _candidates(repository, None) if claim.digest and claim.config_digest else ()
    for item, manifest in chain(exact, alike):
        if claim.config_digest in (None, manifest.config.digest):
            descriptor = item.descriptor(what=f"the manifest {item.digest}")
            media_type = manifest.media_type or descriptor.media_type or media_types.OCI_MANIFEST
            return Descriptor(media_type=media_type, digest=descriptor.digest, size=descriptor.size)
    raise _other_image(repository, claim)


def _candidates(repository: Repository, digest: Digest | None) -> Iterator[tuple[Listed, Manifest]]:
    """Yield the manifests that may be meant: the one with the digest, or all if none is known."""
    root_digest, size, media_type, _ = repository.manifest()
    level = [Listed(digest=root_digest, size=size, media_type=media_type)]
    if digest is None:
        yield from islice(images(level, repository), _MOST_LOOKED_AT)
        return
    count = 0
    for _ in range(_MOST_NESTED + 1):
        deeper: list[Listed] = []
        for item in level:
            if item.digest in (digest, root_digest) or item.media_type in media_types.INDEXES:
                count += 1
                if count > _MOST_LOOKED_AT:
                    return
                document = repository.document(item)
                if isinstance(document, ImageIndex):
                    deeper += document.manifests
                else:
                    yield item, document
        level = deeper


def _other_image(repository: Repository, claim: Claim) -> UsageError:
    """Return the error for a report on another image, with both digests."""
    about = f"{claim.what} is about {claim.digest or f'an image with the config {claim.config_digest}'}"
    about += f" ({claim.platform})" if claim.platform else ""
    hint = f"Scan {repository.what}, and attach the report of that"
    try:
        wanted = Wanted.parse(claim.platform) if claim.platform else None
    except UsageError:  # configs may state any
        wanted = None
    try:
        found = repository.find(wanted)
    except ImageChoiceError as error:
        return UsageError(f"{about}, but {repository.what} is another image: {error.one_line()}", hint=hint)
    if claim.digest is None:
        return UsageError(f"{about}, but {repository.what} has the config {found.config_digest}", hint=hint)
    return UsageError(f"{about}, but {repository.what} is {found.digest}", hint=hint)
