"""A layer holds an entry of a type that no container runtime unpacks.

## What it checks

Every entry is a file, a directory, a symbolic or hard link, a device or a named pipe. Other type flags of tar are
refused: sparse files of GNU tar (`S`), contiguous files (`7`), volume labels (`V`), directories of incremental dumps
(`D`), files continued from another volume (`M`), Solaris access control lists and extended headers (`A`, `X`), and any
letter without a meaning. Sparse files in the PAX formats are unpacked, if their maps are right.

## Why it matters

containerd, Docker and Podman stop at the first such entry ("unhandled tar header type"), and the image cannot be
pulled. Other tools list such layers without complaint.

## How to fix

Write the layer without the option of tar that makes such entries: `--sparse` (`-S`), `--label` (`-V`),
`--listed-incremental` (`-g`), `--multi-volume` (`-M`). A sparse file can be kept in the PAX format:

```console
$ tar --sparse --format=posix -cf layer.tar -C rootfs .
```

## Data

- `cause`: `entry-type`, or `sparse-map` for a sparse file whose map is wrong.
- `runtimes`: who cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the type flag, or what is wrong with the map.
- `count`: how many entries of the layer are affected, where not all are listed.

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
    "S": ("a sparse file of GNU tar", "pack the layer without --sparse, or with --format=posix"),
    "7": ("a contiguous file", "pack the layer with GNU tar or bsdtar, which write ordinary files"),
    "V": ("a volume label", "pack the layer without --label"),
    "D": ("a directory of an incremental dump", "pack the layer without --listed-incremental"),
    "M": ("a file that is continued from another volume", "pack the layer without --multi-volume"),
    "N": ("a list of long names of old GNU tar", "pack the layer with a current tar"),
    "A": ("an access control list of Solaris tar", "pack the layer with GNU tar"),
    "E": ("an extended entry of Solaris tar", "pack the layer with GNU tar"),
    "X": ("an extended header of Solaris tar", "pack the layer with GNU tar"),
    "I": ("an inode without a file, as star writes it", "pack the layer with GNU tar"),
}
_OTHER: Final = "pack the layer with GNU tar or bsdtar, from files, directories and links only"


@rule(id="LAY001", severity=everywhere(Severity.ERROR))
def entry_type_refused(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each entry of such a type."""
    yield from in_layers(subject, {Cause.ENTRY_TYPE: _describe, Cause.SPARSE_MAP: _describe_map})


def _describe(_by: str, flag: str) -> Said:
    what, hint = _TYPES.get(flag, ("an entry of an unknown type", _OTHER))
    return Said(f"{what} (type {flag!r})", hint)


def _describe_map(_by: str, problem: str) -> Said:
    return Said(f"a sparse file that cannot be read: {problem}", "pack the layer again without --sparse")
