"""The path of an entry is longer than Linux or the runtimes take.

## What it checks

No component of a path has more than 255 bytes, no path more than 4,094 (with the slash before it 4,095), and no
extended header of the tar more than 1 MiB. Paths of more than 4,019 bytes are a warning: containerd names files by
their paths on the host, below `/var/lib/containerd`.

## Why it matters

The entry cannot be made ("file name too long"), and so the layer cannot be unpacked. Docker goes from directory to
directory and may succeed where the directories are stated; no program can open the file by its path then.

## How to fix

Such paths are most often a mistake: a directory that was copied into itself, or a cache whose names hold whole
addresses. Delete them in the step that makes them:

```dockerfile
RUN make install && rm -rf /kaniko /root/.cache
```

## Data

- `cause`: `name-length`, `path-length` or `extended-header`.
- `runtimes`: who cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: how long the component, the path or the header is.
- `count`: how many entries of the layer are affected, where not all are listed.

## References

- [path_resolution(7)](https://man7.org/linux/man-pages/man7/path_resolution.7.html), "Length limit".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.layers.tar.obstacles import CONTAINERD, Cause
from ocianalyze.rules.layers.finding import Said, in_layers
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_HINT = "delete it in the build step that makes it, or make its path shorter"


@rule(id="LAY004", severity=everywhere(Severity.ERROR))
def path_too_long(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such entry."""
    yield from in_layers(
        subject,
        {
            Cause.NAME_LENGTH: _describe_name,
            Cause.PATH_LENGTH: _describe_path,
            Cause.EXTENDED_HEADER: _describe_header,
        },
    )


def _describe_name(_by: str, size: str) -> Said:
    return Said(f"a component of the path has {size}, at most 255 are possible", _HINT)


def _describe_path(by: str, size: str) -> Said:
    if by == CONTAINERD:
        return Said(f"the path has {size}, at most 4,019 fit below /var/lib/containerd", _HINT)
    return Said(f"the path has {size}, at most 4,094 are possible", _HINT)


def _describe_header(_by: str, size: str) -> Said:
    return Said(
        f"an extended header of the tar has {size}, at most 1 MiB is read",
        "remove the long name or the large extended attribute that the header holds",
    )
