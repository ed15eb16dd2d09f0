"""`/tmp` is not there, or not everybody may write to it.

## What it checks

`/tmp` leads to a directory with mode 1777, or one that the container's user may write to.

## Why it matters

Servers and kernels keep sockets and temporary files in `/tmp`. Without it, or without the right to write, they fail
with `FileNotFoundError: No usable temporary directory found` or `Permission denied`. That SageMaker mounts something
there is said nowhere. A directory without the sticky bit works, but lets users delete each other's files.

## How to fix

```dockerfile
RUN mkdir -p /tmp && chmod 1777 /tmp
```

## Data

- `mode`: its mode in octal, or null if it is not there.

## References

- [Filesystem Hierarchy Standard](https://refspecs.linuxfoundation.org/FHS_3.0/fhs-3.0.html), "/tmp".
- Python, [`tempfile`](https://docs.python.org/3/library/tempfile.html#tempfile.gettempdir).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATH: Final = "/tmp"  # noqa: S108 - inside the image
_MODE: Final = 0o1777


@rule(id="RTM004", severity=everywhere(Severity.WARNING))
def temporary_directory_unusable(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if it is not there or has another mode."""
    node = subject.filesystem.lookup(_PATH)
    if node is None or not node.is_directory:
        yield Finding(
            message="there is no directory /tmp",
            path=_PATH if node is not None else None,
            layer=node.layer if node is not None else None,
            hint="'RUN mkdir -p /tmp && chmod 1777 /tmp'",
            data={"mode": None},
        )
    elif node.mode != _MODE and not node.is_implicit:
        yield Finding.at(
            node,
            f"{_PATH} has mode {node.mode:04o} instead of 1777",
            hint="'RUN chmod 1777 /tmp'",
            severity=Severity.NOTE if node.mode & 0o007 == 0o007 else None,  # noqa: PLR2004 - everybody may write
            data={"mode": f"{node.mode:04o}"},
        )
