"""`/tmp` is missing, or not all users can write to it.

## What it checks

`/tmp` resolves to a directory with mode 1777. Another mode is a note if it lets all users write, and otherwise a
warning.

## Why it matters

Servers and kernels keep sockets and temporary files in `/tmp`. If it is missing or not writable, they fail with
`FileNotFoundError: No usable temporary directory found` or `Permission denied`. It is not documented that SageMaker
mounts anything there. A directory without the sticky bit works, but users can delete each other's files.

## How to fix

```dockerfile
RUN mkdir -p /tmp && chmod 1777 /tmp
```

## Data

- `mode`: its mode in octal, or null if it is missing.

## References

- [Filesystem Hierarchy Standard](https://refspecs.linuxfoundation.org/FHS_3.0/fhs-3.0.html), "/tmp".
- Python, [`tempfile`](https://docs.python.org/3/library/tempfile.html#tempfile.gettempdir).
"""

from __future__ import annotations

from stat import S_ISVTX
from typing import TYPE_CHECKING, Final

from ocianalyze.rules.blame import deletion_layer, mode_layer
from ocianalyze.rules.dockerfile import lines
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATH: Final = "/tmp"  # noqa: S108 - inside the image
_MODE: Final = 0o1777


@rule(id="RTM004", severity=everywhere(Severity.WARNING))
def temporary_directory_unusable(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the directory is missing or has another mode."""
    node, user = subject.filesystem.lookup(_PATH), subject.facts.user
    if node is None or not node.is_directory:
        yield Finding(
            message=f"{_PATH} is missing" if node is None else f"{_PATH} is not a directory",
            path=_PATH if node is not None else None,
            layer=node.layer if node is not None else deletion_layer(subject.filesystem, [_PATH]),
            hint=f"Create it: {lines(user, 'RUN mkdir -p /tmp && chmod 1777 /tmp')}",
            data={"mode": None},
        )
    elif node.mode != _MODE and not node.is_implicit:
        writable = node.mode & 0o007 == 0o007  # noqa: PLR2004 - the bits for all other users
        flaw = "has an unusual mode" if node.mode & S_ISVTX else "is not sticky"
        what = flaw if writable else "is not writable for all users"
        yield Finding(
            message=f"{_PATH} {what}: mode {node.mode:04o}, expected 1777",
            path=node.path,
            layer=mode_layer(subject.filesystem, node),
            hint=f"Set the mode: {lines(user, 'RUN chmod 1777 /tmp')}",
            severity=Severity.NOTE if writable else None,
            data={"mode": f"{node.mode:04o}"},
        )
