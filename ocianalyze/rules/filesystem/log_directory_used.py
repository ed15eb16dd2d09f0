"""The image has files in `/var/log/studio`, which is reserved for SageMaker's logs.

## What it checks

`/var/log/studio` contains nothing but directories. There is one finding for each layer that writes there. Empty
directories are allowed: SageMaker Distribution creates them.

## Why it matters

"`/var/log/studio` are reserved for the logging directories of your applications and the extensions associated with it.
We recommend that you don't use these folders in creating your image." Files of the image may be hidden or overwritten
there.

## How to fix

Write logs to another directory during the build, or remove the files in the same step:

```dockerfile
RUN ./install.sh && rm -rf /var/log/studio/*
```

## Data

- `directory`: `/var/log/studio`.
- `count`, `bytes`: the number of paths in the layer that are not directories, and the total size of the files.
- `paths`: some of these paths.

## References

- [Custom image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-byoi-specs.html),
  "Logging directories".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.directories import look_into
from ocianalyze.rules.profiles import newer
from ocianalyze.rules.rule import Finding, Severity, Subject, rule
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTORY: Final = "/var/log/studio"


@rule(id="FSR002", severity=newer(Severity.WARNING), identity=("directory",))
def log_directory_used(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each layer's files."""
    directory = look_into(subject.filesystem, DIRECTORY)
    if directory.node is not None and not directory.node.is_directory:
        what = "a symlink" if directory.node.is_symlink else "a file"
        yield Finding.at(
            directory.node,
            f"{DIRECTORY} is {what}, but it is reserved for SageMaker's logs",
            hint="Make it a directory, or remove it from the image",
            data={"directory": DIRECTORY, "count": 1, "bytes": directory.node.size, "paths": [DIRECTORY]},
        )
    for share in directory.shares:
        count = "1 file" if share.files == 1 else f"{share.files:,} files"
        yield Finding(
            message=f"{count} ({human(share.bytes)}) in {DIRECTORY}, which is reserved for SageMaker's logs",
            path=share.paths[0],
            layer=share.layer,
            hint="Write logs to another directory, or remove the files in the same RUN step that creates them",
            data={"directory": DIRECTORY, "count": share.files, "bytes": share.bytes, "paths": list(share.paths)},
        )
