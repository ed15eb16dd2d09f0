"""The target of a hard link is missing in its own layer, or is a directory.

## What it checks

The target of every hard link is an earlier entry of the same layer, and not a directory. Symlinks in the target path
are resolved within the layer, as it is when the link is unpacked. Files in lower layers do not count.

## Why it matters

Container runtimes unpack each layer into a separate directory, which does not contain the files of lower layers. The
hard link cannot be created ("no such file or directory"), and the image cannot be pulled. Only Docker's drivers vfs,
btrfs and zfs unpack into the merged tree, so a build with one of them does not show the problem. Linux does not allow
hard links to directories. Other rules treat the files of such links as missing.

## How to fix

Write the file again instead of linking to it, or create the link in the step that creates the file:

```dockerfile
RUN install -D build/tool /opt/tool/bin/tool && ln /opt/tool/bin/tool /usr/local/bin/tool
RUN ln -s /opt/tool/bin/tool /usr/local/bin/tool2
```

For a directory, use a symlink.

## Data

- `cause`: `link-missing`, `link-directory`, `link-outside` (the target path leaves the root) or `link-symlinks` (the
  target path passes through too many symlinks).
- `runtimes`: runtimes that cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the target, as written.
- `count`: the number of affected entries in the layer, if not all are listed.

## References

- [OCI image specification, layer.md](https://github.com/opencontainers/image-spec/blob/main/layer.md), "Hardlinks".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.layers.tar.obstacles import MERGED_DOCKER, Cause
from ocianalyze.rules.layers.finding import Said, in_layers
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="LAY002", severity=everywhere(Severity.ERROR), identity=("path", "cause", "detail"))
def hard_link_refused(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such hard link."""
    yield from in_layers(
        subject,
        {
            Cause.LINK_MISSING: _describe_missing,
            Cause.LINK_DIRECTORY: _describe_directory,
            Cause.LINK_OUTSIDE: _describe_outside,
            Cause.LINK_SYMLINKS: _describe_symlinks,
        },
    )


def _describe_missing(by: str, target: str) -> Said:
    if by == MERGED_DOCKER:
        return Said(f"hard link to {target!r}, which this layer deletes", "Write the link before the file is deleted")
    if MERGED_DOCKER in by:
        return Said(
            f"hard link to {target!r}, which does not exist in this layer at that point",
            "Write the file before the hard link, in the same layer",
        )
    return Said(
        f"hard link to {target!r}, which is in a lower layer but not in this one",
        "Copy the file, use a symlink, or create the file and the link in one build step",
    )


def _describe_directory(_by: str, target: str) -> Said:
    return Said(f"hard link to {target!r}, which is a directory", "Use a symlink")


def _describe_outside(_by: str, target: str) -> Said:
    return Said(f"hard link to {target!r}, which is outside the root", "Write the target as a path below the root")


def _describe_symlinks(_by: str, target: str) -> Said:
    return Said(
        f"hard link to {target!r}, which passes through too many symlinks",
        "Write the target without symlinks",
    )
