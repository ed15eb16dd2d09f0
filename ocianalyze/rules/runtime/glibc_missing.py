"""There is no loader of the GNU C library.

## What it checks

`/lib64/ld-linux-x86-64.so.2` leads to a file. Alpine and other distributions with musl do not have it, nor do images
that are statically linked.

## Why it matters

Studio Classic mounts a KernelGateway of its own into the container: a Python from conda that is linked against the
GNU C library and needs this loader: `exec ...: no such file or directory`. AWS says nothing about it; that it fails
is reasoned from what is known of the start-up, and therefore a warning.

## How to fix

Take a base image with the GNU C library:

```dockerfile
FROM python:3.12-slim
```

## Data

- `musl`: whether there is a loader of musl instead.

## References

- [Custom image samples, issue 4](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/4):
  the Python of the KernelGateway.
- System V ABI, AMD64 supplement: the path of the interpreter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import CLASSIC
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

LOADER: Final = "/lib64/ld-linux-x86-64.so.2"
_MUSL: Final = "/lib/ld-musl-x86_64.so.1"


@rule(id="RTM002", severity={CLASSIC: Severity.WARNING})
def glibc_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the loader is not there."""
    loader = subject.filesystem.lookup(LOADER)
    if loader is not None and loader.is_file:
        return
    musl = subject.filesystem.lookup(_MUSL) is not None
    instead = ", but that of musl" if musl else ""
    yield Finding(
        message=f"there is no {LOADER}{instead}: the KernelGateway that SageMaker brings is linked against glibc",
        hint="take a base image with glibc, such as python:3.12-slim, instead of Alpine or a static one",
        data={"musl": musl},
    )
