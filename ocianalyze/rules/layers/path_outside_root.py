"""The path of an entry leads out of the root, or an entry takes the place of the root.

## What it checks

No path has more `..` than components before them, no entry lies behind a symbolic link of its layer that leads out of
the root with a relative target, and an entry that is the root itself is a directory.

## Why it matters

Docker refuses such paths ("invalid entry name", "path escapes from parent"), because they may be an attack. containerd
and Podman read them as if `..` were the root. Podman refuses a root that is no directory, as does Docker with
moby/go-archive 0.2 where it is written as `/`.

## How to fix

Write paths relative to the root of the image, without `..`:

```console
$ tar -cf layer.tar -C rootfs .
```

## Data

- `cause`: `outside`, `symlink-outside` or `root`.
- `runtimes`: who cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the path, as written.
- `count`: how many entries of the layer are affected, where not all are listed.

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

_HINT = "write the path relative to the root of the image, without '..'"


@rule(id="LAY008", severity=everywhere(Severity.ERROR))
def path_outside_root(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such entry."""
    yield from in_layers(
        subject,
        {Cause.OUTSIDE: _describe_path, Cause.SYMLINK_OUTSIDE: _describe_symlink, Cause.ROOT: _describe_root},
    )


def _describe_path(_by: str, path: str) -> Said:
    return Said(f"the path {path!r} leads out of the root", _HINT)


def _describe_symlink(_by: str, path: str) -> Said:
    return Said(
        f"the entry lies in {path!r}, which leads through a symbolic link out of the root",
        "let the symbolic link lead to a path below the root",
    )


def _describe_root(_by: str, path: str) -> Said:
    return Said(f"the entry {path!r} is the root itself, and not a directory", "leave the entry out")
