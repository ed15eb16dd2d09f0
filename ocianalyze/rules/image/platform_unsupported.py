"""The image is for a platform other than linux/amd64.

## What it checks

The platform in the image's configuration (`os` and `architecture`) is `linux/amd64`. If the configuration states
neither, IMG002 checks the programs themselves.

## Why it matters

No instance type of SageMaker Studio has an ARM processor. An image that was built on an ARM machine, such as a Mac with
Apple silicon, is accepted but does not start. The app fails with `InternalFailure` and no further detail, or its log
says `exec /opt/.sagemakerinternal/conda/kgw_variant: exec format error`.

Nodes of HyperPod clusters can have ARM processors, as P6e-GB200 UltraServers do. For HyperPod Spaces, `linux/arm64` is
a warning.

## How to fix

Build for the platform of Studio, regardless of the machine that you build on:

```sh
docker build --platform=linux/amd64 --tag IMAGE .
```

Or state the platform in the Dockerfile:

```dockerfile
FROM --platform=linux/amd64 python:3.12-slim
```

## Data

- `platform`: the platform that the image states.

## References

- [Amazon SageMaker API,
  ResourceSpec](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceSpec.html): the instance types
  of apps.
- [Custom image samples, issue 25](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/25):
  `exec format error`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import HYPERPOD, everywhere
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_AMD64: Final = frozenset({"amd64", "x86_64", "x86-64"})
"""The spellings of amd64 that container runtimes accept."""

_ARM64: Final = frozenset({"arm64", "aarch64"})


def _states_a_platform(subject: Declaration) -> bool:
    return bool(subject.image.config.os or subject.image.config.architecture)


@rule(id="IMG001", severity=everywhere(Severity.ERROR), applies=_states_a_platform, before_layers=True)
def platform_unsupported(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding if the stated platform is not linux/amd64."""
    config = subject.image.config
    if config.os not in ("", "linux") or config.architecture not in ("", *_AMD64):
        yield Finding(
            message=f"the image is for {config.platform}, but SageMaker Studio runs only linux/amd64",
            hint="Build it with 'docker build --platform=linux/amd64'",
            severity={HYPERPOD: Severity.WARNING} if config.architecture in _ARM64 and config.os == "linux" else None,
            data={"platform": str(config.platform)},
        )
