"""A hard link leads to nothing in its own layer, or to a directory.

## What it checks

The target of every hard link is an entry before it in the same layer, and no directory. Symbolic links on the way to
it count as the layer has them by then; what lies in the layers beneath does not count.

## Why it matters

Runtimes unpack each layer into a directory of its own, where the files of lower layers are not. The hard link cannot be
made ("no such file or directory"), and the image cannot be pulled. Only Docker's drivers vfs, btrfs and zfs have
the merged tree at hand, so a build tool may never notice. No kernel makes a hard link to a directory. Whatever such a
link was to bring is not in the image: other rules count it as missing.

## How to fix

Write the file again instead of linking to it, or link to it in the step that made it:

```dockerfile
RUN install -D build/tool /opt/tool/bin/tool && ln /opt/tool/bin/tool /usr/local/bin/tool
RUN ln -s /opt/tool/bin/tool /usr/local/bin/tool2
```

For a directory take a symbolic link.

## Data

- `cause`: `link-missing`, `link-directory`, `link-outside` (the way to the target leads out of the root) or
  `link-symlinks` (the way to it leads through too many symbolic links).
- `runtimes`: who cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the target, as written.
- `count`: how many entries of the layer are affected, where not all are listed.

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


@rule(id="LAY002", severity=everywhere(Severity.ERROR))
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
        return Said(f"a hard link to {target!r}, which this layer deletes", "link to it before it is deleted")
    if MERGED_DOCKER in by:
        return Said(
            f"a hard link to {target!r}, which does not exist in this layer by then",
            "write the file before the hard link, in the same layer",
        )
    return Said(
        f"a hard link to {target!r}, which is not in this layer but in one beneath",
        "copy the file, use a symbolic link, or make both in one build step",
    )


def _describe_directory(_by: str, target: str) -> Said:
    return Said(f"a hard link to {target!r}, which is a directory", "use a symbolic link")


def _describe_outside(_by: str, target: str) -> Said:
    return Said(f"a hard link to {target!r}, which leads out of the root", "write the target as a path below the root")


def _describe_symlinks(_by: str, target: str) -> Said:
    return Said(
        f"a hard link to {target!r}, which leads through too many symbolic links",
        "write the target without symbolic links",
    )
