"""The image contains a metadata file that SageMaker writes itself.

## What it checks

The image contains neither `/opt/ml/metadata/resource-metadata.json` nor
`/opt/.sagemakerinternal/internal-metadata.json`.

## Why it matters

SageMaker writes these files when the app starts. Code that was tested with the image's own file reads different content
in Studio. Usually such a file is left over from a test, or from committing a running container.

## How to fix

Remove the `COPY` instruction that adds the file. For tests, mount the file instead:

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
from ocianalyze.rules.profiles import studio
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="FSR007", severity=studio(Severity.WARNING))
def metadata_file_present(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each of these files that exists."""
    for path in METADATA:
        node = subject.filesystem.lookup(path, follow=False)
        if node is not None:
            yield Finding.at(
                node,
                f"SageMaker writes {path} when the app starts; the file in the image is not visible",
                hint="Do not copy this file into the image",
                data={"path": path},
            )
