"""The search for the program that does the work of a command.

Most commands name it themselves. Where one names a wrapper, a shell or a script, it is followed (`command_walk`), for
which the interpreter of shell scripts is loaded.
"""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING

from ocianalyze.facts.commands.ends import Found, combine
from ocianalyze.facts.programs.applications import application_of
from ocianalyze.facts.programs.program import DEFAULT_PATH
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell import Budget, Changes, End, Launch, Way, is_script

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.facts.commands.ends import Recognise
    from ocianalyze.facts.programs.applications import Application
    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.programs.program import Program

__all__ = ["Found", "search"]


def search(
    words: Sequence[str],
    shell: Shell,
    environment: Mapping[str, str],
    *,
    recognise: Recognise | None = None,
    budget: Budget | None = None,
) -> Found:
    """Return the program that does the work of a command: one of Studio's applications, or what `recognise` knows.

    Raises:
        ContentUnavailableError: the first bytes of a program were not kept.
    """
    if not words:
        return Found((), shell, environment)
    # What every container gets from its runtime, whatever the image says.
    given = ChainMap(dict(environment), {"PATH": DEFAULT_PATH, "HOME": shell.user.home})
    launch = Launch(tuple(words), shell, given)
    end = _served_directly(launch) if recognise is None else None
    if end is not None:
        return combine([end], launch)
    from ocianalyze.facts.commands.walk import walk

    return walk(launch, recognise or _application_of, budget or Budget())


def _served_directly(launch: Launch) -> End | None:
    """Return where a command ends whose program is one that Studio expects, and nothing has to be followed."""
    if UNKNOWN in launch.words[0]:
        return None
    application = application_of(launch.words)
    program = launch.shell.find(launch.words[0]) if application is not None else None
    if program is None or is_script(program):
        return None
    return End("serves", Way(), launch, application, changes=Changes())


def _application_of(words: Sequence[str], _program: Program) -> Application | None:
    return application_of(words)
