"""Checks for every server that lists kernels, and for every command that the newer Studio starts.

Studio Classic has its own server; in the newer Studio, the image provides it. Findings that are identical for several
profiles are merged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ocianalyze.facts.directories import LOGS, RESERVED
from ocianalyze.facts.python import JUPYTERLAB as PACKAGE
from ocianalyze.facts.registration import requested_kernels
from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, HYPERPOD, JUPYTERLAB, PROFILES, UNIFIED
from ocianalyze.rules.rule import Finding, Severity, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from ocianalyze.facts.commands import App, Command
    from ocianalyze.facts.kernels import Listing

    Profiles: TypeAlias = tuple[str, ...]
    _Key: TypeAlias = tuple[str | int | None, ...]

_APPS: Final[Mapping[App, Profiles]] = {"jupyterlab": (JUPYTERLAB, UNIFIED), "code-editor": (CODE_EDITOR,)}

_ONLY_IN_STUDIO: Final = frozenset((*RESERVED, LOGS))
"""Directories that hide files in Studio, but not in HyperPod Spaces."""


class _Spares(NamedTuple):
    """The kernels that users have if one does not work, by their directories.

    Attributes:
        usable: those that are usable as far as is known.
        certain: those of which nothing is unknown.
        requested: those that the AppImageConfig names, so that no other takes their place.
    """

    usable: frozenset[str]
    certain: frozenset[str]
    requested: frozenset[str]

    @classmethod
    def of(cls, listing: Listing, names: Collection[str] = ()) -> _Spares:
        """Return those of a listing; `names` are requested."""
        kernels, wanted = listing.kernels, frozenset(names)
        return cls(
            frozenset(kernel.directory for kernel in kernels if kernel.usable),
            frozenset(kernel.directory for kernel in kernels if kernel.certainly_usable),
            frozenset(kernel.directory for kernel in kernels if wanted and not wanted.isdisjoint(kernel.names)),
        )

    def has_for(self, finding: Finding) -> bool:
        """Return whether a finding is about one kernel that others can stand in for.

        For an undecided finding, another kernel has to be known to be usable.
        """
        directory = _kernel_of(finding)
        if directory is None or directory in self.requested:
            return False
        others = self.certain if finding.is_undecided else self.usable
        return len(others) > (directory in others)


def in_each_listing(subject: Subject, check: Callable[[Listing], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield the findings of `check` for each listing and its profiles; identical findings are merged.

    What is wrong with one kernel is no error if others are usable, unless the AppImageConfig names it; nor in Code
    Editor, which finds interpreters itself. In Studio Classic, a kernel that the AppImageConfig does not name is not
    shown: its findings are notes. HyperPod Spaces are taken to run Code Editor if there is no JupyterLab.
    """
    classic, own, has_lab = subject.facts.classic, subject.facts.own, bool(subject.facts.distributions[PACKAGE])
    requested = requested_kernels(subject.app_image_config)
    harmless, in_classic, in_own = _not_shown(classic, requested), _Spares.of(classic, requested or ()), _Spares.of(own)
    found: list[tuple[Profiles, Finding]] = []
    for finding in check(classic):
        shown = _if_shown(finding, harmless)
        found.append(((CLASSIC,), _capped(shown) if in_classic.has_for(finding) else shown))
    for finding in check(own):
        in_lab = _capped(finding) if in_own.has_for(finding) else finding
        in_editor = _capped(finding) if _kernel_of(finding) is not None else finding
        found.append(((JUPYTERLAB, UNIFIED), in_lab))
        found.append(((CODE_EDITOR,), in_editor))
        if finding.data.get("directory") not in _ONLY_IN_STUDIO:
            found.append(((HYPERPOD,), in_lab if has_lab else in_editor))
    yield from _merged(found)


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


def _kernel_of(finding: Finding) -> object:
    """Return the directory of the kernel that a finding is about; None if it is about something else."""
    return None if finding.data.get("listing_fails") else finding.data.get("kernel_directory")


def _capped(finding: Finding) -> Finding:
    """Return a finding that is a warning at most."""
    severity = finding.severity
    if severity is None or severity is Severity.ERROR:
        return replace(finding, severity=Severity.WARNING)
    if isinstance(severity, Severity):
        return finding
    capped = {name: Severity.WARNING if item is Severity.ERROR else item for name, item in severity.items()}
    return replace(finding, severity=capped)


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
