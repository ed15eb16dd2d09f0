"""An entry lies below something that is no directory.

## What it checks

What a path leads through is a directory, or a symbolic link to one, when the entry is unpacked: no file, no device, no
deleted path, no symbolic link that leads round in a circle or through too many others. Directories that the layer only
implies have none of these in their way in the layers beneath, either.

## Why it matters

The entry cannot be made ("not a directory", "too many links"), and so the layer cannot be unpacked. containerd looks
for each directory that a layer does not state in the layers beneath, to take over its attributes, and stops where it
meets something that is no directory above it; Docker's drivers vfs, btrfs and zfs stop where one takes its place.

## How to fix

Delete the file before the directory is made, in one build step; or state each directory in the layer:

```dockerfile
RUN rm /opt/tool && mkdir -p /opt/tool/bin && cp build/tool /opt/tool/bin/
```

## Data

- `cause`: `below`, `below-lower` (what is in the way is in a lower layer) or `symlink-loop`.
- `runtimes`: who cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the path that leads through too many symbolic links.
- `count`: how many entries of the layer are affected, where not all are listed.

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


@rule(id="LAY005", severity=everywhere(Severity.ERROR))
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
        "the entry lies below something that is not a directory in this layer",
        "write either the file or the directory to the layer, not both",
    )


def _describe_lower(_by: str, _detail: str) -> Said:
    return Said(
        "a directory that the layer does not state, and a file or the like in its place in a layer beneath",
        "add an entry for each directory to the layer, parents first",
    )


def _describe_loop(_by: str, path: str) -> Said:
    return Said(f"{path!r} leads through too many symbolic links", "remove links that lead round in a circle")
