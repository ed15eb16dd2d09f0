"""``read`` and ``mapfile``: what a script reads from its input, where that is known.

Source: POSIX.1-2024, ``read``; bash(1), SHELL BUILTIN COMMANDS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.fields import WHITE
from ocianalyze.facts.shell.values import SOME

if TYPE_CHECKING:
    from ocianalyze.facts.shell.host import Host
    from ocianalyze.facts.shell.state import State
    from ocianalyze.facts.shell.syntax import Assignment
    from ocianalyze.facts.shell.values import Words

_WITH_VALUES: Final = frozenset("adinNptu")
_WITH_VALUES_OF_MAPFILE: Final = frozenset("dnOsuCc")


def _parsed(words: Words, with_values: frozenset[str]) -> tuple[dict[str, str], Words]:
    """Return the options of ``read`` or ``mapfile`` with their values, and the names behind them."""
    options: dict[str, str] = {}
    rest = list(words[1:])
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            break
        for position, letter in enumerate(word[1:], 1):
            if letter in with_values:
                options[letter] = word[position + 1 :] or (rest.pop(0) if rest else "")
                break
            options[letter] = ""
    return options, tuple(rest)


def read(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    """Read a line."""
    options, names = _parsed(words, _WITH_VALUES)
    array = options.get("a")
    line = _line(options, state)
    if line is None:
        for name in names or ("REPLY",):
            _assign(run, name, UNKNOWN, state)
        if array:
            run.assign(array, (SOME,), state)
        state.status = None
        return state
    text, complete = line
    state.status = 0 if complete else 1
    found = run.expander.variable("IFS", state).text
    separators = WHITE if found is None else found
    if UNKNOWN in separators or UNKNOWN in text or ("\\" in text and "r" not in options):
        values: list[str] | None = None
    else:
        values = _split(text, separators, None if array else len(names))
    if array:
        run.assign(array, (SOME,) if values is None else tuple(values), state)
    elif not names:
        run.assign("REPLY", text, state)
    else:
        for position, name in enumerate(names):
            value = UNKNOWN if values is None else values[position] if position < len(values) else ""
            _assign(run, name, value, state)
    return state


def _assign(run: Host, name: str, value: str, state: State) -> None:
    if name.isidentifier():
        run.assign(name, value, state)
    elif UNKNOWN in name:
        state.variables.lose()


def _line(options: dict[str, str], state: State) -> tuple[str, bool] | None:
    """Return the next line of the input, and whether it ends as a line does; None if it is not known."""
    if state.input is None or not {"u", "n", "N", "i"}.isdisjoint(options):
        return None
    end = options.get("d", "\n")[:1]
    if not end:
        # Up to a NUL, which no text has.
        line, state.input = state.input, ""
        return line, False
    line, found, rest = state.input.partition(end)
    if not found and UNKNOWN in line:
        state.input = None  # which may be any number of lines
        return None
    state.input = rest
    return line, bool(found)


def _split(text: str, separators: str, count: int | None) -> list[str] | None:
    """Return the fields of a line, the last of `count` with all that is left; None if that is not followed."""
    if not separators:
        return [text] if text or count else []
    white = "".join(character for character in separators if character in WHITE)
    hard = [character for character in separators if character not in WHITE]
    limit = -1 if count is None else count - 1
    text = text.strip(white) if white else text
    if hard and (len(set(hard)) > 1 or (white and count != 1)):
        return None
    if hard:
        fields = text.split(hard[0], limit)
        return fields[:-1] if count is None and not fields[-1] else fields
    for character in white[1:]:
        text = text.replace(character, white[0])
    fields = []
    while text and (limit < 0 or len(fields) < limit):
        field, _, text = text.partition(white[0])
        fields.append(field)
        text = text.lstrip(white[0])
    return [*fields, text] if text or count is not None else fields


def mapfile(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    """Read all lines into an array."""
    options, names = _parsed(words, _WITH_VALUES_OF_MAPFILE)
    name = names[0] if names else "MAPFILE"
    value: Words = (SOME,)
    if state.input is not None and UNKNOWN not in state.input and set(options) <= {"t"}:
        lines = state.input.splitlines(keepends=True) if "\n" in state.input else [state.input]
        value = tuple(line.removesuffix("\n") if "t" in options else line for line in lines if line)
    state.input = ""
    run.assign(name, value, state)
    state.status = 0
    return state
