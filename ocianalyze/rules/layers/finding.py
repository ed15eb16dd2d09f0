"""Findings about entries that runtimes cannot unpack: all name the runtimes, and only a few are listed."""

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
"""What programs read."""
_NAMES: Final = {
    CONTAINERD: "containerd",
    DOCKER: "Docker",
    PODMAN: "Podman",
    OLDER_DOCKER: "older Docker (moby/go-archive 0.2)",
    MERGED_DOCKER: "Docker without overlay2",
}
_CURRENT: Final = (CONTAINERD, DOCKER, PODMAN)
_LISTED: Final = 10
"""How many entries of one layer a rule lists."""


class Said(NamedTuple):
    """What is wrong with an entry, how to fix it, and what else there is to say of when it fails."""

    what: str
    hint: str
    where: str = ""


Describe: TypeAlias = "Callable[[str, str], Said]"
"""Given who refuses an entry and what of it, says what is wrong."""


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
    """Return the runtimes as programs read them."""
    return [_IDS[letter] for letter in by]


def cannot_unpack(by: str) -> str:
    """Return a sentence about who cannot unpack something, and who can."""
    names = [_NAMES[letter] for letter in by if letter in _CURRENT or DOCKER not in by]
    able = [_NAMES[letter] for letter in _CURRENT if letter not in by]
    if OLDER_DOCKER in by:
        able = ["current Docker" if name == _NAMES[DOCKER] else name for name in able]
    sentence = f"{_listed(names)} cannot unpack it"
    return f"{sentence}, {_listed(able)} can" if able else sentence


def _counting(layer: int, total: int, listed: int, by: str) -> Finding:
    """Return a finding that says how many entries there are, where not all are listed."""
    return Finding(
        message=f"{total:,} entries of this layer are affected, {listed} of them are listed; "
        f"{_listed([_NAMES[letter] for letter in by if letter in _CURRENT or DOCKER not in by])} cannot unpack them",
        layer=layer,
        hint="fix those that are listed first, and scan again",
        severity=_severity(None, by),
        data={"count": total, "runtimes": ids(by)},
    )


def _severity(cause: Cause | None, by: str) -> Severity:
    """Return how bad it is: what one file system takes, another may not, and what is out of use matters little."""
    if stops_current(by) and cause != Cause.ATTRIBUTE_SIZE:
        return Severity.ERROR
    return Severity.WARNING if any(letter in by for letter in _CURRENT) else Severity.NOTE


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
