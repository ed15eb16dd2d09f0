"""The manifest is of a kind that not every part of SageMaker takes.

## What it checks

The media type of the image's manifest, where it comes from a registry, an OCI layout or an OCI archive: Docker's
(schema 2), or that of the OCI. OCI manifests are a note for the newer Studio and a warning for Studio Classic. What
`docker save` writes says nothing of the manifest that `docker push` sends.

## Why it matters

The newer Studio takes OCI manifests and OCI indexes: its documentation of SOCI has them registered. About Studio
Classic nothing is said; all that is known of it is older than OCI manifests by default. And whoever uses the same
image for an endpoint finds that `CreateModel` refuses it: `Unsupported manifest media type
application/vnd.oci.image.manifest.v1+json`.

## How to fix

Where an OCI manifest is not taken, push Docker's:

```sh
docker buildx build --provenance=false --output type=image,oci-mediatypes=false,push=true,name=IMAGE .
skopeo copy --format v2s2 oci-archive:image.tar docker://IMAGE
```

## Data

- `media_type`: the manifest's.

## References

- [SOCI indexing](https://docs.aws.amazon.com/sagemaker/latest/dg/soci-indexing.html).
- [Amazon ECR, image manifest
  formats](https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-manifest-formats.html).
- [Feedback on SageMaker, issue 180](https://github.com/aws/amazon-sagemaker-feedback/issues/180): `CreateModel`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.oci.media_types import OCI_INDEX, OCI_MANIFEST
from ocianalyze.rules.profiles import CLASSIC, newer
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


_FORMS: Final = frozenset({"registry", "oci-layout", "oci-archive"})


def _has_manifest(subject: Declaration) -> bool:
    return subject.image.media_type is not None and (subject.image.form or subject.image.source) in _FORMS


@rule(
    id="IMG003", severity={CLASSIC: Severity.WARNING, **newer(Severity.NOTE)}, applies=_has_manifest, before_layers=True
)
def manifest_unconfirmed(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding if the manifest is the OCI's."""
    media_type = subject.image.media_type
    if media_type in (OCI_MANIFEST, OCI_INDEX):
        yield Finding(
            message="the image has an OCI manifest: the newer Studio takes it, SageMaker endpoints (CreateModel) do "
            "not, and about Studio Classic nothing is known",
            hint="where it is not taken, push with 'skopeo copy --format v2s2' or buildx's 'oci-mediatypes=false'",
            data={"media_type": media_type},
        )
