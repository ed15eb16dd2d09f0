"""Which driver the image needs on the host, and whether a given driver suffices.

Sources: NVIDIA, "CUDA Compatibility": within a major version, a runtime works with the oldest driver of that version
("minor version compatibility"), and with the libraries of a ``cuda-compat`` package it works with older drivers of data
center GPUs ("forward compatibility").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from ocianalyze.facts.gpu.drivers import RELEASED, minimum_for, parse_version, released_with, suffices
from ocianalyze.facts.gpu.patterns import VERSION
from ocianalyze.facts.gpu.requirements import Host, fulfils

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ocianalyze.facts.gpu.files import NvidiaFile
    from ocianalyze.facts.gpu.packages import Package
    from ocianalyze.facts.gpu.requirements import Requirement

Outcome: TypeAlias = Literal["sufficient", "too-old", "forward-compatible", "refused", "depends"]
"""What a driver is for an image: ``refused`` by a variable's requirement, or it ``depends`` on the brand of the GPU."""

_LIBRARY = "libcuda.so."
_PACKAGE = "cuda-compat-"


class Need(NamedTuple):
    """What the image needs of the host's driver.

    Attributes:
        cuda: the newest CUDA runtime, or None.
        minimum: the oldest driver that it runs with, or None if none is known.
        compat: the driver whose compatibility libraries are in the image, or None.
        requirements: what the image's variables require.
    """

    cuda: str | None
    minimum: str | None
    compat: str | None = None
    requirements: Sequence[Requirement] = ()

    @property
    def has_helpful_compat(self) -> bool:
        """True if the compatibility libraries are of a driver that is new enough for the runtime."""
        least, compat = parse_version(self.minimum or ""), parse_version(self.compat or "")
        return least is not None and compat is not None and suffices(compat, least)

    def runs_with(self, driver: str) -> bool | None:
        """Return whether the newest runtime runs with a driver by itself, or None if that is not known."""
        least, given = parse_version(self.minimum or ""), parse_version(driver)
        return None if least is None or given is None else suffices(given, least)

    def outcome(self, driver: str) -> Outcome | None:
        """Return what a driver is for this image, or None if the image needs nothing or it is not known."""
        host = Host.of(driver)
        met = [fulfils(host, item) for item in self.requirements if item.problem is None] if host is not None else []
        runs = self.runs_with(driver)
        if runs is False and not self.has_helpful_compat:
            return "too-old"
        if False in met:
            return "refused"
        if runs is False:
            return "forward-compatible"
        if None in met:
            return "depends"
        return "sufficient" if runs or (met and self.cuda is None) else None

    def statement(self, driver: str | None) -> str | None:
        """Return what is needed and, if a driver is given, what it is for that; None if nothing is needed."""
        parts = []
        if self.cuda is not None and self.minimum is not None:
            parts.append(f"CUDA {self.cuda} needs driver {self.minimum} or newer on the host{self._why()}")
        elif self.requirements:
            parts.append("; ".join(map(_shown, self.requirements)))
        outcome = self.outcome(driver) if driver is not None else None
        if outcome is not None:
            parts.append(f"{driver}: {self._told(outcome)}")
        return "; ".join(parts) or None

    def _why(self) -> str:
        """Return why the driver may be older than the runtime, if it may."""
        released = released_driver(self.cuda or "")
        if released is None or released.partition(".")[0] == (self.minimum or "").partition(".")[0]:
            return ""
        return f" (minor version compatibility; released with {released})"

    def _told(self, outcome: Outcome) -> str:
        refusing = ", ".join(item.variable for item in self.requirements)
        return {
            "sufficient": "sufficient",
            "too-old": "too old",
            "forward-compatible": f"too old without the image's compatibility package ({self.compat})",
            "refused": f"refused by {refusing}",
            "depends": f"sufficient if the GPU is one that {refusing} allows",
        }[outcome]


def released_driver(cuda: str) -> str | None:
    """Return the driver that a CUDA version was released with; None of a major version alone, or if none is known."""
    version = parse_version(cuda) if "." in cuda else None
    return released_with(version) if version is not None else None


def least_driver(cuda: str) -> str | None:
    """Return the oldest driver that a CUDA version runs with, or None if none is known."""
    version = parse_version(cuda)
    return minimum_for(version) if version is not None else None


def judged_drivers(need: Need) -> Iterator[tuple[str, str, Outcome]]:
    """Yield the first driver of each known branch, its CUDA version, and what it is for the image, newest first."""
    for cuda, driver in RELEASED.items():
        outcome = need.outcome(driver)
        if outcome is not None:
            yield driver, cuda, outcome


def _shown(requirement: Requirement) -> str:
    """Return what a variable requires: images of NVIDIA's state dozens of alternatives, of which the first is told."""
    if requirement.problem is not None or not requirement.alternatives:
        return f"{requirement.variable} is invalid"
    first, *others = requirement.alternatives
    return f"{requirement.variable} requires {','.join(map(str, first))}{' or an alternative' if others else ''}"


def compat_driver(files: Iterable[NvidiaFile], packages: Iterable[Package]) -> str | None:
    """Return the newest driver whose compatibility libraries (``cuda-compat-13-0``) are in the image."""
    found = [file.name.removeprefix(_LIBRARY) for file in files if file.cls == "compat"]
    found += [package.version.partition("-")[0] for package in packages if package.name.startswith(_PACKAGE)]
    versions = {version: text for text in found if VERSION.fullmatch(text) and (version := parse_version(text))}
    return versions[max(versions)] if versions else None
