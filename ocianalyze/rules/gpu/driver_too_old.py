"""The CUDA runtimes in the image require a minimum driver version on the host.

## What it checks

The newest CUDA runtime in the image (GPU003) determines the minimum driver: 580 for CUDA 13, 525.60.13 for CUDA 12, and
450.80.02 for CUDA 11. A driver may be older than the runtime, but not than its major version ("minor version
compatibility"). The finding is:

- a note that states what is needed and, if the host's driver is given (`--driver-version`), that it is sufficient
- an error if the given driver is older
- a note if it is older, but the image has NVIDIA's compatibility package (`cuda-compat-13-0`) of a driver that is new
  enough: with it, an older driver can work on data center GPUs, such as those of all SageMaker instances ("forward
  compatibility")

A driver without all its parts, such as `535`, stands for its whole branch.

## Why it matters

With an older driver, CUDA reports `CUDA driver version is insufficient for CUDA runtime version` (error 35), and
frameworks run without a GPU. Programs that contain only PTX need the driver that was released with their toolkit.

AWS does not document the drivers of Studio's hosts. To find out, run `nvidia-smi` in a terminal of an app on that
instance type. The table of drivers that AWS publishes is for inference endpoints, and does not hold for Studio: it has
driver 470 for `ml.g5`, but SageMaker Distribution, which AWS builds for Studio, uses CUDA 12.9 there, which needs 525
or newer.

## How to fix

Use wheels or a base image for a CUDA version that the host's driver supports:

```dockerfile
RUN python3 -m pip install --no-cache-dir torch --index-url https://download.pytorch.org/whl/cu124
```

## Data

- `cuda`: the newest runtime.
- `minimum_driver`: the minimum driver.
- `driver_version`: the given driver, or null.
- `sufficient`: whether the runtime runs with the given driver by itself, or null if none is given.
- `compat`: whether the image has the compatibility package of a driver that is new enough.
- `compat_driver`: the driver of the compatibility package in the image, or null.

## References

- [CUDA compatibility, minor version](https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html).
- [CUDA compatibility, forward compatibility](https://docs.nvidia.com/deploy/cuda-compatibility/forward-compatibility.html).
- [NVIDIA drivers for inference](https://docs.aws.amazon.com/sagemaker/latest/dg/inference-gpu-drivers.html): the
  drivers of inference hosts, not of Studio's hosts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


def _has_minimum(subject: Subject) -> bool:
    return subject.facts.nvidia.minimum_driver is not None


@rule(id="GPU007", severity=everywhere(Severity.NOTE), applies=_has_minimum)
def driver_too_old(subject: Subject) -> Iterator[Finding]:
    """Yield a finding that states the required driver."""
    need, given = subject.facts.nvidia.need, subject.driver_version
    sufficient = None if given is None else need.runs_with(given)
    too_old = sufficient is False
    message = f"CUDA {need.cuda} requires driver {need.minimum} or newer on the host"
    if sufficient:
        message += f"; {given} is sufficient"
    elif too_old:
        message += f", which has {given}"
        if need.has_helpful_compat:
            message += f"; the image's compatibility package (driver {need.compat}) may make it work"
        elif need.compat is not None:
            message += f"; the image's compatibility package is too old, too (driver {need.compat})"
    yield Finding(
        message=message,
        hint="Use a CUDA version that the host's driver supports, such as wheels for an older one" if too_old else None,
        severity=Severity.ERROR if too_old and not need.has_helpful_compat else None,
        data={
            "cuda": need.cuda,
            "minimum_driver": need.minimum,
            "driver_version": given,
            "sufficient": sufficient,
            "compat": need.has_helpful_compat,
            "compat_driver": need.compat,
        },
    )
