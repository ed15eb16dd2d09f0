"""`NVIDIA_VISIBLE_DEVICES` in the image asks for no GPU, or for certain ones.

## What it checks

`NVIDIA_VISIBLE_DEVICES`, if the image sets it, is `all`. `void`, `none`, an empty value, and numbers or names of
devices are reported.

## Why it matters

The variable tells the container runtime which GPUs to show. `docker run --gpus`, with which Studio Classic runs the
image, sets it itself, so that the image's value has no effect there. No document says how the newer Studio asks for
GPUs: if the image's value counts there, the container sees no GPU or only that one, or does not start because there is
no such device. That is a guess, and therefore a warning at most.

## How to fix

Remove it, or set it to `all`:

```dockerfile
ENV NVIDIA_VISIBLE_DEVICES=all
```

## Data

- `value`: the variable's value.

## References

- [Specialized configurations](https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html),
  "GPU enumeration".
- moby, `daemon/nvidia_linux.go`: what `--gpus` sets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import CLASSIC, newer
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE: Final = "NVIDIA_VISIBLE_DEVICES"

_NOTHING: Final = frozenset({"", "void", "none"})


def _is_set(subject: Declaration) -> bool:
    return VARIABLE in subject.environment


@rule(id="GPU006", severity={CLASSIC: Severity.NOTE, **newer(Severity.WARNING)}, applies=_is_set, before_layers=True)
def visible_devices_fixed(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding if it is not ``all``."""
    value = subject.environment[VARIABLE]
    if value.strip() == "all":
        return
    what = "asks for no GPU" if value.strip() in _NOTHING else "asks for certain GPUs"
    yield Finding(
        message=f"{VARIABLE}={value[:60]} {what}; 'docker run --gpus' sets it itself, other ways to start may not",
        hint="remove it, or set it to all",
        data={"value": value},
    )
