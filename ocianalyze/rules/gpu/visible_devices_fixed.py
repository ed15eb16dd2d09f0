"""`NVIDIA_VISIBLE_DEVICES` in the image requests no GPU, or specific GPUs.

## What it checks

`NVIDIA_VISIBLE_DEVICES`, if the image sets it, is `all`, or the name of all GPUs for the Container Device Interface
(CDI), `nvidia.com/gpu=all`. These values are reported:

- `void`, `none`, an empty value, and `nvidia.com/gpu=none`, which request no GPU
- the first GPU only: `0` or `nvidia.com/gpu=0`. The finding is a note, because every GPU instance has it
- other numbers, names of devices, and their CDI names

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
- [Support for Container Device
  Interface](https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/cdi-support.html): the names of
  devices.
- moby, `daemon/nvidia_linux.go`: the variable that `--gpus` sets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ocianalyze.regex import regex
from ocianalyze.rules.profiles import CLASSIC, newer
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE: Final = "NVIDIA_VISIBLE_DEVICES"

_NOTHING: Final = frozenset({"", "void", "none"})
_CDI: Final = regex(r"(?:runtime\.|management\.)?nvidia\.com/gpu=(.*)", re.ASCII)
"""The CDI name of a GPU; the toolkit generates specifications for these vendors."""


def _is_set(subject: Declaration) -> bool:
    return VARIABLE in subject.environment


@rule(
    id="GPU006",
    severity={CLASSIC: Severity.NOTE, **newer(Severity.WARNING)},
    applies=_is_set,
    before_layers=True,
    stated_in=(f"ENV {VARIABLE}",),
)
def visible_devices_fixed(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding if the value does not mean all GPUs."""
    value = subject.environment[VARIABLE]
    devices = {_device(name.strip()) for name in value.split(",")}
    if "all" in devices:
        return
    if devices <= _NOTHING:
        what = "requests no GPU"
    else:
        what = "requests only the first GPU" if devices == {"0"} else "requests specific GPUs"
    yield Finding(
        message=f"{VARIABLE}={value[:60]} {what}; 'docker run --gpus' overrides it, but other ways to start may not",
        hint="Remove the variable, or set it to all",
        severity=Severity.NOTE if devices == {"0"} else None,
        data={"value": value},
    )


def _device(name: str) -> str:
    """Return the number or the name of a device without its CDI vendor and class."""
    match = _CDI.fullmatch(name)
    return match[1] if match else name
