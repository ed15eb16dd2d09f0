"""The path of an entry is too long for Linux or for container runtimes.

## What it checks

No component of a path has more than 255 bytes. No path has more than 4,094 bytes (4,095 with the leading slash). No
extended header of the tar is larger than 1 MiB. Paths of more than 4,019 bytes are a warning, because containerd
creates files by their path on the host, below `/var/lib/containerd`.

## Why it matters

The entry cannot be created ("file name too long"), and the layer cannot be unpacked. Docker descends directory by
directory and may succeed if the layer has entries for the directories. But then no program can open the file by its
path.

## How to fix

Such paths are usually a mistake: a directory that was copied into itself, or a cache whose file names contain whole
URLs. Delete them in the step that creates them:

```dockerfile
RUN make install && rm -rf /kaniko /root/.cache
```

## Data

- `cause`: `name-length`, `path-length` or `extended-header`.
- `runtimes`: runtimes that cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the length of the component, the path or the header.
- `count`: the number of affected entries in the layer, if not all are listed.

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

_HINT = "Delete it in the build step that creates it, or shorten its path"


@rule(id="LAY004", severity=everywhere(Severity.ERROR), identity=("path", "cause"))
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
    return Said(f"a path component has {size}, but at most 255 are allowed", _HINT)


def _describe_path(by: str, size: str) -> Said:
    if by == CONTAINERD:
        return Said(f"path has {size}, but at most 4,019 fit below /var/lib/containerd", _HINT)
    return Said(f"path has {size}, but at most 4,094 are allowed", _HINT)


def _describe_header(_by: str, size: str) -> Said:
    return Said(
        f"extended tar header has {size}, but at most 1 MiB is read",
        "Remove the long name or the large extended attribute in this header",
    )
