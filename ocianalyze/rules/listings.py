"""Checks for every server that lists kernels, and for every command that the newer Studio starts.

Studio Classic has its own server; in the newer Studio, the image provides it. Findings that are identical for several
profiles are merged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from ocianalyze.facts.registration import requested_kernels
from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, JUPYTERLAB, PROFILES, UNIFIED
from ocianalyze.rules.rule import Finding, Severity, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from ocianalyze.facts.commands import App, Command
    from ocianalyze.facts.kernels import Listing

    Profiles: TypeAlias = tuple[str, ...]
    _Key: TypeAlias = tuple[str | int | None, ...]

_NEWER: Final = (JUPYTERLAB, CODE_EDITOR, UNIFIED)
_APPS: Final[Mapping[App, Profiles]] = {"jupyterlab": (JUPYTERLAB, UNIFIED), "code-editor": (CODE_EDITOR,)}


def in_each_listing(subject: Subject, check: Callable[[Listing], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield the findings of `check` for each listing and its profiles; identical findings are merged.

    In Studio Classic, a kernel that the AppImageConfig does not name is not shown: its findings are notes.
    """
    classic, own = subject.facts.classic, subject.facts.own
    harmless = _not_shown(classic, requested_kernels(subject.app_image_config))
    return _merged(
        [
            *(((CLASSIC,), _if_shown(finding, harmless)) for finding in check(classic)),
            *((_NEWER, finding) for finding in check(own)),
        ]
    )


def in_each_command(subject: Subject, check: Callable[[Command], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield the findings of `check` for the command of each app and its profiles; identical ones are merged."""
    commands = ((profiles, subject.facts.commands[app]) for app, profiles in _APPS.items())
    return _merged((profiles, finding) for profiles, command in commands for finding in check(command))


def _not_shown(listing: Listing, shown: Collection[str] | None) -> frozenset[str]:
    """Return the directories of the kernels that are not shown under any of their names; `shown` is None for all."""
    if shown is None:
        return frozenset()
    wanted = {kernel.directory for kernel in listing.kernels if not set(shown).isdisjoint(kernel.names)}
    return frozenset(kernel.directory for kernel in listing.kernels) - wanted


def _if_shown(finding: Finding, harmless: Collection[str]) -> Finding:
    """Return a finding as a note if its kernel is not shown and does not affect the kernels that are."""
    directory = finding.data.get("kernel_directory")
    if directory not in harmless or finding.data.get("listing_fails"):
        return finding
    return replace(finding, severity=Severity.NOTE)


def _merged(found: Iterable[tuple[Profiles, Finding]]) -> Iterator[Finding]:
    merged: dict[_Key, tuple[Finding, dict[str, Severity | None]]] = {}
    for profiles, finding in found:
        _, severities = merged.setdefault(_key(finding), (finding, dict.fromkeys(PROFILES)))
        for profile in profiles:
            _set(severities, profile, finding.severity)
    for finding, severities in merged.values():
        yield replace(finding, severity=severities)


def _key(finding: Finding) -> _Key:
    """Return a key that is equal for identical findings, whatever their severities."""
    return finding.kind, finding.message, finding.path, finding.layer, finding.hint, repr(finding.data)


def _set(severities: dict[str, Severity | None], profile: str, severity: object) -> None:
    """Set the severity of a finding for a profile; without one, the rule's severity applies."""
    if isinstance(severity, Severity):
        severities[profile] = severity
    elif isinstance(severity, dict) and profile in severity:
        severities[profile] = severity[profile]
    else:
        severities.pop(profile, None)
