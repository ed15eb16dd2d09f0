"""An extended attribute cannot be set.

## What it checks

Linux accepts each extended attribute of the layer (`SCHILY.xattr.*` in the tar):

- It has a namespace (`user.`, `trusted.`, `security.`, `system.posix_acl_*`).
- Its name has at most 255 bytes, and its value at most 64 KiB.
- `security.capability` and the access control lists are well-formed.
- `user.*` is only on files and directories.

More than about 4 kB for one file is a warning: xfs accepts it, but ext4 does not.

## Why it matters

Docker fails on an attribute that Linux does not support ("operation not supported"). containerd and Podman skip it.
Archives that were created on a Mac contain `com.apple.*`. Docker sets the attributes of a symlink on its target, and
fails if the target does not exist at that point. All runtimes fail on an attribute that Linux rejects for another
reason.

## How to fix

Create the layer without extended attributes, or only with those that you need:

```console
$ COPYFILE_DISABLE=1 tar --no-xattrs -cf context.tar .
$ tar --xattrs-include='security.capability' -cf layer.tar -C rootfs .
```

## Data

- `cause`: `attribute` or `attribute-size`.
- `runtimes`: runtimes that cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the name of the attribute.
- `count`: the number of affected entries in the layer, if not all are listed.

## References

- [xattr(7)](https://man7.org/linux/man-pages/man7/xattr.7.html).
- [moby issue 47517](https://github.com/moby/moby/issues/47517).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.layers.tar.obstacles import EVERYONE, Cause
from ocianalyze.rules.layers.finding import Said, in_layers
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="LAY010", severity=everywhere(Severity.ERROR), identity=("path", "cause", "detail"))
def attribute_refused(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such attribute."""
    yield from in_layers(subject, {Cause.ATTRIBUTE: _describe, Cause.ATTRIBUTE_SIZE: _describe_size})


def _describe(by: str, name: str) -> Said:
    what = f"extended attribute {name!r} cannot be set"
    if name.startswith("com.apple."):
        return Said(what, "Create the archive on the Mac with 'COPYFILE_DISABLE=1 tar --no-xattrs'")
    if by == EVERYONE:
        return Said(what, "Remove the attribute, or set a value that 'setfattr' accepts")
    return Said(what, "Create the layer without it: use 'tar --no-xattrs', or --xattrs-include for those that you need")


def _describe_size(_by: str, name: str) -> Said:
    return Said(
        f"extended attribute {name!r} is too large for ext4",
        "Reduce the attributes of the file to less than 4,000 bytes in total",
        " on ext4",
    )
