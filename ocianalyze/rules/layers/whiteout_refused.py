"""A whiteout finds its place taken, or names nothing.

## What it checks

No whiteout (`.wh.NAME`) stands behind an entry for `NAME` of its own layer, or behind another whiteout for it; and each
names something: not `.wh.`, `.wh..` or `.wh...`.

## Why it matters

With overlayfs a whiteout is a device in the place of what it deletes. Where its own layer has something else there it
cannot be made ("file exists"), and the layer cannot be unpacked. The other order is fine: an entry replaces the
whiteout before it.

## How to fix

Leave the whiteout out if the layer has the path itself. Tools that write layers have to write either of them.

## Data

- `cause`: `whiteout-taken` or `whiteout-name`.
- `runtimes`: who cannot unpack it: `containerd`, `docker`, `podman`, `docker-older` (moby/go-archive 0.2),
  `docker-merged` (the storage drivers vfs, btrfs and zfs).
- `detail`: the name of a whiteout that names nothing.
- `count`: how many entries of the layer are affected, where not all are listed.

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


@rule(id="LAY009", severity=everywhere(Severity.ERROR))
def whiteout_refused(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such whiteout."""
    yield from in_layers(subject, {Cause.WHITEOUT_TAKEN: _describe_taken, Cause.WHITEOUT_NAME: _describe_name})


def _describe_taken(_by: str, _detail: str) -> Said:
    return Said(
        "a whiteout for a path that its own layer has before it",
        "leave the whiteout out, or write it before the entry",
    )


def _describe_name(_by: str, name: str) -> Said:
    return Said(f"the whiteout {name!r} names nothing", "leave the whiteout out")
