"""A parent of an entry is not a directory.

## What it checks

Each parent in a path is a directory, or a symlink to one, when the entry is unpacked. It is not a file, a device, a
deleted path, a symlink loop, or a symlink that passes through too many others.

A layer can have entries below a directory but no entry for the directory itself. Then that path and its parents are not
files or other non-directories in a lower layer.

## Why it matters

The entry cannot be created ("not a directory", "too many links"), and the layer cannot be unpacked. If a layer has no
entry for a directory, containerd looks for the directory in the lower layers to copy its attributes, and fails if a
parent there is not a directory. Docker's drivers vfs, btrfs and zfs fail if the path itself is not a directory there.

## How to fix

Delete the file before you create the directory, in one build step; or add an entry for each directory to the layer:

```dockerfile
RUN rm /opt/tool && mkdir -p /opt/tool/bin && cp build/tool /opt/tool/bin/
```

## Data

- `cause`: `below`, `below-lower` (the non-directory is in a lower layer) or `symlink-loop`.
- `runtimes`: runtimes that cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the path that passes through too many symlinks.
- `count`: the number of affected entries in the layer, if not all are listed.

## References

- [OCI image specification, layer.md](https://github.com/opencontainers/image-spec/blob/main/layer.md),
  "Applying Changesets".
- [path_resolution(7)](https://man7.org/linux/man-pages/man7/path_resolution.7.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.layers.tar.obstacles import Cause
from ocianalyze.rules.layers.finding import Said, in_layers
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="LAY005", severity=everywhere(Severity.ERROR), identity=("path", "cause"))
def entry_below_other(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such entry."""
    yield from in_layers(
        subject,
        {
            Cause.BELOW: _describe_below,
            Cause.BELOW_LOWER: _describe_lower,
            Cause.SYMLINK_LOOP: _describe_loop,
        },
    )


def _describe_below(_by: str, _detail: str) -> Said:
    return Said(
        "parent of the entry is not a directory in this layer",
        "Write either the file or the directory to the layer, not both",
    )


def _describe_lower(_by: str, _detail: str) -> Said:
    return Said(
        "parent directory has no entry in this layer and is not a directory in a lower layer",
        "Add an entry for each directory to the layer, parents first",
    )


def _describe_loop(_by: str, path: str) -> Said:
    return Said(f"{path!r} passes through too many symlinks", "Remove symlinks that form a loop")
