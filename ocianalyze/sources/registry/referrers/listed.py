"""What refers to an image: signatures, SBOMs, reports; as its registry lists them.

Source: distribution-spec, "Listing Referrers" (``artifactType``, ``OCI-Filters-Applied``) and "Referrers Tag Schema",
for registries that have no such list.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from ocianalyze.errors import AnalysisError, AuthenticationError, RegistryError
from ocianalyze.oci.digest import Digest
from ocianalyze.oci.media_types import ACCEPTED, OCI_INDEX
from ocianalyze.regex import regex
from ocianalyze.sources.registry.answers.failures import BrokenOffError, NotFoundError
from ocianalyze.sources.registry.endpoints import find_endpoints
from ocianalyze.sources.registry.pages import decode, read_pages
from ocianalyze.sources.registry.places import Place
from ocianalyze.sources.registry.referrers.artifacts import CREATED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.oci.image import Image
    from ocianalyze.oci.repository import RepositoryName
    from ocianalyze.sources.registry.access import RegistryAccess

_log = logging.getLogger(__name__)

MOST_REFERRERS: Final = 1000
"""How many are listed."""
MOST_BYTES: Final = 4 << 20
"""The maximum size of a page, and of the index under a tag: what registries take at least (distribution-spec)."""
_MOST_PAGES: Final = 100
_LONGEST_WAIT: Final = 10.0
"""Nobody waits longer for what is only shown beside an image."""
_CHARACTERS: Final = 64
_ALGORITHM: Final = 32
_UNFIT: Final = regex(r"[^A-Za-z0-9._-]")
_ETAG: Final = regex(r'"[\x21\x23-\x7e]{1,200}"')


class Referrer(NamedTuple):
    """What refers to an image; `created` is what it says of itself. All but digests and sizes is a stranger's text.

    `subject` is what it refers to: the manifest of the image, or the index that lists it.
    """

    subject: Digest
    digest: Digest
    media_type: str
    artifact_type: str
    size: int
    created: str | None


def referrers_of(image: Image, access: RegistryAccess, artifact_type: str | None = None) -> list[Referrer] | None:
    """Return what refers to an image of a registry, of one type if that is given, as the registry orders it.

    What refers to the index that the image's name leads to comes first.
    The places that the image was read from are asked, and no others. Nothing is listed where they refuse; None tells
    that they do, or that the image is of no registry.
    """
    if image.source != "registry" or image.digest is None:
        return None
    name, known = find_endpoints(image.reference, access)
    found: list[Referrer] | None = None
    for endpoint in known:
        if str(endpoint) not in image.read_from or found:
            continue
        how = replace(endpoint.how, timeout=min(endpoint.how.timeout, _LONGEST_WAIT), attempts=1)
        place = Place(endpoint._replace(how=how), known[-1].name.registry, access)
        try:
            subjects = dict.fromkeys((*_root(place, name), image.digest))
            found = [one for subject in subjects for one in list_referrers(place, subject, artifact_type)]
        except (RegistryError, AnalysisError) as error:
            _log.debug("no referrers of %s: %s", image.digest, error.one_line())
        finally:
            place.close()
    return found


def _root(place: Place, name: RepositoryName) -> Iterator[Digest]:
    """Yield the digest of what a name leads to, if its registry says that."""
    if name.digest is not None:
        yield name.digest
        return
    with suppress(RegistryError, AnalysisError):
        path = place.endpoint.path("manifests", name.selector)
        yield Digest.parse(place.transport.head(path, headers={"Accept": ACCEPTED}).get("Docker-Content-Digest"))


def list_referrers(place: Place, digest: Digest, artifact_type: str | None = None) -> list[Referrer]:
    """Return what refers to a manifest.

    Raises:
        RegistryError: the registry refuses, or does not say it as it should.
        InvalidImageError: what it says is not JSON.
    """
    try:
        listed = list(_from_api(place, digest, artifact_type))
    except (AuthenticationError, BrokenOffError):
        raise
    except (RegistryError, AnalysisError) as error:
        if not place.transport.has_answered:
            raise
        _log.debug("%s has no list of referrers: %s", place.endpoint, error.one_line())
        try:
            listed = read_tag(place, digest)[0]["manifests"]
        except NotFoundError:
            listed = []
    found = {}
    for item in listed:
        with suppress(AnalysisError):
            one = _referrer(item, digest)
            if artifact_type in (None, one.artifact_type):
                found[one.digest] = one
    return list(found.values())[:MOST_REFERRERS]


def is_listed(place: Place, digest: Digest, referrer: Digest) -> bool:
    """Tell whether the registry itself lists a referrer of a manifest, so that no tag has to."""
    try:
        return any(item.get("digest") == referrer for item in _from_api(place, digest, None))
    except (RegistryError, AnalysisError):
        return False


def tag_of(digest: Digest) -> str:
    """Return the tag under which the referrers of a manifest are listed if the registry cannot."""
    algorithm, encoded = digest.algorithm[:_ALGORITHM], digest.encoded[:_CHARACTERS]
    return _UNFIT.sub("-", f"{algorithm}-{encoded}")


def read_tag(place: Place, digest: Digest) -> tuple[dict[str, Any], str]:
    """Return the index under the tag for a manifest, as it is written, and its ``ETag`` if it has a strong one.

    Raises:
        NotFoundError: there is no such tag.
        RegistryError: the registry refuses, or there is something else under the tag.
    """
    tag = tag_of(digest)
    path = place.endpoint.path("manifests", tag)
    raw, headers = place.transport.read(path, headers={"Accept": OCI_INDEX}, most=MOST_BYTES)
    etag = headers.get("ETag", "")
    what = f"the tag {tag} of {place.transport.origin}/{place.endpoint.name.repository}"
    return _index(raw, what), etag if _ETAG.fullmatch(etag) else ""


def _from_api(place: Place, digest: Digest, artifact_type: str | None) -> Iterator[dict[str, Any]]:
    """Yield the descriptors on all pages of the list of referrers."""
    path, _, query = place.endpoint.path("referrers", digest).partition("?")
    what = f"the list of referrers of {place.transport.origin}"
    if artifact_type is not None:  # who does not know the filter lists them all
        query = f"{query}{'&' if query else ''}artifactType={quote(artifact_type, safe='')}"
    pages = read_pages(
        place.transport,
        path,
        query,
        what=what,
        accept=OCI_INDEX,
        most_bytes=MOST_BYTES,
        most_pages=_MOST_PAGES,
        must_end=False,
    )
    count = 0
    for raw in pages:
        listed = _index(raw, what)["manifests"]
        yield from listed
        count += len(listed)
        if count >= MOST_REFERRERS:
            return


def _index(raw: bytes, what: str) -> dict[str, Any]:
    """Return an index as it is written; its ``manifests`` are objects.

    Raises:
        RegistryError: it is none.
    """
    if len(raw) > MOST_BYTES:
        raise RegistryError(f"{what} is larger than {MOST_BYTES:,} bytes")
    value = decode(raw, what)
    listed = value.get("manifests") if isinstance(value, dict) else None
    is_index = isinstance(listed, list) and all(isinstance(item, dict) for item in listed)
    if not is_index or value.get("mediaType", OCI_INDEX) != OCI_INDEX:
        raise RegistryError(f"{what} is not an image index")
    index: dict[str, Any] = value
    return index


def _referrer(item: Mapping[str, Any], subject: Digest) -> Referrer:
    """Return a descriptor as a referrer; raises InvalidImageError if it has no digest that can be verified."""
    annotations, size = item.get("annotations"), item.get("size")
    return Referrer(
        subject=subject,
        digest=Digest.parse(item.get("digest")),
        media_type=_text(item.get("mediaType")),
        artifact_type=_text(item.get("artifactType")),
        size=size if isinstance(size, int) and size >= 0 else 0,
        created=_text(annotations.get(CREATED)) or None if isinstance(annotations, dict) else None,
    )


def _text(value: object) -> str:
    return value[:200] if isinstance(value, str) else ""
