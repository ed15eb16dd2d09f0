"""`NVIDIA_DRIVER_CAPABILITIES` asks for something that there is not, or leaves out what CUDA needs.

## What it checks

The words in `NVIDIA_DRIVER_CAPABILITIES`, between which there are commas, are some of `all`, `compute`, `compat32`,
`graphics`, `utility`, `video`, `display` and `ngx`; another word is an error. Where the variable is set and names
neither `all` nor both of `compute` and `utility`, it is a warning. Unset or empty, it is `compute,utility`.

## Why it matters

The variable says which of the driver's libraries the container runtime mounts. For a word that it does not know its
hook ends with `unsupported capabilities found`, and the container does not start on a GPU instance. Without `compute`
there is no `libcuda.so.1`, so that frameworks find no GPU; without `utility` neither `nvidia-smi` nor NVML.

## How to fix

```dockerfile
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
```

## Data

- `value`: the variable's value.
- `unsupported`: the words that there are not.
- `missing`: those of `compute` and `utility` that it leaves out.

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
_LOST: Final = {"compute": "CUDA finds no GPU", "utility": "there is no nvidia-smi and no NVML"}
_SHOWN: Final = 5


def _is_set(subject: Declaration) -> bool:
    return VARIABLE in subject.environment


@rule(id="GPU005", severity=everywhere(Severity.ERROR), applies=_is_set, before_layers=True)
def driver_capabilities_unsupported(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for words that there are not, or else for words that are missing."""
    value = subject.environment[VARIABLE]
    words = tuple(dict.fromkeys(word for part in value.split(",") if (word := part.strip())))
    unsupported = [] if _ALL in words else [word for word in words if word not in _SUPPORTED]
    missing = [word for word in _NEEDED if words and _ALL not in words and word not in words]
    data = {"value": value, "unsupported": unsupported, "missing": missing}
    if unsupported:
        shown = ", ".join(repr(word[:40]) for word in unsupported[:_SHOWN])
        yield Finding(
            message=f"{VARIABLE} asks for {shown}, which the container runtime does not know: on a GPU instance the "
            "container does not start",
            hint=f"set it to compute,utility; there are {', '.join(sorted(_SUPPORTED))} and all",
            data=data,
        )
    elif missing:
        yield Finding(
            message=f"{VARIABLE} leaves out {' and '.join(missing)}: {', '.join(_LOST[word] for word in missing)}",
            hint="set it to compute,utility and what else is needed",
            severity=Severity.WARNING,
            data=data,
        )
