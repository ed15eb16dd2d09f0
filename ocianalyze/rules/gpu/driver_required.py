"""The image's variables demand a driver of the host.

## What it checks

`NVIDIA_REQUIRE_CUDA` and the other variables that begin with `NVIDIA_REQUIRE_`: spaces stand between alternatives,
commas between conditions that have to hold together, and all variables have to be fulfilled. An image with a
`CUDA_VERSION` and no `NVIDIA_REQUIRE_CUDA` demands `cuda>=` that version. `NVIDIA_DISABLE_REQUIRE=true` turns all of it
off. The finding is

- a note that says what is demanded,
- a warning if the host's driver is given (`--driver-version`) and does not fulfil it,
- an error if the container runtime cannot make sense of it.

What a GPU's brand and architecture decide cannot be told.

## Why it matters

On a GPU instance the container runtime refuses to start a container whose demands the host does not fulfil:
`nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.8, please update your driver to a newer
version, or use an earlier cuda container`, or `invalid expression`. AWS does not say which drivers the hosts of Studio
have.

## How to fix

Take a base image with an older CUDA version, or, if the software is known to run with an older driver (any of 525 or
newer runs CUDA 12), turn the demand off:

```dockerfile
ENV NVIDIA_DISABLE_REQUIRE=true
```

## Data

- `variable`: the variable.
- `requirement`: what it demands, as alternatives of conditions.
- `implied`: whether it follows from `CUDA_VERSION`.
- `cuda`: the CUDA version that the driver must have, if one is demanded.
- `driver`: the first driver that has it.
- `fulfilled`: whether the given driver fulfils it; null if that is not known.

## References

- [libnvidia-container, `dsl.c`](https://github.com/NVIDIA/libnvidia-container/blob/main/src/cli/dsl.c).
- [NVIDIA Container Toolkit, issue 152](https://github.com/NVIDIA/nvidia-container-toolkit/issues/152).
- [Specialized configurations](https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html),
  "Constraints".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.gpu import Host, Requirement, find_requirements, fulfils, parse_version, released_with
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_HINT: Final = (
    "take a base image with an older CUDA version, or set NVIDIA_DISABLE_REQUIRE=true if an older driver will do"
)
_LONGEST: Final = 120


def _has_requirements(subject: Declaration) -> bool:
    return bool(find_requirements(subject.environment))


@rule(id="GPU004", severity=everywhere(Severity.NOTE), applies=_has_requirements, before_layers=True)
def driver_required(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each variable that demands something."""
    host = None if subject.driver_version is None else Host.of(subject.driver_version)
    for requirement in find_requirements(subject.environment):
        fulfilled = None if host is None else fulfils(host, requirement)
        cuda = _demanded_cuda(requirement)
        data = {
            "variable": requirement.variable,
            "requirement": [[str(item) for item in group] for group in requirement.alternatives],
            "implied": requirement.implied,
            "cuda": cuda,
            "driver": released_with(parse_version(cuda) or ()) if cuda else None,
            "fulfilled": fulfilled,
        }
        if requirement.problem is not None:
            yield Finding(
                message=f"the container runtime refuses {requirement.variable}: {requirement.problem}",
                hint="correct the variable, or remove it",
                severity=Severity.ERROR,
                data=data,
            )
            continue
        demanded = _shown(requirement)
        if fulfilled is False:
            yield Finding(
                message=f"{requirement.variable} demands {demanded}, which the driver {subject.driver_version} "
                "does not fulfil: the container would not start on a GPU instance",
                hint=_HINT,
                severity=Severity.WARNING,
                data=data,
            )
        else:
            newer = f" (a driver of {data['driver']} or newer, or one that an alternative names)" if cuda else ""
            yield Finding(message=f"{requirement.variable} demands {demanded}{newer}", data=data)


def _demanded_cuda(requirement: Requirement) -> str | None:
    """Return the CUDA version that the first alternative demands at least."""
    for condition in requirement.alternatives[0] if requirement.alternatives else ():
        if condition.property.lower() == "cuda" and condition.operator == ">=":
            return condition.value
    return None


def _shown(requirement: Requirement) -> str:
    text = str(requirement)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
