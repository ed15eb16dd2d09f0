"""`NVIDIA_DRIVER_CAPABILITIES` contains an unsupported value, or lacks one that CUDA needs.

## What it checks

`NVIDIA_DRIVER_CAPABILITIES` is a list of words, separated by commas. The supported words are `all`, `compute`,
`compat32`, `graphics`, `utility`, `video`, `display` and `ngx`. Any other word is an error. If the variable is set but
contains neither `all` nor both `compute` and `utility`, it is a warning. If the variable is unset or empty, it means
`compute,utility`.

## Why it matters

The variable selects the driver libraries that the container runtime mounts. If it contains an unsupported word, the
runtime's hook fails with `unsupported capabilities found`, and the container does not start on a GPU instance. Without
`compute` there is no `libcuda.so.1`, and frameworks find no GPU. Without `utility` there is no `nvidia-smi` and no
NVML.

## How to fix

```dockerfile
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
```

## Data

- `value`: the value of the variable.
- `unsupported`: the words that are not supported.
- `missing`: `compute` or `utility`, or both, if they are missing.

## References

- [Specialized configurations](https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html),
  "Driver capabilities".
- [nvidia-container-toolkit,
  `capabilities.go`](https://github.com/NVIDIA/nvidia-container-toolkit/blob/main/internal/config/image/capabilities.go).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE: Final = "NVIDIA_DRIVER_CAPABILITIES"

_ALL: Final = "all"
_SUPPORTED: Final = frozenset({"compute", "compat32", "graphics", "utility", "video", "display", "ngx"})
_NEEDED: Final = ("compute", "utility")
_LOST: Final = {"compute": "CUDA finds no GPU", "utility": "nvidia-smi and NVML are missing"}
_SHOWN: Final = 5


def _is_set(subject: Declaration) -> bool:
    return VARIABLE in subject.environment


@rule(
    id="GPU005",
    severity=everywhere(Severity.ERROR),
    applies=_is_set,
    before_layers=True,
    stated_in=(f"ENV {VARIABLE}",),
)
def driver_capabilities_unsupported(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for unsupported words, or else for missing ones."""
    value = subject.environment[VARIABLE]
    words = tuple(dict.fromkeys(word for part in value.split(",") if (word := part.strip())))
    unsupported = [] if _ALL in words else [word for word in words if word not in _SUPPORTED]
    missing = [word for word in _NEEDED if words and _ALL not in words and word not in words]
    data = {"value": value, "unsupported": unsupported, "missing": missing}
    if unsupported:
        shown = ", ".join(repr(word[:40]) for word in unsupported[:_SHOWN])
        yield Finding(
            message=f"{VARIABLE} contains {shown}, which the container runtime does not support: the container does "
            "not start on a GPU instance",
            hint=f"Set it to compute,utility; supported values are {', '.join(sorted(_SUPPORTED))} and all",
            data=data,
        )
    elif missing:
        yield Finding(
            message=f"{VARIABLE} lacks {' and '.join(missing)}: {', '.join(_LOST[word] for word in missing)}",
            hint="Set it to compute,utility and any others that you need",
            severity=Severity.WARNING,
            data=data,
        )
