"""What a name stands for in a script: a variable, an argument, or one of those that the shell keeps itself.

Source: POSIX.1-2024, "Shell Command Language", 2.5 (parameters and variables); bash(1), PARAMETERS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.values import LOST, SOME, UNSET, Variable, Words

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocianalyze.facts.shell.state import State

_OPEN: Final = Variable(UNKNOWN)
_DYNAMIC: Final = frozenset(
    {
        *("PPID", "RANDOM", "SRANDOM", "SECONDS", "EPOCHSECONDS", "EPOCHREALTIME", "LINENO", "BASHPID", "_"),
        *("BASH_VERSION", "BASH_COMMAND", "SHLVL", "COLUMNS", "LINES", "REPLY", "BASH"),
    }
)
_LISTS: Final = frozenset({"BASH_VERSINFO", "PIPESTATUS", "GROUPS", "DIRSTACK", "BASH_REMATCH", "BASH_LINENO"})
_FIXED: Final = {"IFS": " \t\n", "OPTIND": "1", "PS4": "+ ", "HOSTTYPE": "x86_64", "OSTYPE": "linux-gnu"}
_LONGEST_NUMBER: Final = 6


class Calls(NamedTuple):
    """The files that are being executed, and the functions that are being run, the innermost first."""

    sources: Words = ()
    functions: Words = ()


def find_variable(name: str, state: State, calls: Calls) -> Variable:
    """Return what `name` stands for; `UNSET` if for nothing."""
    if not (name[0].isalpha() or name[0] == "_") or name == "_":
        return _special(name, state)
    extended = state.process.dialect.has("arrays")
    if extended and name == "BASH_SOURCE":
        return Variable(calls.sources)
    if extended and name == "FUNCNAME":
        return Variable(calls.functions) if calls.functions else UNSET
    found = state.variables.get(name)
    if found is not None and found is not LOST:
        return found
    default = _default(name, state)
    return default or found or UNSET


def _default(name: str, state: State) -> Variable | None:
    """Return what the shell sets by itself where nothing else does."""
    if name in _FIXED and (name in ("IFS", "OPTIND") or state.process.dialect.has("arrays")):
        return Variable(_FIXED[name])
    if name == "PWD":
        return Variable(state.directory, exported=True)
    if not state.process.dialect.has("arrays"):
        return _OPEN if name in ("PPID", "LINENO") else None
    if name in ("UID", "EUID"):
        uid = state.process.shell.user.uid
        return Variable(UNKNOWN if uid is None else str(uid))
    if name in _LISTS:
        return Variable((SOME,))
    return _OPEN if name in _DYNAMIC else None


def _special(name: str, state: State) -> Variable:
    if name.isdigit():
        return _argument(name, state)
    found = _SPECIAL.get(name)
    return _OPEN if found is None else Variable(found(state))


def _argument(name: str, state: State) -> Variable:
    number = int(name) if len(name) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER
    if number == 0:
        return Variable(state.process.name)
    before = state.arguments[:number]
    if SOME in before:
        return LOST
    return Variable(before[-1]) if number <= len(state.arguments) else UNSET


def _count(state: State) -> str:
    return UNKNOWN if SOME in state.arguments else str(len(state.arguments))


def _options(state: State) -> str:
    letters = "".join(sorted(option for option in state.options if len(option) == 1))
    return f"{letters}hB" if state.process.dialect.has("arrays") else letters


_SPECIAL: Final[dict[str, Callable[[State], str | Words]]] = {
    "@": lambda state: state.arguments,
    "*": lambda state: state.arguments,
    "#": _count,
    "?": lambda state: str(state.status) if isinstance(state.status, int) else UNKNOWN,
    "-": _options,
    "$": lambda _state: UNKNOWN,
    "!": lambda _state: UNKNOWN,
    "_": lambda _state: UNKNOWN,
}
