"""A layer states a directory, but not the directory that it lies in.

## What it checks

Each directory lies in one that its layer states or has implied before; and no symbolic link of the layer that entries
lead through points to nothing when they are unpacked. Nothing is said of layers that older Docker refuses for other
reasons.

## Why it matters

Docker Engine 29 with the storage driver overlay2 used moby/go-archive 0.2 until August 2026, which makes missing
directories for files, but not for directories, nor behind symbolic links ("no such file or directory"). Older and newer
versions, containerd and Podman make them.

## How to fix

Add an entry for each directory to the layer, parents first, and write symbolic links to directories after these. GNU
tar does so if it is given the top directory:

```console
$ tar -cf layer.tar -C rootfs .
```

## Data

- `cause`: `parent` or `symlink-dangling`.
- `runtimes`: who cannot unpack it: `docker-older`.
- `detail`: the path of the directory that is missing.
- `count`: how many entries of the layer are affected, where not all are listed.

## References

- [moby/go-archive](https://github.com/moby/go-archive), `createImpliedDirectories` in 0.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.layers.tar.obstacles import OLDER_DOCKER, Cause
from ocianalyze.rules.layers.finding import Said, in_layers
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_HINT = "add an entry for each directory to the layer, parents first"


@rule(id="LAY007", severity=everywhere(Severity.NOTE))
def parent_unstated(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such directory."""
    causes = {Cause.PARENT: _describe_parent, Cause.SYMLINK_DANGLING: _describe_dangling}
    refused = {
        layer
        for layer, obstacles in enumerate(subject.filesystem.obstacles)
        if any(OLDER_DOCKER in group.by and group.cause not in causes for group in obstacles)
    }
    yield from (finding for finding in in_layers(subject, causes) if finding.layer not in refused)


def _describe_parent(_by: str, path: str) -> Said:
    return Said(f"a directory in {path!r}, for which the layer has no entry before it", _HINT)


def _describe_dangling(_by: str, path: str) -> Said:
    return Said(f"the entry lies in {path!r}, which leads through a symbolic link to nothing", _HINT)
