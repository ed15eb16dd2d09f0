"""`NVIDIA_VISIBLE_DEVICES` in the image requests no GPU, or specific GPUs.

## What it checks

`NVIDIA_VISIBLE_DEVICES`, if the image sets it, is `all`, or its name for the Container Device Interface (CDI),
`nvidia.com/gpu=all`. The values `void` and `none`, an empty value, and numbers or
names of devices are reported.

## Why it matters

The variable tells the container runtime which GPUs to expose. Studio Classic runs the image with `docker run --gpus`,
which overrides the variable, so the image's value has no effect there. It is not documented how the newer Studio
requests GPUs. If the image's value is used there, the container sees no GPU or only the specified ones. If the
specified device does not exist, the container does not start. Because this is inferred, the finding is at most a
warning.

## How to fix

Remove it, or set it to `all`:

```dockerfile
ENV NVIDIA_VISIBLE_DEVICES=all
```

## Data

- `value`: the value of the variable.

## References

- [Specialized configurations](https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html),
  "GPU enumeration".
- [Container Device Interface](https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/cdi-support.html).
- moby, `daemon/nvidia_linux.go`: the variable that `--gpus` sets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import CLASSIC, newer
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE: Final = "NVIDIA_VISIBLE_DEVICES"

_EVERYTHING: Final = frozenset({"all", "nvidia.com/gpu=all", "runtime.nvidia.com/gpu=all"})
_NOTHING: Final = frozenset({"", "void", "none", "nvidia.com/gpu=none", "runtime.nvidia.com/gpu=none"})


def _is_set(subject: Declaration) -> bool:
    return VARIABLE in subject.environment


@rule(id="GPU006", severity={CLASSIC: Severity.NOTE, **newer(Severity.WARNING)}, applies=_is_set, before_layers=True)
def visible_devices_fixed(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding if the value is not ``all``."""
    value = subject.environment[VARIABLE]
    if value.strip() in _EVERYTHING:
        return
    what = "requests no GPU" if value.strip() in _NOTHING else "requests specific GPUs"
    yield Finding(
        message=f"{VARIABLE}={value[:60]} {what}; 'docker run --gpus' overrides it, but other ways to start may not",
        hint="Remove the variable, or set it to all",
        data={"value": value},
    )
