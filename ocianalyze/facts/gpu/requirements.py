"""What an image's variables require of the host's driver, and whether a host satisfies it.

Sources: libnvidia-container ``src/cli/dsl.c``; nvidia-container-toolkit ``internal/config/image/cuda_image.go`` and
``internal/requirements``. The tests compare it with the tables of their tests. Of a host's properties, only the driver
and its CUDA version can be known here; the brand and the architecture of the GPU cannot.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.gpu.drivers import compare, cuda_of, is_newer_than_known, parse_version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ocianalyze.facts.gpu.drivers import Version

PREFIX: Final = "NVIDIA_REQUIRE_"

_JETPACK: Final = "NVIDIA_REQUIRE_JETPACK"
_CUDA: Final = "NVIDIA_REQUIRE_CUDA"
_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
"""The values that Go's ``strconv.ParseBool`` accepts as true."""

_VERSIONS: Final = frozenset({"cuda", "driver", "arch"})
_PROPERTIES: Final = _VERSIONS | {"brand"}
_CONDITION: Final = r"(?s)([^<>=!]+)(!=|<=|>=|=|<|>)([^<>=!].*)"
_SEMANTIC: Final = (
    r"(?a)v?(\d{1,10})(?:\.(\d{1,10}))?(?:\.\d{1,10})?(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_MAX_UINT32: Final = 2**32 - 1


class Condition(NamedTuple):
    """One comparison, such as ``cuda>=12.4``."""

    property: str
    operator: str
    value: str

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.property}{self.operator}{self.value}"


class Requirement(NamedTuple):
    """The requirement that one variable states.

    Attributes:
        variable: its name.
        alternatives: lists of conditions; all conditions of one alternative must be true.
        problem: why the container runtime cannot parse it, or None; a clause.
        implied: whether it follows from ``CUDA_VERSION``, as for images older than ``NVIDIA_REQUIRE_CUDA``.
    """

    variable: str
    alternatives: tuple[tuple[Condition, ...], ...]
    problem: str | None = None
    implied: bool = False

    def __str__(self) -> str:
        """Return it as it is written."""
        return " ".join(",".join(map(str, conditions)) for conditions in self.alternatives)


class Host(NamedTuple):
    """The known properties of a host: its driver, and the CUDA version that the driver supports.

    With `or_newer`, it supports at least that version: it is newer than the drivers that are known here.
    """

    driver: Version
    cuda: Version | None
    or_newer: bool = False

    @classmethod
    def of(cls, driver: str) -> Host | None:
        """Return the host with a driver, or None if `driver` is not a version."""
        version = parse_version(driver)
        return None if version is None else cls(version, cuda_of(version), is_newer_than_known(version))


def find_requirements(environment: Mapping[str, str]) -> tuple[Requirement, ...]:
    """Return the requirements of the variables, sorted by name; none if ``NVIDIA_DISABLE_REQUIRE`` is set."""
    if environment.get("NVIDIA_DISABLE_REQUIRE") in _TRUE:
        return ()
    names = sorted(name for name in environment if name.startswith(PREFIX) and not name.startswith(_JETPACK))
    found = [parse_requirement(name, environment[name]) for name in names]
    legacy = legacy_version(environment)
    if legacy is not None:
        found.append(legacy)
    return tuple(item for item in found if item.alternatives or item.problem)


def is_legacy(environment: Mapping[str, str]) -> bool:
    """Return whether the container runtime treats the image as older than ``NVIDIA_REQUIRE_CUDA``."""
    return bool(environment.get("CUDA_VERSION")) and not environment.get(_CUDA)


def legacy_version(environment: Mapping[str, str]) -> Requirement | None:
    """Return the requirement that ``CUDA_VERSION`` implies in a legacy image."""
    if not is_legacy(environment):
        return None
    version = major_minor(environment["CUDA_VERSION"])
    if version is None:
        return Requirement("CUDA_VERSION", (), problem="not a CUDA version", implied=True)
    return Requirement("CUDA_VERSION", ((Condition("cuda", ">=", version),),), implied=True)


def major_minor(text: str) -> str | None:
    """Return the first two numbers of a semantic version, or None if the toolkit does not accept it."""
    match = re.fullmatch(_SEMANTIC, text)
    if match is None or any(int(part or 0) > _MAX_UINT32 for part in match.groups()):
        return None
    return f"{int(match[1])}.{int(match[2] or 0)}"


def parse_requirement(variable: str, text: str) -> Requirement:
    """Return the requirement of a variable: spaces separate alternatives, commas separate conditions."""
    alternatives: list[tuple[Condition, ...]] = []
    problem: str | None = None
    for term in text.split(" "):
        conditions: list[Condition] = []
        for factor in filter(None, term.split(",")):
            match = re.fullmatch(_CONDITION, factor)
            if match is None:
                problem = problem or f"{factor[:60]!r} is not a comparison"
                continue
            condition = Condition(*match.groups())
            name = condition.property.lower()
            if name not in _PROPERTIES:
                known = ", ".join(sorted(_PROPERTIES))
                problem = problem or f"{condition.property[:60]!r} is not one of {known}"
            elif name in _VERSIONS and parse_version(condition.value) is None:
                problem = problem or f"{condition.value[:60]!r} is not a version"
            conditions.append(condition)
        if conditions:
            alternatives.append(tuple(conditions))
    return Requirement(variable, tuple(alternatives), problem)


def fulfils(host: Host, requirement: Requirement) -> bool | None:
    """Return whether a host satisfies a requirement; None if that depends on unknown properties of the host."""
    outcomes = [_all([_holds(host, condition) for condition in group]) for group in requirement.alternatives]
    if not outcomes or True in outcomes:
        return True
    return None if None in outcomes else False


def _all(outcomes: Sequence[bool | None]) -> bool | None:
    if False in outcomes:
        return False
    return None if None in outcomes else True


def _holds(host: Host, condition: Condition) -> bool | None:
    known = {"driver": host.driver, "cuda": host.cuda}.get(condition.property.lower())
    wanted = parse_version(condition.value)
    if known is None or wanted is None:
        return None
    order = compare(known, wanted)
    if host.or_newer and condition.property.lower() == "cuda" and order <= 0:
        return True if condition.operator == ">=" and not order else None
    return _COMPARISONS[condition.operator](order)


_COMPARISONS: Final[Mapping[str, Callable[[int], bool]]] = {
    "=": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}
