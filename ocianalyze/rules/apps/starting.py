"""Whether the image's command starts its server; used for both apps."""

from __future__ import annotations

from dataclasses import replace
from posixpath import basename, dirname
from typing import TYPE_CHECKING, Final

from ocianalyze.rules.apps.finding import about_command, legible, where
from ocianalyze.rules.profiles import JUPYTERLAB, UNIFIED
from ocianalyze.rules.rule import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ocianalyze.facts.commands import Command
    from ocianalyze.facts.programs import Program

ONLY_JUPYTERLAB: Final[Mapping[str, Severity | None]] = {UNIFIED: None}
"""SageMaker Unified Studio has an entry point of its own."""

ONLY_UNIFIED: Final[Mapping[str, Severity | None]] = {JUPYTERLAB: None, UNIFIED: Severity.ERROR}

_SET: Final = "Set it with ENV; or set it in ContainerEnvironmentVariables, and scan with --app-image-config"


def missing_program(command: Command) -> Finding | None:
    """Return a finding if the command's program, its server, or a program that is needed before it is missing."""
    programs = [command.first]
    if command.application is not None and command.found.certain and command.found.located:
        server = command.found.shell.find(command.found.words[0])
        programs += [server, _subcommand(command, server)]
    for program in programs:
        if program is not None and program.problem is not None:
            return about_command(
                command,
                "program-missing",
                f"{where(command)} cannot be run: {legible(program.problem.text)}",
                hint="Install it, or use its absolute path",
                severity=ONLY_JUPYTERLAB,
                data={"problem": program.problem.code},
                because=program.problem.culprit,
            )
    if command.found.failures:
        failure = command.found.failures[0]
        is_variable = failure.text.startswith("$")
        return about_command(
            command,
            "variable-missing" if is_variable else "program-missing",
            f"{where(command)} fails at {failure.place}: {legible(failure.text)}",
            hint=_SET if is_variable else "Install what is missing, or remove it from the script",
            severity=ONLY_JUPYTERLAB,
            data={"problem": "missing"},
        )
    return None


def _subcommand(command: Command, program: Program) -> Program | None:
    """Return the program that ``jupyter`` looks up to start a server (``jupyter_core.command``)."""
    application, found = command.application, command.found
    if application is None or application.kind != "jupyter" or basename(found.words[0]) != "jupyter":
        return None
    beside = (dirname(path) for path in (program.path, program.real) if path is not None)
    return replace(found.shell, path=(*found.shell.path, *beside)).find(f"jupyter-{application.name}")


def with_doubt(command: Command, found: Iterable[Finding], *, settle: str) -> Iterator[Finding]:
    """Yield the findings about a server, and one if it may not be started on every path, unless one is undecided."""
    is_said = False
    for finding in found:
        is_said = is_said or finding.is_undecided
        yield finding
    if not (command.found.certain or is_said):
        ways = "; ".join(map(legible, command.found.otherwise))
        yield about_command(
            command,
            "unknown",
            f"{where(command)} may not start the server: {ways}",
            hint=settle,
            severity=ONLY_JUPYTERLAB,
            kind="undecided",
        )
