"""Whether the image's command starts its server; used for both apps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.jupyter import server_program, server_python
from ocianalyze.facts.programs import UNKNOWN
from ocianalyze.facts.python import is_encoding
from ocianalyze.rules.apps.finding import about_command, legible, where
from ocianalyze.rules.blame import program_layer
from ocianalyze.rules.cures import cure_of
from ocianalyze.rules.dockerfile import lines
from ocianalyze.rules.packages import with_apt
from ocianalyze.rules.profiles import JUPYTERLAB, UNIFIED
from ocianalyze.rules.rule import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ocianalyze.facts.commands import Command, Failure
    from ocianalyze.facts.programs import Program

ONLY_JUPYTERLAB: Final[Mapping[str, Severity | None]] = {UNIFIED: None}
"""SageMaker Unified Studio has an entry point of its own."""

ONLY_UNIFIED: Final[Mapping[str, Severity | None]] = {JUPYTERLAB: None, UNIFIED: Severity.ERROR}

_NOT_RUN: Final = (126, 127)
"""The exit statuses of a shell for a program that cannot be run (POSIX.1-2024, "Exit Status for Commands")."""
_MAKE: Final = (
    "Create what is missing, or change its owner, in a step of the Dockerfile; or remove the command from the script"
)
_SET: Final = "Set it with ENV; or set it in ContainerEnvironmentVariables, and scan with --app-image-config"


def missing_program(command: Command) -> Finding | None:
    """Return a finding if the command's program, its server, or a program that is needed before it is missing."""
    programs = [command.first]
    if command.application is not None and command.found.certain and command.found.located:
        programs += [command.found.shell.find(command.found.words[0])]
        if command.application.kind == "jupyter":
            programs += [server_program(command.found.shell, command.found.words)]
    for program in programs:
        if program is not None and program.problem is not None:
            return about_command(
                command,
                "program-missing",
                f"{where(command)} cannot be run: {legible(program.problem.text)}",
                hint=cure_of(program, command.found.shell),
                severity=ONLY_JUPYTERLAB,
                data={"problem": program.problem.code},
                because=program.problem.culprit,
                culprit=program.problem.culprit,
                layer=_layer(command, program),
            )
    lost = _lost_library(command) or _unknown_encoding(command)
    if lost is not None:
        return lost
    if command.found.failures:
        return _failed(command, command.found.failures[0])
    return None


def _failed(command: Command, failure: Failure) -> Finding:
    """Return the finding about what ends a script before it gets to its server."""
    lacks_program = failure.status in _NOT_RUN
    cause = "program-missing" if lacks_program else "command-fails"
    hint = _cure_of_script(command, failure.word) if lacks_program else _MAKE
    if failure.text.startswith("$"):
        cause, hint = "variable-missing", _SET
    return about_command(
        command,
        cause,
        f"{where(command)} fails at {failure.place}: {legible(failure.text)}",
        hint=hint,
        severity=ONLY_JUPYTERLAB,
        data={"problem": "missing"} if lacks_program else None,
        layer=_layer(command, command.found.shell.find(failure.word)) if lacks_program else None,
    )


def _layer(command: Command, program: Program) -> int | None:
    shell = command.found.shell
    return program_layer(shell.filesystem, program, searched=shell.path)


def _cure_of_script(command: Command, word: str) -> str:
    """Return what to do about what a script needs before the server."""
    shell = command.found.shell
    program = shell.find(word)
    if program.problem is None or program.problem.code == "not-on-path":
        step = with_apt(word, shell)
        advice = "Install what is missing, or remove it from the script"
        return advice if step is None else f"{advice}: {lines(shell.user, step)}"
    return f"{cure_of(program, shell)}; or remove it from the script"


def _lost_library(command: Command) -> Finding | None:
    """Return a finding if the server's Python would exit because ``PYTHONHOME`` is another Python's."""
    found = command.found
    home = found.environment.get("PYTHONHOME", "")
    if found.application is None or found.application.kind != "jupyter" or UNKNOWN in home:
        return None
    python = server_python(found.shell, found.words)
    problem = python.home_problem(found.shell.filesystem, home) if python is not None else None
    if python is None or problem is None:
        return None
    return about_command(
        command,
        "python-home",
        f"the server's Python {python.executable} would exit: {problem}",
        hint="Remove PYTHONHOME, or unset it: 'ENV PYTHONHOME='",
        severity=ONLY_JUPYTERLAB,
    )


def _unknown_encoding(command: Command) -> Finding | None:
    """Return a finding if the server's Python would exit because it does not know the encoding of its output."""
    found = command.found
    encoding = found.environment.get("PYTHONIOENCODING", "").partition(":")[0]
    is_jupyter = found.application is not None and found.application.kind == "jupyter"
    if not is_jupyter or not encoding or UNKNOWN in encoding or is_encoding(encoding):
        return None
    return about_command(
        command,
        "python-encoding",
        f"the server's Python would exit: PYTHONIOENCODING is {legible(encoding)!r}, which is no encoding",
        hint="Remove PYTHONIOENCODING, or set 'ENV PYTHONIOENCODING=utf-8'",
        severity=ONLY_JUPYTERLAB,
    )


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
