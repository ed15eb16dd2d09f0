"""The image has files in a directory that is reserved for SageMaker.

## What it checks

`/opt/ml` and `/opt/.sagemakerinternal` contain nothing but directories, and neither is itself a file or a symlink.
There is one finding for each directory and layer. A file in the place of the directory is an error: nothing can be
mounted there, so no app starts. Empty directories are a note. The metadata files that SageMaker writes itself are
reported by FSR007, and files that a kernel needs by FSR005 and KRN008.

## Why it matters

"The `/opt/.sagemakerinternal` and `/opt/ml` directories are reserved. Any data in these directories might not be
visible at runtime." Images for training and processing have their code in `/opt/ml/code`. In Studio, that code may be
missing.

## How to fix

Put the files into another directory:

```dockerfile
COPY model/ /opt/model/
```

## Data

- `directory`: the reserved directory.
- `count`, `bytes`: the number of paths in the layer that are not directories, and the total size of the files.
- `paths`: some of these paths.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "File system".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.facts.directories import METADATA, look_into
from ocianalyze.rules.dockerfile import lines
from ocianalyze.rules.profiles import studio
from ocianalyze.rules.rule import Finding, Severity, Subject, rule
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.directories import Directory
    from ocianalyze.facts.user import User

_HINT = "Move the files to another directory, such as /opt/project or /usr/local/share"


@rule(id="FSR001", severity=studio(Severity.WARNING), identity=("directory",))
def reserved_directory_used(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each layer's files in each reserved directory."""
    for path, directory in subject.facts.reserved.items():
        if any(subject.filesystem.lookup(name, follow=False) for name in METADATA if name.startswith(path)):
            yield from _findings(look_into(subject.filesystem, path, without=METADATA), subject.facts.user)
        else:
            yield from _findings(directory, subject.facts.user)


def _findings(directory: Directory, user: User) -> Iterator[Finding]:
    node = directory.node
    if node is None:
        return
    if not node.is_directory:
        what = f"a symlink to {node.target}" if node.is_symlink else "a file"
        target = node.filesystem.lookup(directory.path)
        fatal = target is not None and not target.is_directory
        yield Finding.at(
            node,
            f"{directory.path} is {what}, but it is reserved for SageMaker"
            + (", which cannot mount a directory there" if fatal else ""),
            hint=f"Remove it: {lines(user, f'RUN rm {directory.path}')}" if fatal else _HINT,
            severity=Severity.ERROR if fatal else None,
        )
        return
    for share in directory.shares:
        count = "1 file" if share.files == 1 else f"{share.files:,} files"
        yield Finding(
            message=f"{count} ({human(share.bytes)}) in {directory.path}, which is reserved and may be hidden",
            path=share.paths[0],
            layer=share.layer,
            hint=_HINT,
            data={
                "directory": directory.path,
                "count": share.files,
                "bytes": share.bytes,
                "paths": list(share.paths),
            },
        )
    if not directory.shares:
        what = "empty directories" if directory.directories else "an empty directory"
        yield Finding.at(
            node,
            f"{directory.path} is reserved, but the image has {what} there",
            severity=Severity.NOTE,
            data={"directory": directory.path, "count": 0, "bytes": 0, "paths": []},
        )
