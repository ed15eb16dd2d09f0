"""Whether the image's command comes to the server that it is to start, which both apps ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.apps.finding import about_command, legible, where
from ocianalyze.rules.profiles import JUPYTERLAB, UNIFIED
from ocianalyze.rules.rule import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.facts.commands import Command

ONLY_JUPYTERLAB: Final[Mapping[str, Severity | None]] = {UNIFIED: None}
"""SageMaker Unified Studio has an entry point of its own."""

ONLY_UNIFIED: Final[Mapping[str, Severity | None]] = {JUPYTERLAB: None, UNIFIED: Severity.ERROR}


def missing_program(command: Command) -> Finding | None:
    """Return a finding if what the command starts, the server behind it, or what is needed on the way is not there."""
    programs = [command.first]
    if command.application is not None and command.found.certain and command.found.located:
        programs.append(command.found.shell.find(command.found.words[0]))
    for program in programs:
        if program is not None and program.problem is not None:
            return about_command(
                command,
                "program-missing",
                f"{where(command)} cannot be run: {legible(program.problem.text)}",
                hint="install it, or name it by its absolute path",
                severity=ONLY_JUPYTERLAB,
                data={"problem": program.problem.code},
            )
    for failure in command.found.failures:
        return about_command(
            command,
            "program-missing",
            f"{where(command)} ends in {failure.place}: {legible(failure.text)}",
            hint="install what is missing, or take it out of the script",
            severity=ONLY_JUPYTERLAB,
            data={"problem": "missing"},
        )
    return None


def doubtful_start(command: Command, *, settle: str) -> Finding | None:
    """Return that it cannot be told whether the command starts its server, if it need not on every way."""
    if command.application is None or command.found.certain:
        return None
    ways = "; ".join(map(legible, command.found.otherwise))
    return about_command(
        command,
        "unknown",
        f"{where(command)} need not start the server, and what decides that is only known when it runs: {ways}",
        hint=settle,
        severity=ONLY_JUPYTERLAB,
        kind="undecided",
    )
