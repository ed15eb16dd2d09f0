"""A symlink has a target that Linux does not accept.

## What it checks

The target of every symlink has at least one byte and at most 4,095.

## Why it matters

Linux cannot create such a symlink ("no such file or directory", "file name too long"), and the layer cannot be
unpacked.

## How to fix

Find the program that wrote the symlink. An empty target usually comes from an unset variable:

```dockerfile
RUN ln -s "${TOOL_HOME:?}/bin/tool" /usr/local/bin/tool
```

## Data

- `cause`: `target-empty` or `target-length`.
- `runtimes`: runtimes that cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the length of the target.
- `count`: the number of affected entries in the layer, if not all are listed.

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


@rule(id="LAY003", severity=everywhere(Severity.ERROR), identity=("path", "cause"))
def symlink_target_refused(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such link."""
    yield from in_layers(subject, {Cause.TARGET_EMPTY: _describe_empty, Cause.TARGET_LENGTH: _describe_long})


def _describe_empty(_by: str, _detail: str) -> Said:
    return Said("symlink with an empty target", "Set a target for the symlink, or remove it")


def _describe_long(_by: str, size: str) -> Said:
    return Said(f"symlink target has {size}, but at most 4,095 are allowed", "Shorten the target")
