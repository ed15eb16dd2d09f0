"""One check for every server that lists kernels, and for every command that the newer Studio starts.

Studio Classic brings a server of its own; in the newer Studio it is the image's. What is found for several profiles
alike is told once.
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
    """Yield what `check` finds in each listing, for the profiles whose listing it is; what is the same, once.

    In Studio Classic a kernel that the AppImageConfig does not name is not shown: what is wrong with it is a note.
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
    """Yield what `check` finds in the command of each app, for the profiles that start it; what is the same, once."""
    commands = ((profiles, subject.facts.commands[app]) for app, profiles in _APPS.items())
    return _merged((profiles, finding) for profiles, command in commands for finding in check(command))


def _not_shown(listing: Listing, shown: Collection[str] | None) -> frozenset[str]:
    """Return the directories of the kernels of which none is shown by a name of its own; `shown` is None for all."""
    if shown is None:
        return frozenset()
    wanted = {kernel.directory for kernel in listing.kernels if not set(shown).isdisjoint(kernel.names)}
    return frozenset(kernel.directory for kernel in listing.kernels) - wanted


def _if_shown(finding: Finding, harmless: Collection[str]) -> Finding:
    """Return a finding as a note if it is about a kernel that is not shown, and that does no harm to those that are."""
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
    """Return what is the same for equal findings, however bad they are."""
    return finding.kind, finding.message, finding.path, finding.layer, finding.hint, repr(finding.data)


def _set(severities: dict[str, Severity | None], profile: str, severity: object) -> None:
    """Note how bad a finding is for a profile; what the finding does not say is left to the rule."""
    if isinstance(severity, Severity):
        severities[profile] = severity
    elif isinstance(severity, dict) and profile in severity:
        severities[profile] = severity[profile]
    else:
        severities.pop(profile, None)
