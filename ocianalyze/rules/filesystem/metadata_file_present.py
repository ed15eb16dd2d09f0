"""The image brings a metadata file that SageMaker writes itself.

## What it checks

Neither `/opt/ml/metadata/resource-metadata.json` nor `/opt/.sagemakerinternal/internal-metadata.json` is in the
image.

## Why it matters

SageMaker writes these files when the app starts. Code that was tested with the image's own file reads something
else in Studio. Usually such a file was left behind by a test, or by committing a running container.

## How to fix

Remove the `COPY` that brings the file; for tests, mount it:

```sh
docker run --volume "$PWD/resource-metadata.json:/opt/ml/metadata/resource-metadata.json:ro" IMAGE
```

## Data

- `path`: the file.

## References

- [Get app metadata](https://docs.aws.amazon.com/sagemaker/latest/dg/notebooks-run-and-manage-metadata.html).
- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "Metadata".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.facts.directories import METADATA
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="FSR007", severity=everywhere(Severity.WARNING))
def metadata_file_present(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each of the files that is there."""
    for path in METADATA:
        node = subject.filesystem.lookup(path, follow=False)
        if node is not None:
            yield Finding.at(
                node,
                f"{path} is written by SageMaker when the app starts; the image's own will not be seen",
                hint="do not copy it into the image",
                data={"path": path},
            )
