"""Variables of a script are set: texts, arrays, and parts of arrays.

Source: POSIX.1-2024, "Shell Command Language", 2.9.1; bash(1), PARAMETERS and Arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.budget import OutOfBudgetError
from ocianalyze.facts.shell.values import LONGEST_VALUE, MOST_WORDS, SOME, UNSET, Variable, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ocianalyze.facts.shell.host import Host
    from ocianalyze.facts.shell.state import State
    from ocianalyze.facts.shell.syntax import Assignment, Word
    from ocianalyze.facts.shell.values import Words


def assign_value(name: str, value: str | Words, state: State, *, exported: bool | None = None) -> None:
    """Set a variable, unless it is readonly; it stays exported if it was."""
    before = state.variables.get(name) or UNSET
    if before.readonly:
        return
    size = len(value) if isinstance(value, str) else sum(map(len, value))
    if size > LONGEST_VALUE or (not isinstance(value, str) and len(value) > MOST_WORDS):
        raise OutOfBudgetError(f"the value of ${name} is longer than {LONGEST_VALUE:,} characters")
    kept = before.exported or "a" in state.options if exported is None else exported or before.exported
    state.variables.set(name, Variable(value, exported=kept))


def assign_all(assignments: Iterable[Assignment], run: Host, state: State, *, exported: bool | None = None) -> None:
    """Make the assignments of a command, in their order."""
    for assignment in assignments:
        assign(assignment, run, state, exported=exported)


def assign(assignment: Assignment, run: Host, state: State, *, exported: bool | None = None) -> None:
    """Make one assignment."""
    name = assignment.name
    before = state.variables.get(name) or UNSET
    value: str | Words
    if before.mapping and not before.readonly:
        _evaluate(assignment, run, state)
        return
    if assignment.listed is not None:
        value = _listed(assignment.listed, run, state)
        value = (*before.words, *value) if assignment.appends else value
    elif assignment.subscript is not None:
        value = _with_element(before, assignment, run, state)
    else:
        value = run.expander.text(assignment.value, state, assigned=True)
        if assignment.appends and isinstance(before.value, tuple):
            value = (SOME,)
        elif assignment.appends:
            value = shortened((before.text or "") + value)
        elif isinstance(before.value, tuple):
            value = (value, *before.value[1:]) if SOME not in before.value[:1] else (SOME,)
    assign_value(name, value, state, exported=exported)


def _evaluate(assignment: Assignment, run: Host, state: State) -> None:
    """Expand what is assigned to an associative array, of which nothing is kept."""
    run.expander.text(assignment.value, state)
    for _, word in assignment.listed or ():
        run.expander.text(word, state)


def _listed(listed: tuple[tuple[Word | None, Word], ...], run: Host, state: State) -> Words:
    found: list[str] = []
    for index, word in listed:
        if index is None:
            found += run.expander.words((word,), state)
            continue
        number = run.expander.number(index, state)
        value = run.expander.text(word, state)
        if number == len(found) and SOME not in found:
            found.append(value)
        else:
            return (SOME,)
    return tuple(found)


def _with_element(before: Variable, assignment: Assignment, run: Host, state: State) -> Words:
    """Return an array with one element set; one with gaps is not followed."""
    number = None if assignment.subscript is None else run.expander.number(assignment.subscript, state)
    value = run.expander.text(assignment.value, state)
    words = before.words
    if number is None or SOME in words[: number + 1] or number < 0 or number > len(words):
        return (SOME,)
    if assignment.appends and number < len(words):
        value = shortened(words[number] + value)
    return (*words[:number], value, *words[number + 1 :])


def restore(before: Mapping[str, Variable | None], state: State) -> None:
    """Give variables back what they had before a command that was run with others."""
    for name, variable in before.items():
        state.variables.set(name, variable)


def make_local(name: str, state: State) -> None:
    """Make a variable one of the function that is being run."""
    if not state.frames:
        return
    frame = state.frames[-1]
    if name not in frame:
        state.frames = (*state.frames[:-1], {**frame, name: state.variables.get(name) or UNSET})


def unknown_value(variable: Variable) -> str | Words:
    """Return what a variable comes to once something unknown has changed it."""
    return (SOME,) if isinstance(variable.value, tuple) else UNKNOWN
