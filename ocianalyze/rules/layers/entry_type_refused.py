"""A layer contains an entry of a type that no container runtime unpacks.

## What it checks

Every entry is a file, a directory, a symlink, a hard link, a device or a named pipe. Other type flags of tar are
rejected: sparse files of GNU tar (`S`), contiguous files (`7`), volume labels (`V`), directories of incremental dumps
(`D`), files continued from another volume (`M`), Solaris access control lists and extended headers (`A`, `X`), and
unknown letters. Sparse files in the PAX formats are unpacked if their maps are valid.

## Why it matters

containerd, Docker and Podman fail on the first such entry ("unhandled tar header type"), and the image cannot be
pulled. Other tools list such layers without an error.

## How to fix

Create the layer without the tar option that writes such entries: `--sparse` (`-S`), `--label` (`-V`),
`--listed-incremental` (`-g`), `--multi-volume` (`-M`). You can keep a sparse file in the PAX format:

```console
$ tar --sparse --format=posix -cf layer.tar -C rootfs .
```

## Data

- `cause`: `entry-type`, or `sparse-map` for a sparse file with an invalid map.
- `runtimes`: runtimes that cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the type flag, or the error in the map.
- `count`: the number of affected entries in the layer, if not all are listed.

## References

- [OCI image specification, layer.md](https://github.com/opencontainers/image-spec/blob/main/layer.md), "File Types".
- [GNU tar manual, "Basic Tar Format"](https://www.gnu.org/software/tar/manual/html_node/Standard.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.layers.tar.obstacles import Cause
from ocianalyze.rules.layers.finding import Said, in_layers
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPES: Final = {
    "S": ("sparse file of GNU tar", "Create the layer without --sparse, or with --format=posix"),
    "7": ("contiguous file", "Create the layer with GNU tar or bsdtar, which write regular files"),
    "V": ("volume label", "Create the layer without --label"),
    "D": ("directory of an incremental dump", "Create the layer without --listed-incremental"),
    "M": ("file continued from another volume", "Create the layer without --multi-volume"),
    "N": ("list of long names of old GNU tar", "Create the layer with a current tar"),
    "A": ("access control list of Solaris tar", "Create the layer with GNU tar"),
    "E": ("extended entry of Solaris tar", "Create the layer with GNU tar"),
    "X": ("extended header of Solaris tar", "Create the layer with GNU tar"),
    "I": ("inode without a file, as star writes it", "Create the layer with GNU tar"),
}
_OTHER: Final = "Create the layer with GNU tar or bsdtar, from files, directories and links only"


@rule(id="LAY001", severity=everywhere(Severity.ERROR), identity=("path", "cause"))
def entry_type_refused(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each entry of such a type."""
    yield from in_layers(subject, {Cause.ENTRY_TYPE: _describe, Cause.SPARSE_MAP: _describe_map})


def _describe(_by: str, flag: str) -> Said:
    what, hint = _TYPES.get(flag, ("entry of unknown type", _OTHER))
    return Said(f"{what} (type {flag!r})", hint)


def _describe_map(_by: str, problem: str) -> Said:
    return Said(f"sparse file cannot be read: {problem}", "Create the layer again without --sparse")
