"""One check for every server that lists kernels, and for every command that the newer Studio starts.

Studio Classic brings a server of its own; in the newer Studio it is the image's. What is found for several profiles
alike is told once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from ocianalyze.facts.app_image_config import requested_kernels
from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, JUPYTERLAB, PROFILES, UNIFIED
from ocianalyze.rules.rule import Finding, Severity, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from ocianalyze.facts.commands import App, Command
    from ocianalyze.facts.kernels import Listing

    Profiles: TypeAlias = tuple[str, ...]

_NEWER: Final = (JUPYTERLAB, CODE_EDITOR, UNIFIED)
_APPS: Final[Mapping[App, Profiles]] = {"jupyterlab": (JUPYTERLAB, UNIFIED), "code-editor": (CODE_EDITOR,)}


def in_each_listing(subject: Subject, check: Callable[[Listing], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield what `check` finds in each listing, for the profiles whose listing it is; what is the same, once.

    In Studio Classic a kernel that the AppImageConfig does not name is not shown: what is wrong with it is a note.
    """
    shown = requested_kernels(subject.app_image_config)
    classic = (_if_shown(finding, subject.facts.classic, shown) for finding in check(subject.facts.classic))
    return _merged(
        [
            *(((CLASSIC,), finding) for finding in classic),
            *((_NEWER, finding) for finding in check(subject.facts.own)),
        ]
    )


def in_each_command(subject: Subject, check: Callable[[Command], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield what `check` finds in the command of each app, for the profiles that start it; what is the same, once."""
    commands = ((profiles, subject.facts.commands[app]) for app, profiles in _APPS.items())
    return _merged((profiles, finding) for profiles, command in commands for finding in check(command))


def _if_shown(finding: Finding, listing: Listing, shown: Collection[str] | None) -> Finding:
    """Return a finding as a note if it is about a kernel that is not shown, and that does no harm to those that are."""
    directory = finding.data.get("kernel_directory")
    if shown is None or directory is None or finding.data.get("listing_fails"):
        return finding
    names = {name for kernel in listing.kernels if kernel.directory == directory for name in kernel.names}
    return finding if names.intersection(shown) else replace(finding, severity=Severity.NOTE)


def _merged(found: Iterable[tuple[Profiles, Finding]]) -> Iterator[Finding]:
    merged: dict[str, list[tuple[Finding, dict[str, Severity | None]]]] = {}
    for profiles, finding in found:
        severities = _severities_of(finding, merged.setdefault(finding.message, []))
        for profile in profiles:
            _set(severities, profile, finding.severity)
    for alike in merged.values():
        for finding, severities in alike:
            yield replace(finding, severity=severities)


def _severities_of(
    finding: Finding, found: list[tuple[Finding, dict[str, Severity | None]]]
) -> dict[str, Severity | None]:
    """Return the severities of an equal finding, or new ones that concern no profile."""
    anonymous = replace(finding, severity=None)
    for known, severities in found:
        if known == anonymous:
            return severities
    found.append((anonymous, dict.fromkeys(PROFILES)))
    return found[-1][1]


def _set(severities: dict[str, Severity | None], profile: str, severity: object) -> None:
    """Note how bad a finding is for a profile; what the finding does not say is left to the rule."""
    if isinstance(severity, Severity):
        severities[profile] = severity
    elif isinstance(severity, dict) and profile in severity:
        severities[profile] = severity[profile]
    else:
        del severities[profile]
