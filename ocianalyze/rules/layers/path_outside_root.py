"""The path of an entry is outside the root, or an entry replaces the root.

## What it checks

No path has more `..` than components before them. No entry is behind a symlink of its layer whose relative target is
outside the root. An entry that is the root itself is a directory.

## Why it matters

Docker rejects such paths ("invalid entry name", "path escapes from parent"), because they may be an attack. containerd
and Podman treat `..` at the root as the root. Podman rejects a root that is not a directory, and so does Docker with
moby/go-archive 0.2 if the root is written as `/`.

## How to fix

Write paths relative to the root of the image, without `..`:

```console
$ tar -cf layer.tar -C rootfs .
```

## Data

- `cause`: `outside`, `symlink-outside` or `root`.
- `runtimes`: runtimes that cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the path, as written.
- `count`: the number of affected entries in the layer, if not all are listed.

## References

- [OCI image specification, layer.md](https://github.com/opencontainers/image-spec/blob/main/layer.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.layers.tar.obstacles import Cause
from ocianalyze.rules.layers.finding import Said, in_layers
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_HINT = "Write the path relative to the root of the image, without '..'"


@rule(id="LAY008", severity=everywhere(Severity.ERROR), identity=("path", "cause", "detail"))
def path_outside_root(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such entry."""
    yield from in_layers(
        subject,
        {Cause.OUTSIDE: _describe_path, Cause.SYMLINK_OUTSIDE: _describe_symlink, Cause.ROOT: _describe_root},
    )


def _describe_path(_by: str, path: str) -> Said:
    return Said(f"path {path!r} is outside the root", _HINT)


def _describe_symlink(_by: str, path: str) -> Said:
    return Said(
        f"entry is in {path!r}, which a symlink takes outside the root",
        "Change the symlink to point to a path below the root",
    )


def _describe_root(_by: str, path: str) -> Said:
    return Said(f"entry {path!r} is the root itself, but not a directory", "Remove the entry")
