"""The CUDA runtimes in the image.

## What it checks

This is an inventory; it checks nothing. CUDA versions are detected from these:

- `version.json` and `version.txt` of toolkits
- the names of `libcudart.so.X.Y.Z`
- wheels of NVIDIA (`nvidia-cuda-runtime-cu12`, `cuda-toolkit`) and of PyTorch (`+cu124`)
- other wheels, from which only the major version is known: `nvidia-cublas` 13, `nvidia-cudnn-cu13`, `cupy-cuda13x`
- conda packages (`cuda-cudart`, `cuda-version`, `cudatoolkit`) and dpkg
- directories such as `/usr/local/cuda-12.4`

`CUDA_VERSION` and labels are used only if there is no other evidence, because they may be inherited.

## Why it matters

An image can have several runtimes: one from the base image, and others from Python packages. The newest one determines
which driver the host must have (GPU007). Each takes gigabytes.

## How to fix

There is nothing to fix. To avoid a second runtime, use a base image without CUDA if wheels include it:

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

from ocianalyze.facts.gpu import cuda_versions as distinct
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN: Final = 50


def has_cuda(subject: Subject) -> bool:
    """Return whether there is any evidence of CUDA in the image."""
    return bool(subject.facts.nvidia.cuda)


@rule(id="GPU003", severity=everywhere(Severity.NOTE), applies=has_cuda, identity=())
def cuda_versions(subject: Subject) -> Iterator[Finding]:
    """Yield one finding for all versions."""
    nvidia = subject.facts.nvidia
    first = nvidia.cuda[0]
    found = [item for item in nvidia.cuda if not item.stated]
    told = ", ".join(distinct(found or nvidia.cuda))
    where = "" if found else f", according to {first.place}"
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
