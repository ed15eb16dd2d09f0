"""A directory of a layer is gone, or out of reach, once the layer is unpacked.

## What it checks

Each directory that a layer states is there at its end, too: no later entry of the same layer puts a file in the place
of what it lies in, or a symbolic link that leads nowhere in its own place.

## Why it matters

Runtimes set the times of all directories last. Where one of them is no longer there they stop ("no such file or
directory", "not a directory"), and the layer cannot be unpacked. Docker does not follow symbolic links that are
absolute or lead out of the root when it does so.

## How to fix

Write each path to the layer once, as what it is to be in the end.

## Data

- `cause`: `directory-gone`.
- `runtimes`: who cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: nothing.
- `count`: how many entries of the layer are affected, where not all are listed.

## References

- [OCI image specification, layer.md](https://github.com/opencontainers/image-spec/blob/main/layer.md),
  "Applying Changesets".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.layers.tar.obstacles import Cause
from ocianalyze.rules.layers.finding import Said, in_layers
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="LAY006", severity=everywhere(Severity.ERROR))
def directory_taken_back(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such directory."""
    yield from in_layers(subject, {Cause.DIRECTORY_GONE: _describe})


def _describe(_by: str, _detail: str) -> Said:
    return Said(
        "a directory that a later entry of the same layer replaces or puts out of reach",
        "write each path to the layer once, as what it is in the end",
    )
