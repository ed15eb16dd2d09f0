"""Which CUDA runtimes the image has.

## What it checks

Nothing: it is an inventory. CUDA versions are told from `version.json` and `version.txt` of toolkits, the names of
`libcudart.so.X.Y.Z`, NVIDIA's wheels (`nvidia-cuda-runtime-cu12`, `cuda-toolkit`), PyTorch's (`+cu124`), conda's
packages (`cuda-cudart`, `cuda-version`, `cudatoolkit`), dpkg, and directories such as `/usr/local/cuda-12.4`.
`CUDA_VERSION` and labels count where there is nothing better: they may have been inherited.

## Why it matters

Several runtimes can lie side by side: that of the base image and those that Python packages bring. The newest of them
decides which driver the host must have (GPU007), and each takes gigabytes.

## How to fix

There is nothing to fix. Where two runtimes are one too many, take a base image without CUDA if wheels bring it:

```dockerfile
FROM python:3.12-slim
RUN python3 -m pip install --no-cache-dir torch
```

## Data

- `versions`: the distinct versions.
- `evidence`: for each piece of evidence `version`, `source` (`file`, `library`, `wheel`, `conda`, `package`,
  `directory`, `variable`, `label`) and `place`.

## References

- [CUDA compatibility](https://docs.nvidia.com/deploy/cuda-compatibility/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN: Final = 50


def has_cuda(subject: Subject) -> bool:
    """Tell whether anything says that there is CUDA in the image."""
    return bool(subject.facts.nvidia.cuda)


@rule(id="GPU003", severity=everywhere(Severity.NOTE), applies=has_cuda)
def cuda_versions(subject: Subject) -> Iterator[Finding]:
    """Yield one finding for all versions."""
    nvidia = subject.facts.nvidia
    first = nvidia.cuda[0]
    found = [item for item in nvidia.cuda if not item.stated]
    told = ", ".join(dict.fromkeys(item.version for item in found or nvidia.cuda))
    where = "" if found else f", as {first.place} says"
    yield Finding(
        message=f"CUDA {told}{where}",
        path=first.place if first.place.startswith("/") else None,
        data={
            "versions": list(nvidia.cuda_versions),
            "evidence": [
                {"version": item.version, "source": item.source, "place": item.place} for item in nvidia.cuda[:_SHOWN]
            ],
        },
    )
