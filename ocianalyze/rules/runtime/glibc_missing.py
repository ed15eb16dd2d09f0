"""The loader of the GNU C library (glibc) is missing.

## What it checks

`/lib64/ld-linux-x86-64.so.2` resolves to a file. It is missing in Alpine, in other distributions that use musl, and in
images that contain only statically linked programs.

## Why it matters

Studio Classic mounts its own KernelGateway into the container. It runs on a conda Python that is linked against glibc
and needs this loader. Without the loader it fails with `exec ...: no such file or directory`. AWS does not document
this. It is inferred from the known startup sequence, so the finding is a warning.

## How to fix

Use a base image with glibc:

```dockerfile
FROM python:3.12-slim
```

## Data

- `musl`: whether the image has the musl loader instead.

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
    """Yield a finding if the loader is missing."""
    loader = subject.filesystem.lookup(LOADER)
    if loader is not None and loader.is_file:
        return
    musl = subject.filesystem.lookup(_MUSL) is not None
    instead = " (musl instead)" if musl else ""
    yield Finding(
        message=f"glibc loader {LOADER} is missing{instead}: SageMaker's KernelGateway requires glibc",
        hint="Use a base image with glibc, such as python:3.12-slim",
        data={"musl": musl},
    )
