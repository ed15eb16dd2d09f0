"""Shell scripts, followed without running them: what they start, with which words and variables.

    text -> tokens -> syntax -> run -> ways

A script is a *text*, written for one *dialect* of the shell. `tokens`, `words`, `braces`, `assignments` and `tests`
take it apart, and `parser` makes *syntax* of that: one complete command at a time, since a shell reads no further
than it runs. `run`, with `flow` and `builtins`, goes through these commands and keeps a *state*: variables,
functions, options and what has become of files. `expansion` makes words of words on the way, and says of each what
only a running shell knows. Where a condition cannot be decided both *ways* are gone, and joined behind it. What is
left are the *ends* of these ways: a program that stays, a shell that exits, or a reason why it cannot be told.

Programs are started by whoever follows the script, the `Launcher`. All work is charged to one `Budget`.

Source: POSIX.1-2024, "Shell Command Language"; bash(1) and dash(1) for what they add to it and where they differ.
"""

from typing import TYPE_CHECKING

from ocianalyze.facts.shell.budget import Budget, OutOfBudgetError
from ocianalyze.facts.shell.changes import Change, Changes
from ocianalyze.facts.shell.dialects import OTHER, SHELLS, dialect_of, is_script
from ocianalyze.facts.shell.files import Files
from ocianalyze.facts.shell.state import Process, State
from ocianalyze.facts.shell.values import SOME, UNSET, Variable, Words
from ocianalyze.facts.shell.variables import Environment, Variables, is_set_at_run_time
from ocianalyze.facts.shell.ways import End, Failure, Launch, Way

if TYPE_CHECKING:
    from ocianalyze.facts.shell.file_commands import refusal_of
    from ocianalyze.facts.shell.login import login_files
    from ocianalyze.facts.shell.options import with_options
    from ocianalyze.facts.shell.programs import result_of
    from ocianalyze.facts.shell.redirections import is_doubtful
    from ocianalyze.facts.shell.run import Interpreter, Launcher, Returned

__all__ = [
    "OTHER",
    "SHELLS",
    "SOME",
    "UNSET",
    "Budget",
    "Change",
    "Changes",
    "End",
    "Environment",
    "Failure",
    "Files",
    "Interpreter",
    "Launch",
    "Launcher",
    "OutOfBudgetError",
    "Process",
    "Returned",
    "State",
    "Variable",
    "Variables",
    "Way",
    "Words",
    "dialect_of",
    "is_doubtful",
    "is_script",
    "is_set_at_run_time",
    "login_files",
    "refusal_of",
    "result_of",
    "with_options",
]

_OF_THE_INTERPRETER = {
    "Interpreter": "run",
    "Launcher": "run",
    "Returned": "run",
    "is_doubtful": "redirections",
    "login_files": "login",
    "refusal_of": "file_commands",
    "result_of": "programs",
    "with_options": "options",
}
"""In which module is what only they need who follow a script; loading that takes longer than judging a small image."""


def __getattr__(name: str) -> object:
    """Load the interpreter when it is needed."""
    from importlib import import_module

    if name not in _OF_THE_INTERPRETER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_OF_THE_INTERPRETER[name]}"), name)
