"""A whiteout conflicts with an entry of its own layer, or names no path.

## What it checks

No whiteout (`.wh.NAME`) comes after an entry for `NAME` in its own layer, or after another whiteout for it. Each
whiteout names a path: it is not `.wh.`, `.wh..` or `.wh...`.

## Why it matters

With overlayfs, a whiteout is a device at the path that it deletes. If the layer already has another entry there, the
device cannot be created ("file exists"), and the layer cannot be unpacked. The other order works: an entry replaces an
earlier whiteout.

## How to fix

Remove the whiteout if the layer contains the path itself. A tool that creates layers must write only one of the two.

## Data

- `cause`: `whiteout-taken` or `whiteout-name`.
- `runtimes`: runtimes that cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the name of a whiteout that names no path.
- `count`: the number of affected entries in the layer, if not all are listed.

## References

- [OCI image specification, layer.md](https://github.com/opencontainers/image-spec/blob/main/layer.md), "Whiteouts".
- [Linux, overlayfs.rst](https://docs.kernel.org/filesystems/overlayfs.html), "whiteouts and opaque directories".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.layers.tar.obstacles import Cause
from ocianalyze.rules.layers.finding import Said, in_layers
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="LAY009", severity=everywhere(Severity.ERROR), identity=("path", "cause", "detail"))
def whiteout_refused(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such whiteout."""
    yield from in_layers(subject, {Cause.WHITEOUT_TAKEN: _describe_taken, Cause.WHITEOUT_NAME: _describe_name})


def _describe_taken(_by: str, _detail: str) -> Said:
    return Said(
        "whiteout for a path that has an earlier entry in the same layer",
        "Remove the whiteout, or write it before the entry",
    )


def _describe_name(_by: str, name: str) -> Said:
    return Said(f"whiteout {name!r} names no path", "Remove the whiteout")
