"""A header contains an invalid number, or a device number that is out of range.

## What it checks

Owner, mode and times in each header are numbers. The records of PAX headers that replace them are decimal numbers of at
most 64 bits. Device numbers are between 0 and 2^32 - 1.

## Why it matters

The container runtimes read layers with Go's archive/tar, which fails on such a header ("invalid tar header").
containerd and Docker reject device numbers that are negative or larger than 32 bits ("out of range"); Podman creates a
different device instead. Owner ids of more than 32 bits are unpacked, but as other owners: see USR005.

## How to fix

Create the layer again with a current tar. Such headers come from programs that write tar files themselves.

## Data

- `cause`: `number` or `device-number`.
- `runtimes`: runtimes that cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the number.
- `count`: the number of affected entries in the layer, if not all are listed.

## References

- [POSIX, pax](https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html), "ustar Interchange Format" and
  "pax Extended Header".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.layers.tar.obstacles import Cause
from ocianalyze.rules.layers.finding import Said, in_layers
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_HINT = "Create the layer again with GNU tar or bsdtar"


@rule(id="LAY011", severity=everywhere(Severity.ERROR), identity=("path", "cause"))
def number_refused(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such header."""
    yield from in_layers(subject, {Cause.NUMBER: _describe, Cause.DEVICE_NUMBER: _describe_device})


def _describe(_by: str, problem: str) -> Said:
    return Said(f"header contains an invalid number: {problem}", _HINT)


def _describe_device(_by: str, numbers: str) -> Said:
    return Said(
        f"device number {numbers} is out of range", "Remove the device, or set a device number from 0 to 2^32 - 1"
    )
