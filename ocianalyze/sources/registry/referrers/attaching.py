"""Attaches files to an image: pushes them as an artifact that refers to it.

Source: distribution-spec, "Pushing Manifests with Subject" and "Referrers Tag Schema".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from ocianalyze.errors import RegistryError, UsageError
from ocianalyze.oci.digest import Digest
from ocianalyze.oci.media_types import OCI_INDEX, OCI_MANIFEST
from ocianalyze.sources.registry.answers.failures import NotFoundError
from ocianalyze.sources.registry.answers.push_refusals import ChangedError
from ocianalyze.sources.registry.endpoints import find_endpoints
from ocianalyze.sources.registry.image import Repository
from ocianalyze.sources.registry.referrers import listed as referrers
from ocianalyze.sources.registry.referrers.artifacts import make_artifact
from ocianalyze.sources.registry.referrers.pushing import PushAuthorization, PushPlaces
from ocianalyze.sources.registry.referrers.subjects import find_subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.layers.metering.limits import Limits
    from ocianalyze.sources.registry.access import RegistryAccess
    from ocianalyze.sources.registry.referrers.artifacts import Artifact, File
    from ocianalyze.sources.registry.referrers.pushing import PushPlace
    from ocianalyze.sources.registry.referrers.subjects import Claim

_UPDATES: Final = 5
"""How often the tag is written anew because somebody else wrote to it meanwhile."""


class Attached(NamedTuple):
    """What was pushed.

    Attributes:
        repository: the registry and the repository.
        digest: the digest of the artifact.
        subject: the digest of the manifest that it refers to.
        tag: the tag that lists it, for registries that do not list referrers themselves.
        is_new: whether the registry did not list it before.
    """

    repository: str
    digest: Digest
    subject: Digest
    tag: str | None
    is_new: bool

    @property
    def name(self) -> str:
        """The artifact by its name."""
        return f"{self.repository}@{self.digest}"


def attach(
    text: str,
    access: RegistryAccess,
    limits: Limits,
    files: Sequence[File],
    *,
    artifact_type: str,
    claims: Sequence[Claim],
    created: str | None,
) -> Attached:
    """Push files to the repository of an image, as an artifact that refers to it. Mirrors are neither read nor written.

    `claims` say which image each file is about. The same files give the same artifact, however often they are pushed.

    Raises:
        InvalidReferenceError: `text` is no name of an image.
        UsageError: a file is about another image, or two are about different ones.
        InvalidImageError: there is no image.
        RegistryError: the registry cannot be reached, or refuses.
    """
    name, known = find_endpoints(text, access)
    own = [endpoint for endpoint in known if not endpoint.is_mirror]
    places = PushPlaces(own, access, what=f"cannot attach to {name}", authorization=PushAuthorization)
    try:
        repository = Repository(name, places, limits)
        subjects = [find_subject(repository, claim) for claim in claims]
        other = next((one for one, subject in enumerate(subjects) if subject.digest != subjects[0].digest), None)
        if other is not None:
            raise UsageError(
                f"{claims[0].what} is about {subjects[0].digest}, but {claims[other].what} about "
                f"{subjects[other].digest}",
                hint="Attach them one by one",
            )
        artifact = make_artifact(subjects[0], artifact_type, files, created=created)
        return _push(places.used(), subjects[0].digest, artifact)
    finally:
        places.close()


def _push(place: PushPlace, subject: Digest, artifact: Artifact) -> Attached:
    transport, name = place.transport, place.endpoint.name
    was_listed = referrers.is_listed(place, subject, artifact.digest)
    for blob in artifact.blobs:
        transport.push_blob(place.endpoint.root, Digest.of(blob), blob)
    stored = transport.push_manifest(
        place.endpoint.root, artifact.digest, artifact.manifest, media_type=OCI_MANIFEST, digest=artifact.digest
    )
    if stored.subject == subject or was_listed or referrers.is_listed(place, subject, artifact.digest):
        return Attached(name.name, artifact.digest, subject, None, not was_listed)
    is_new = _list_under_tag(place, subject, artifact)
    return Attached(name.name, artifact.digest, subject, referrers.tag_of(subject), is_new)


def _list_under_tag(place: PushPlace, subject: Digest, artifact: Artifact) -> bool:
    """Add an artifact to the index under the tag for its subject; return whether it was not there.

    What others have listed there stays. Somebody may write at the same time: registries that give an ``ETag`` can
    tell, and what was written is read again in any case.
    """
    tag = referrers.tag_of(subject)
    has_written = False
    pauses = place.transport.pauses(_UPDATES)
    while True:
        try:
            index, etag = referrers.read_tag(place, subject)
        except NotFoundError:
            index, etag = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}, ""
        if any(item.get("digest") == artifact.digest for item in index["manifests"]):
            return has_written
        raw = orjson.dumps({**index, "mediaType": OCI_INDEX, "manifests": [*index["manifests"], artifact.descriptor]})
        if len(raw) > referrers.MOST_BYTES:
            raise RegistryError(f"the tag {tag} of {place.endpoint.name.name} lists too many referrers")
        try:
            place.transport.push_manifest(
                place.endpoint.root,
                tag,
                raw,
                media_type=OCI_INDEX,
                digest=Digest.of(raw),
                if_match=etag,
            )
        except ChangedError:
            if not pauses.wait():
                raise
            continue
        if has_written and not pauses.wait():
            raise ChangedError(f"{place.endpoint}: the tag {tag} changes all the time")
        has_written = True
