"""Findings about entries that runtimes cannot unpack: each names the runtimes, and only some entries are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ocianalyze.layers.tar.obstacles import (
    CONTAINERD,
    DOCKER,
    MERGED_DOCKER,
    OLDER_DOCKER,
    PODMAN,
    Cause,
    joined,
    stops_current,
)
from ocianalyze.rules.rule import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ocianalyze.rules.rule import Subject

_IDS: Final = {
    CONTAINERD: "containerd",
    DOCKER: "docker",
    PODMAN: "podman",
    OLDER_DOCKER: "docker-older",
    MERGED_DOCKER: "docker-merged",
}
"""The identifiers in the data of findings."""
_NAMES: Final = {
    CONTAINERD: "containerd",
    DOCKER: "Docker",
    PODMAN: "Podman",
    OLDER_DOCKER: "older Docker (moby/go-archive 0.2)",
    MERGED_DOCKER: "Docker without overlay2",
}
_CURRENT: Final = (CONTAINERD, DOCKER, PODMAN)
_LISTED: Final = 10
"""The maximum number of entries of one layer that a rule lists."""


class Said(NamedTuple):
    """The problem of an entry, a hint, and the condition under which the entry cannot be unpacked, if any."""

    what: str
    hint: str
    where: str = ""


Describe: TypeAlias = "Callable[[str, str], Said]"
"""Describes the problem, given the runtimes that refuse an entry and the detail that they refuse."""


def in_layers(subject: Subject, causes: Mapping[Cause, Describe]) -> Iterator[Finding]:
    """Yield a finding for each of the first obstacles of certain causes in each layer, and one that counts them."""
    for layer, obstacles in enumerate(subject.filesystem.obstacles):
        groups = [group for group in obstacles if group.cause in causes]
        listed = 0
        for group in groups:
            for path, detail in group.shown[: _LISTED - listed]:
                listed += 1
                said = causes[group.cause](group.by, detail)
                yield Finding(
                    message=f"{said.what}; {cannot_unpack(group.by)}{said.where}",
                    path=path,
                    layer=layer,
                    hint=said.hint,
                    severity=_severity(group.cause, group.by),
                    data={"cause": group.cause.value, "runtimes": ids(group.by), "detail": detail},
                )
        total = sum(group.total for group in groups)
        if total > listed:
            yield _counting(layer, total, listed, joined(*(group.by for group in groups)))


def ids(by: str) -> list[str]:
    """Return the identifiers of the runtimes."""
    return [_IDS[letter] for letter in by]


def cannot_unpack(by: str) -> str:
    """Return a clause about the runtimes that cannot unpack something, and those that can."""
    names = [_NAMES[letter] for letter in by if letter in _CURRENT or DOCKER not in by]
    able = [_NAMES[letter] for letter in _CURRENT if letter not in by]
    if OLDER_DOCKER in by:
        able = ["current Docker" if name == _NAMES[DOCKER] else name for name in able]
    sentence = f"{_listed(names)} cannot unpack it"
    return f"{sentence}, but {_listed(able)} can" if able else sentence


def _counting(layer: int, total: int, listed: int, by: str) -> Finding:
    """Return a finding that counts the entries, for layers where not all are listed."""
    return Finding(
        message=f"{total:,} entries of this layer are affected, only {listed} are listed; "
        f"{_listed([_NAMES[letter] for letter in by if letter in _CURRENT or DOCKER not in by])} cannot unpack them",
        layer=layer,
        hint="Fix the listed entries first, then scan again",
        severity=_severity(None, by),
        data={"count": total, "runtimes": ids(by)},
    )


def _severity(cause: Cause | None, by: str) -> Severity:
    """Return the severity: lower if only some file systems are affected, or only runtimes that are out of use."""
    if stops_current(by) and cause != Cause.ATTRIBUTE_SIZE:
        return Severity.ERROR
    return Severity.WARNING if any(letter in by for letter in _CURRENT) else Severity.NOTE


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
