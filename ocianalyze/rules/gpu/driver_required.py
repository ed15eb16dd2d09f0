"""The image's variables require a certain driver on the host.

## What it checks

The variable `NVIDIA_REQUIRE_CUDA`, and all others that begin with `NVIDIA_REQUIRE_`. In each, spaces separate
alternatives, and commas separate conditions that must all be true. Every variable must be satisfied. An image
that sets `CUDA_VERSION` but not `NVIDIA_REQUIRE_CUDA` requires `cuda>=` that version. `NVIDIA_DISABLE_REQUIRE=true`
disables all requirements. The finding is:

- a note that states the requirement, and whether the given driver satisfies it
- an error if the host's driver is given (`--driver-version`) and does not satisfy it
- an error if the container runtime cannot parse it

Conditions on the brand and the architecture of the GPU cannot be checked.

## Why it matters

On a GPU instance, the container runtime does not start a container whose requirements the host does not satisfy:
`nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.8, please update your driver to a newer
version, or use an earlier cuda container`, or `invalid expression`. AWS does not document the drivers of Studio's
hosts.

## How to fix

Use a base image with an older CUDA version. If the software is known to run with an older driver (any driver from 525
on runs CUDA 12), disable the requirement:

```dockerfile
ENV NVIDIA_DISABLE_REQUIRE=true
```

## Data

- `variable`: the variable.
- `requirement`: the requirement, as a list of alternatives, each a list of conditions.
- `implied`: whether the requirement follows from `CUDA_VERSION`.
- `cuda`: the CUDA version that the driver must support, if any.
- `driver`: the first driver that supports it.
- `fulfilled`: whether the given driver satisfies the requirement; null if that is not known.

## References

- [libnvidia-container, `dsl.c`](https://github.com/NVIDIA/libnvidia-container/blob/main/src/cli/dsl.c).
- [NVIDIA Container Toolkit, issue 152](https://github.com/NVIDIA/nvidia-container-toolkit/issues/152).
- [Specialized configurations](https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html),
  "Constraints".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ocianalyze.facts.gpu import Host, Requirement, find_requirements, fulfils, parse_version, released_with
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HINT: Final = (
    "Use a base image with an older CUDA version, or set NVIDIA_DISABLE_REQUIRE=true if an older driver is enough"
)
_LONGEST: Final = 120


def _has_requirements(subject: Declaration) -> bool:
    return bool(find_requirements(subject.environment))


@rule(
    id="GPU004",
    severity=everywhere(Severity.NOTE),
    applies=_has_requirements,
    before_layers=True,
    identity=("path", "variable"),
)
def driver_required(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each variable that states a requirement."""
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
                message=f"the container runtime rejects {requirement.variable}: {requirement.problem}",
                hint="Correct the variable, or remove it",
                severity=Severity.ERROR,
                data=data,
            )
            continue
        demanded = _shown(requirement)
        if fulfilled is False:
            yield Finding(
                message=f"{requirement.variable} requires {demanded}{_driver(data)}, but the host's driver is "
                f"{subject.driver_version}: the container does not start on a GPU instance",
                hint=_HINT,
                severity=Severity.ERROR,
                data=data,
            )
        else:
            told = f"; {subject.driver_version} satisfies it" if fulfilled else ""
            yield Finding(message=f"{requirement.variable} requires {demanded}{_driver(data)}{told}", data=data)


def _driver(data: Mapping[str, Any]) -> str:
    """Return which driver a requirement of a CUDA version means, if that is known."""
    others = ", or one that an alternative allows" if len(data["requirement"]) > 1 else ""
    return f" (driver {data['driver']} or newer{others})" if data["driver"] else ""


def _demanded_cuda(requirement: Requirement) -> str | None:
    """Return the minimum CUDA version of the first alternative."""
    for condition in requirement.alternatives[0] if requirement.alternatives else ():
        if condition.property.lower() == "cuda" and condition.operator == ">=":
            return condition.value
    return None


def _shown(requirement: Requirement) -> str:
    text = str(requirement)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
