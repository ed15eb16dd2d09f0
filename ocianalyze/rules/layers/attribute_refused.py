"""An extended attribute cannot be set.

## What it checks

Each extended attribute (`SCHILY.xattr.*` in the tar) is one that Linux takes: it has a namespace (`user.`, `trusted.`,
`security.`, `system.posix_acl_*`), a name of at most 255 bytes and a value of at most 64 KiB; `security.capability` and
the access control lists are well formed, and `user.*` is on files and directories only. More than about 4 KB for one
file is a warning: ext4 does not take it, xfs does.

## Why it matters

Docker stops at an attribute that Linux does not know ("operation not supported"); containerd and Podman leave it out.
Archives that were packed on a Mac have `com.apple.*`. Docker sets the attributes of a symbolic link on what it leads
to, and stops if that is not there by then. What Linux refuses otherwise stops all of them.

## How to fix

Pack the layer without extended attributes, or only with those that are needed:

```console
$ COPYFILE_DISABLE=1 tar --no-xattrs -cf context.tar .
$ tar --xattrs-include='security.capability' -cf layer.tar -C rootfs .
```

## Data

- `cause`: `attribute` or `attribute-size`.
- `runtimes`: who cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the name of the attribute.
- `count`: how many entries of the layer are affected, where not all are listed.

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


@rule(id="LAY010", severity=everywhere(Severity.ERROR))
def attribute_refused(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such attribute."""
    yield from in_layers(subject, {Cause.ATTRIBUTE: _describe, Cause.ATTRIBUTE_SIZE: _describe_size})


def _describe(by: str, name: str) -> Said:
    what = f"the extended attribute {name!r} cannot be set"
    if name.startswith("com.apple."):
        return Said(what, "pack on the Mac with COPYFILE_DISABLE=1 and 'tar --no-xattrs'")
    if by == EVERYONE:
        return Said(what, "remove the attribute, or give it a value that 'setfattr' takes")
    return Said(what, "pack the layer without it ('tar --no-xattrs', or --xattrs-include for those that are needed)")


def _describe_size(_by: str, name: str) -> Said:
    return Said(
        f"the extended attribute {name!r} is too large for ext4",
        "make the attributes of the file smaller than 4,000 bytes together",
        " on ext4",
    )
