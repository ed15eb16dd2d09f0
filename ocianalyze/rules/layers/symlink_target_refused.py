"""A symbolic link has a target that Linux does not take.

## What it checks

The target of every symbolic link has at least one byte and at most 4,095.

## Why it matters

The kernel refuses to make such a link ("no such file or directory", "file name too long"), and so the layer cannot be
unpacked.

## How to fix

Find out which program wrote the link: an empty target is most often a variable that was not set.

```dockerfile
RUN ln -s "${TOOL_HOME:?}/bin/tool" /usr/local/bin/tool
```

## Data

- `cause`: `target-empty` or `target-length`.
- `runtimes`: who cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: how long the target is.
- `count`: how many entries of the layer are affected, where not all are listed.

## References

- [symlink(2)](https://man7.org/linux/man-pages/man2/symlink.2.html), ENOENT and ENAMETOOLONG.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.layers.tar.obstacles import Cause
from ocianalyze.rules.layers.finding import Said, in_layers
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="LAY003", severity=everywhere(Severity.ERROR))
def symlink_target_refused(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such link."""
    yield from in_layers(subject, {Cause.TARGET_EMPTY: _describe_empty, Cause.TARGET_LENGTH: _describe_long})


def _describe_empty(_by: str, _detail: str) -> Said:
    return Said("a symbolic link with an empty target", "give the link a target, or leave it out")


def _describe_long(_by: str, size: str) -> Said:
    return Said(f"a symbolic link whose target has {size}, at most 4,095 are possible", "shorten the target")
