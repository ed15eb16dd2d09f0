"""A directory of a layer is replaced or unreachable after the layer is unpacked.

## What it checks

Each directory in a layer still exists when the whole layer is unpacked. No later entry of the same layer replaces one
of its parents with a file, or the directory itself with a broken symlink.

## Why it matters

Container runtimes set the times of all directories last. If a directory no longer exists then, they fail ("no such file
or directory", "not a directory"), and the layer cannot be unpacked. In this step, Docker does not follow symlinks that
are absolute or point outside the root.

## How to fix

Write each path to the layer only once, in its final form.

## Data

- `cause`: `directory-gone`.
- `runtimes`: runtimes that cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: empty.
- `count`: the number of affected entries in the layer, if not all are listed.

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


@rule(id="LAY006", severity=everywhere(Severity.ERROR), identity=("path", "cause"))
def directory_taken_back(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such directory."""
    yield from in_layers(subject, {Cause.DIRECTORY_GONE: _describe})


def _describe(_by: str, _detail: str) -> Said:
    return Said(
        "directory is replaced or made unreachable by a later entry of the same layer",
        "Write each path to the layer only once, in its final form",
    )
