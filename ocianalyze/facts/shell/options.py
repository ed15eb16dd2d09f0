"""The options of a shell, and those of its scripts: ``set``, ``shopt``, ``getopts``.

Source: POSIX.1-2024, ``set`` and ``getopts``; bash(1), SHELL BUILTIN COMMANDS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.state import MAYBE_ERREXIT
from ocianalyze.facts.shell.values import SOME

if TYPE_CHECKING:
    from ocianalyze.facts.shell.host import Host
    from ocianalyze.facts.shell.state import State
    from ocianalyze.facts.shell.syntax import Assignment
    from ocianalyze.facts.shell.values import Words

_LETTERS: Final = {"errexit": "e", "nounset": "u", "noglob": "f", "allexport": "a", "noexec": "n", "xtrace": "x"}
_POSITION: Final = "\1getopts"
"""A variable that no script can name: how far into a word of several options ``getopts`` has come."""


def with_options(options: frozenset[str], words: Words) -> tuple[frozenset[str], Words | None]:
    """Return the options after some words of ``set``, and the arguments among the words, if they set any."""
    rest = list(words)
    found = set(options)
    while rest and rest[0][:1] in ("-", "+") and len(rest[0]) > 1:
        word = rest.pop(0)
        if word == "--":
            return frozenset(found), tuple(rest)
        for letter in word[1:]:
            name = letter
            if letter == "o":
                name = rest.pop(0) if rest else ""
                name = _LETTERS.get(name, name)
            (found.add if word[0] == "-" else found.discard)(name)
    if rest[:1] == ["-"]:
        del rest[0]
        return frozenset(found - {"x", "v"}), tuple(rest) or None
    return frozenset(found), tuple(rest) or None


def set_options(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State | None:
    """Go through ``set``."""
    state.status = 0
    if len(words) == 1:
        state.write(UNKNOWN)
        return state
    if SOME in words[1:2] or UNKNOWN in words[1]:
        # Either options, or arguments.
        state.arguments = (SOME,)
        state.options -= {"e", "u"}
        return state
    before = state.options
    state.options, arguments = with_options(before, words[1:])
    if any("e" in word or word == "errexit" for word in words[1:]):
        state.options -= {MAYBE_ERREXIT}
    if arguments is not None:
        state.arguments = arguments
    if "n" in state.options:
        run.give_up(f"{run.place} sets the shell option noexec", state)
        return None
    return state


def shopt(_run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    """Go through ``shopt``."""
    letters = "".join(word[1:] for word in words[1:] if word[:1] == "-")
    names = frozenset(_LETTERS.get(word, word) for word in words[1:] if word[:1] != "-")
    state.status = 0
    if "s" in letters:
        state.options |= names
    elif "u" in letters:
        state.options -= names
    else:
        state.write(UNKNOWN)
        state.status = None
    return state


def getopts(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State:  # noqa: C901 - one case after the other
    """Go through ``getopts``, once for each option."""
    if len(words) < 3 or UNKNOWN in words[1]:  # noqa: PLR2004 - the letters and a name
        state.status = 2
        return state
    letters, name = words[1], words[2]
    arguments = words[3:] or state.arguments
    index_text = run.expander.variable("OPTIND", state).text or "1"
    position_variable = state.variables.get(_POSITION)
    position_text = (position_variable.text if position_variable is not None else None) or "1"
    if not (index_text.isdigit() and position_text.isdigit()) or SOME in arguments[: int(index_text)]:
        return _any_option(run, name, state)
    index, position = int(index_text), int(position_text)
    word = arguments[index - 1] if 0 < index <= len(arguments) else ""
    if UNKNOWN in word:
        return _any_option(run, name, state)
    if word == "--" or len(word) < 2 or word[0] != "-":  # noqa: PLR2004 - a dash and a letter
        run.assign(name, "?", state)
        run.assign("OPTIND", str(index + (word == "--")), state)
        state.status = 1
        return state
    letter = word[position] if position < len(word) else "?"
    silent = letters.startswith(":")
    at = letters.find(letter)
    known = at >= 0 and letter != ":"
    value = None
    position += 1
    if known and letters[at + 1 : at + 2] == ":":
        rest = word[position:]
        index, position = index + 1, 1
        if rest:
            value = rest
        elif index <= len(arguments):
            value, index = arguments[index - 1], index + 1
        else:
            known, value = False, letter if silent else None
            letter = ":" if silent else "?"
    elif position >= len(word):
        index, position = index + 1, 1
    if not known and letter not in (":", "?"):
        value, letter = (letter if silent else None), "?"
    run.assign(name, letter, state)
    if value is not None:
        run.assign("OPTARG", value, state)
    run.assign("OPTIND", str(index), state)
    run.assign(_POSITION, str(position), state)
    state.status = 0
    return state


def _any_option(run: Host, name: str, state: State) -> State:
    for variable in (name, "OPTARG", "OPTIND"):
        run.assign(variable, UNKNOWN, state)
    state.status = None
    return state
