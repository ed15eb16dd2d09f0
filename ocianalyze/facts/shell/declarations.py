"""``export``, ``declare``, ``local``, ``readonly`` and ``unset``.

Source: POSIX.1-2024, ``export``, ``readonly``, ``unset``; bash(1), SHELL BUILTIN COMMANDS.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.alternatives import brace_expanded
from ocianalyze.facts.shell.assigning import assign, assign_value, make_local
from ocianalyze.facts.shell.values import SOME, UNSET
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocianalyze.facts.shell.host import Host
    from ocianalyze.facts.shell.state import State
    from ocianalyze.facts.shell.syntax import Assignment
    from ocianalyze.facts.shell.values import Variable, Words

_NAME: Final = regex(r"([A-Za-z_]\w*)(\+?=)?", re.ASCII)


def export(run: Host, words: Words, declared: tuple[Assignment, ...], state: State) -> State:
    """Give variables to programs, or with ``-n`` no more."""
    options, names = _options(words)
    if "f" in options or (not names and not declared):
        state.write(UNKNOWN)
        state.status = 0
        return state
    shown = "n" not in options
    return _each(run, names, declared, state, lambda variable: variable._replace(exported=shown))


def read_only(run: Host, words: Words, declared: tuple[Assignment, ...], state: State) -> State:
    """Set variables that stay as they are."""
    _, names = _options(words)
    return _each(run, names, declared, state, lambda variable: variable._replace(readonly=True))


def local(run: Host, words: Words, declared: tuple[Assignment, ...], state: State) -> State:
    """Make variables those of the function that is being run."""
    return _declare(run, words, declared, state, is_local=bool(state.frames))


def declare(run: Host, words: Words, declared: tuple[Assignment, ...], state: State) -> State:
    """Set variables and what kind they are; in a function they are its own, unless ``-g`` stands there."""
    options, _ = _options(words)
    return _declare(run, words, declared, state, is_local=bool(state.frames) and "g" not in options)


def unset(_run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    """Remove variables and functions."""
    options, names = _options(words)
    state.status = 0
    for name in names:
        if UNKNOWN in name:
            state.variables.lose()
            continue
        bare, bracket, _ = name.partition("[")
        variable = state.variables.get(bare)
        if "f" in options or ("v" not in options and variable is None and state.functions.get(name) is not None):
            state.functions.set(name, None)
        elif variable is not None and variable.readonly:
            state.status = 1
        elif bracket and variable is not None:
            state.variables.set(bare, variable._replace(value=(SOME,)))
        else:
            state.variables.set(bare, UNSET)
    return state


def _options(words: Words) -> tuple[str, Words]:
    """Return the letters of the options, those with ``+`` left out, and the other words."""
    letters, position = "", 1
    while position < len(words) and words[position][:1] in ("-", "+") and len(words[position]) > 1:
        word = words[position]
        position += 1
        if word == "--":
            break
        letters += word[1:] if word[0] == "-" else ""
    return letters, words[position:]


def _declare(run: Host, words: Words, declared: tuple[Assignment, ...], state: State, *, is_local: bool) -> State:
    options, names = _options(words)
    if "f" in options or "F" in options:
        return _functions(names, state)
    if "p" in options or (not names and not declared):
        state.write(UNKNOWN)
        state.status = "success"
        return state
    if "n" in options:
        # What is set through another name is not followed.
        state.variables.lose()

    def changed(variable: Variable) -> Variable:
        value = variable.value
        if value is None and "a" in options:
            value = ()
        if {"i", "l", "u"}.intersection(options) and value is not None:
            value = UNKNOWN if not isinstance(value, tuple) else (SOME,)
        return variable._replace(
            value=value,
            exported=variable.exported or "x" in options,
            readonly=variable.readonly or "r" in options,
            mapping=variable.mapping or "A" in options,
        )

    return _each(run, names, declared, state, changed, is_local=is_local)


def _functions(names: Words, state: State) -> State:
    found = [state.functions.get(name) is not None for name in names if UNKNOWN not in name]
    state.write(UNKNOWN)
    state.status = int(not all(found)) if len(found) == len(names) else None
    return state


def _each(
    run: Host,
    names: Words,
    declared: tuple[Assignment, ...],
    state: State,
    change: Callable[[Variable], Variable],
    *,
    is_local: bool = False,
) -> State:
    status: int = 0
    for item in declared:
        if is_local:
            make_local(item.name, state)
        before = state.variables.get(item.name) or UNSET
        if before.readonly:
            status = 1
            continue
        if change(UNSET).mapping:
            state.variables.set(item.name, change(before))
        # What stands behind a declaration is a word, too, and braces in it make several.
        for value in brace_expanded(item.value, run.budget) if item.listed is None else [item.value]:
            assign(item._replace(value=value), run, state)
        state.variables.set(item.name, change(state.variables.get(item.name) or UNSET))
    for word in names:
        match = _NAME.match(word)
        if UNKNOWN in word.partition("=")[0]:
            state.variables.lose()
        elif match is None or (match.end() != len(word) and not match[2]):
            status = 1
        else:
            _name(word, match, state, change, is_local=is_local)
    state.status = status
    return state


def _name(
    word: str, match: re.Match[str], state: State, change: Callable[[Variable], Variable], *, is_local: bool
) -> None:
    name = match[1]
    if is_local:
        make_local(name, state)
        if not match[2] and state.process.dialect.has("arrays"):
            state.variables.set(name, UNSET)
    if match[2]:
        before = (state.variables.get(name) or UNSET).text or ""
        assign_value(name, (before if match[2] == "+=" else "") + word[match.end() :], state)
    variable = state.variables.get(name) or UNSET
    if not variable.readonly or match[2] is None:
        state.variables.set(name, change(variable))
