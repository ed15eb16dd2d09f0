"""Not every part of SageMaker accepts the type of the manifest.

## What it checks

The media type of the manifest, if the image is from a registry, an OCI layout or an OCI archive, is Docker's
(schema 2). An OCI manifest is a note for the newer Studio and a warning for Studio Classic. An archive of
`docker save` does not show which manifest `docker push` sends, so it is not checked.

## Why it matters

The newer Studio accepts OCI manifests and OCI indexes: its SOCI documentation registers images that have them. For
Studio Classic this is not documented: everything known about it dates from before OCI manifests became the default.

If you use the same image for an endpoint, `CreateModel` rejects it: `Unsupported manifest media type
application/vnd.oci.image.manifest.v1+json`.

## How to fix

If an OCI manifest is not accepted, push a Docker manifest:

```sh
docker buildx build --provenance=false --output type=image,oci-mediatypes=false,push=true,name=IMAGE .
skopeo copy --format v2s2 oci-archive:image.tar docker://IMAGE
```

## Data

- `media_type`: the media type of the manifest.

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
    """Yield a finding if the manifest is an OCI manifest."""
    media_type = subject.image.media_type
    if media_type in (OCI_MANIFEST, OCI_INDEX):
        yield Finding(
            message="the image has an OCI manifest, which works in the newer Studio but not for SageMaker endpoints "
            "(CreateModel); it is not known whether Studio Classic accepts it",
            hint="Push a Docker manifest with 'skopeo copy --format v2s2', or with 'oci-mediatypes=false' of buildx",
            data={"media_type": media_type},
        )
