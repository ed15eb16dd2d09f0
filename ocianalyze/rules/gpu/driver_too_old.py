"""The CUDA runtimes of the image need a driver of a certain age on the host.

## What it checks

The newest CUDA runtime in the image (GPU003) decides which driver is the oldest that it works with: 580 for CUDA 13,
525.60.13 for CUDA 12, 450.80.02 for CUDA 11. Without more it is a note; if the host's driver is given
(`--driver-version`) and older, a warning. It remains a note where the image has NVIDIA's compatibility package, which
can make up for an older driver on data center GPUs.

## Why it matters

With an older driver CUDA reports `CUDA driver version is insufficient for CUDA runtime version` (error 35), and
frameworks go on without a GPU. AWS does not say which drivers the hosts of Studio have. SageMaker Distribution uses
CUDA 12.9, so that a driver of 525 or newer can be expected there. Programs that hold nothing but PTX need the very
driver that came with their toolkit.

## How to fix

Take wheels or a base image for the CUDA version that the host's driver supports:

```dockerfile
RUN python3 -m pip install --no-cache-dir torch --index-url https://download.pytorch.org/whl/cu124
```

## Data

- `cuda`: the newest runtime.
- `minimum_driver`: the oldest driver.
- `driver_version`: the given driver, or null.
- `compat`: whether the image has the compatibility package.

## References

- [CUDA compatibility, minor version](https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html).
- [NVIDIA drivers for inference](https://docs.aws.amazon.com/sagemaker/latest/dg/inference-gpu-drivers.html): the
  drivers of hosts for inference, not of Studio's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.facts.gpu import compare, parse_version
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


def _has_minimum(subject: Subject) -> bool:
    return subject.facts.nvidia.minimum_driver is not None


@rule(id="GPU007", severity=everywhere(Severity.NOTE), applies=_has_minimum)
def driver_too_old(subject: Subject) -> Iterator[Finding]:
    """Yield a finding that says which driver is needed."""
    nvidia, given = subject.facts.nvidia, subject.driver_version
    minimum = nvidia.minimum_driver or ""
    counted = [item for item in nvidia.cuda if not item.stated] or list(nvidia.cuda)
    newest = max((item.version for item in counted), key=lambda version: parse_version(version) or ())
    known, least = parse_version(given or ""), parse_version(minimum)
    too_old = known is not None and least is not None and compare(known, least) < 0
    compat = any(file.cls == "compat" for file in nvidia.files)
    message = f"CUDA {newest} needs a driver of {minimum} or newer on the host"
    if too_old:
        message += f", which has {given}"
        message += "; the image's compatibility package may make up for it" if compat else ""
    yield Finding(
        message=message,
        hint="take a runtime for the host's driver, such as wheels for an older CUDA version" if too_old else None,
        severity=Severity.WARNING if too_old and not compat else None,
        data={"cuda": newest, "minimum_driver": minimum, "driver_version": given, "compat": compat},
    )
