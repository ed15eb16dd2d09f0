"""A layer has an entry for a directory, but not for its parent.

## What it checks

The parent of each directory has an earlier entry in the layer, or is implied by one. No symlink in the path of an entry
is broken when the entry is unpacked. Layers that older Docker rejects for other reasons are not reported.

## Why it matters

Docker Engine 29 with the storage driver overlay2 used moby/go-archive 0.2 until August 2026. That version creates
missing parents for files, but not for directories and not behind symlinks ("no such file or directory"). Older and
newer versions, containerd and Podman create them in all cases.

## How to fix

Add an entry for each directory to the layer, parents first, and write symlinks to directories after these entries. GNU
tar does this if you pass it the top directory:

```console
$ tar -cf layer.tar -C rootfs .
```

## Data

- `cause`: `parent` or `symlink-dangling`.
- `runtimes`: runtimes that cannot unpack it: `docker-older`.
- `detail`: the path of the missing directory.
- `count`: the number of affected entries in the layer, if not all are listed.

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

_HINT = "Add an entry for each directory to the layer, parents first"


@rule(id="LAY007", severity=everywhere(Severity.NOTE), identity=("path", "cause"))
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
    return Said(f"directory in {path!r}, which has no earlier entry in this layer", _HINT)


def _describe_dangling(_by: str, path: str) -> Said:
    return Said(f"entry is in {path!r}, which passes through a broken symlink", _HINT)
