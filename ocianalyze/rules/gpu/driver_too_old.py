"""The CUDA runtimes in the image require a minimum driver version on the host.

## What it checks

The newest CUDA runtime in the image (GPU003) determines the minimum driver: 580 for CUDA 13, 525.60.13 for CUDA 12, and
450.80.02 for CUDA 11. The finding is a note that says what is needed, and whether the host's driver is sufficient if it
is given (`--driver-version`). A driver that is older is an error, unless the image has NVIDIA's
compatibility package, with which an older driver can work on data center GPUs.

## Why it matters

With an older driver, CUDA reports `CUDA driver version is insufficient for CUDA runtime version` (error 35), and
frameworks run without a GPU. AWS does not document the drivers of Studio's hosts. SageMaker Distribution uses CUDA
12.9, so you can expect driver 525 or newer there. Programs that contain only PTX need the driver that was released with
their toolkit.

## How to fix

Use wheels or a base image for a CUDA version that the host's driver supports:

```dockerfile
RUN python3 -m pip install --no-cache-dir torch --index-url https://download.pytorch.org/whl/cu124
```

## Data

- `cuda`: the newest runtime.
- `minimum_driver`: the minimum driver.
- `driver_version`: the given driver, or null.
- `compat`: whether the image has the compatibility package.

## References

- [CUDA compatibility, minor version](https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html).
- [NVIDIA drivers for inference](https://docs.aws.amazon.com/sagemaker/latest/dg/inference-gpu-drivers.html): the
  drivers of inference hosts, not of Studio's hosts.
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
    """Yield a finding that states the required driver."""
    nvidia, given = subject.facts.nvidia, subject.driver_version
    minimum = nvidia.minimum_driver or ""
    counted = [item for item in nvidia.cuda if not item.stated] or list(nvidia.cuda)
    newest = max((item.version for item in counted), key=lambda version: parse_version(version) or ())
    known, least = parse_version(given or ""), parse_version(minimum)
    too_old = known is not None and least is not None and compare(known, least) < 0
    compat = any(file.cls == "compat" for file in nvidia.files)
    message = f"CUDA {newest} requires driver {minimum} or newer on the host"
    if too_old:
        message += f", which has {given}"
        message += "; the image's compatibility package may make it work" if compat else ""
    elif known is not None:
        message += f"; {given} is sufficient"
    yield Finding(
        message=message,
        hint="Use a CUDA version that the host's driver supports, such as wheels for an older one" if too_old else None,
        severity=Severity.ERROR if too_old and not compat else None,
        data={"cuda": newest, "minimum_driver": minimum, "driver_version": given, "compat": compat},
    )
