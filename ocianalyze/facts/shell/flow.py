"""Compound commands of the shell: ``if``, ``case``, loops, groups, and the tests that stand alone.

A loop over what is known is gone through as it is. Where it is not known how often one is gone through, everything that
it changes is unknown behind it.

Source: POSIX.1-2024, "Shell Command Language", 2.9.4 (compound commands); bash(1), Compound Commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.budget import OutOfBudgetError
from ocianalyze.facts.shell.conditions import decide_test, match_pattern
from ocianalyze.facts.shell.reasons import reason_of
from ocianalyze.facts.shell.state import LoopFrame, State, joined
from ocianalyze.facts.shell.syntax import Calculation, Case, Condition, Counting, For, Group, If, Loop
from ocianalyze.facts.shell.values import SOME, Variable
from ocianalyze.facts.shell.ways import Doubt, End

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocianalyze.facts.shell.host import Host
    from ocianalyze.facts.shell.syntax import Word

_MOST_ROUNDS: Final = 1000
"""How often a loop is gone through one by one; after that, any number of times at once."""

_MOST_WIDENINGS: Final = 20


def _group(run: Host, node: Group, state: State) -> State | None:
    if not node.subshell:
        return run.items(node.body, state)
    ended = run.subshell(lambda sub: run.items(node.body, sub), state)
    if ended is None:
        return None
    run.adopt(state, ended)
    state.output = ended.output
    return run.checked(state)


def _if(run: Host, node: If, state: State) -> State | None:
    ended: list[State | None] = []
    remaining: State | None = state
    for condition, body in node.branches:
        if remaining is None:
            break
        after = run.condition(condition, remaining)
        if after is None:
            remaining = None
            break
        run.line = node.line
        holds, remaining = run.sides(after, lambda state, items=condition: reason_of(items, state, run))  # type: ignore[misc]
        ended.append(run.items(body, holds))
    if remaining is not None:
        remaining.status = 0
        ended.append(run.items(node.otherwise, remaining))
    return joined(ended)


def _case(run: Host, node: Case, state: State) -> State | None:
    run.line = node.line
    text = run.expander.text(node.word, state)
    ended: list[State | None] = []
    remaining: State | None = state
    falling: State | None = None
    state.status = 0
    for clause in node.clauses:
        if remaining is not None:
            found = _matches_any(run, clause.patterns, text, remaining)
            remaining.status = None if found is None else int(not found)
            going, remaining = run.sides(remaining, lambda state: reason_of((node.word,), state, run))
        else:
            going = None
        both = joined((falling, going))
        falling = None
        if both is not None:
            both.status = 0
            after = run.items(clause.body, both)
            if clause.end == ";&":
                falling = after
            elif clause.end == ";;&" and after is not None:
                remaining = joined((remaining, after))
            else:
                ended.append(after)
        if remaining is not None:
            remaining.status = 0
    return joined((*ended, falling, remaining))


def _matches_any(run: Host, patterns: tuple[Word, ...], text: str, state: State) -> bool | None:
    found: bool | None = False
    for pattern in patterns:
        answer = match_pattern(run.expander.pattern(pattern, state), text)
        if answer:
            return True
        found = None if answer is None else found
    return found


def _for(run: Host, node: For, state: State) -> State | None:
    run.line = node.line
    words = state.arguments if node.words is None else run.expander.words(node.words, state)
    state.status = 0
    frame = LoopFrame()
    run.loops.append(frame)
    try:
        current: State | None = state
        for number, word in enumerate(words):
            if current is None:
                break
            if word == SOME or number >= _MOST_ROUNDS:
                current = _any_number_of_times(run, current, lambda state: _round_of(run, node, UNKNOWN, state), frame)
                if number >= _MOST_ROUNDS:
                    break
            else:
                current = _round_of(run, node, word, current)
                current = joined((current, *frame.continued))
                frame.continued.clear()
    finally:
        run.loops.pop()
    return joined((current, *frame.broken))


def _round_of(run: Host, node: For, word: str, state: State) -> State | None:
    run.budget.step()
    run.assign(node.name, word, state)
    return run.items(node.body, state)


def _any_number_of_times(run: Host, state: State, body: Callable[[State], State | None], frame: LoopFrame) -> State:
    """Return the state behind a loop that is gone through any number of times, also none."""
    doubt = Doubt("how often a loop runs", run.place, holds=True)
    for _ in range(_MOST_WIDENINGS):
        before, inside = state.fork(), state.fork()
        inside.way = inside.way._replace(doubts=(*inside.way.doubts, doubt))
        after = joined((body(inside), *frame.continued))
        frame.continued.clear()
        if after is None:
            return state
        state = joined((state, after)) or state
        if not _widen(before, state):
            return state
    raise OutOfBudgetError("a loop in its scripts is too complex")


def _widen(before: State, after: State) -> bool:
    """Make unknown what a round has changed; tell whether it has changed anything."""
    changed = False
    for name in list(after.variables.changed(before.variables)):
        one, two = before.variables.get(name), after.variables.get(name)
        if one != two:
            changed = True
            if two is not None and two.value is not None:
                value = (SOME,) if isinstance(two.value, tuple) else UNKNOWN
                doubtful = two.doubtful or one is None or one.value is None
                after.variables.set(name, Variable(value, two.exported, doubtful, two.readonly, two.mapping))
    same = (
        before.arguments == after.arguments
        and before.directory == after.directory
        and before.options == after.options
        and before.input == after.input
        and before.output == after.output
    )
    if before.output != after.output and after.output is not None:
        after.output = UNKNOWN
    return changed or not same


def _loop(run: Host, node: Loop, state: State) -> State | None:
    def test(state: State) -> tuple[State | None, State | None]:
        after = run.condition(node.condition, state)
        if after is None:
            return None, None
        run.line = node.line
        holds, fails = run.sides(after, lambda state: reason_of(node.condition, state, run))
        return (fails, holds) if node.inverted else (holds, fails)

    return _repeat(run, state, test, lambda state: run.items(node.body, state))


def _counting(run: Host, node: Counting, state: State) -> State | None:
    def test(state: State) -> tuple[State | None, State | None]:
        run.line = node.line
        number = run.expander.number(node.condition, state) if node.condition.parts else 1
        state.status = None if number is None else int(not number)
        return run.sides(state, lambda state: reason_of((node.condition,), state, run))

    def body(state: State) -> State | None:
        after = joined((run.items(node.body, state), *run.loops[-1].continued))
        run.loops[-1].continued.clear()
        if after is not None:
            run.expander.number(node.step, after)
        return after

    run.expander.number(node.start, state)
    return _repeat(run, state, test, body)


def _repeat(
    run: Host,
    state: State,
    test: Callable[[State], tuple[State | None, State | None]],
    body: Callable[[State], State | None],
) -> State | None:
    """Go through a loop as long as its test holds; where that cannot be told, any number of times."""
    frame = LoopFrame()
    run.loops.append(frame)
    left: list[State | None] = []
    doubts, ends = state.way.doubts, run.count_ends()
    try:
        current: State | None = state
        rounds = 0
        while current is not None:
            run.budget.step()
            begun = current.fork()
            holds, fails = test(current)
            rounds += 1
            if holds is None:
                left.append(fails)
                break
            if fails is not None or rounds > _MOST_ROUNDS:
                left.append(_open_ended(run, begun, test, body, frame))
                break
            current = joined((body(holds), *frame.continued))
            frame.continued.clear()
            if current is not None and not _moves_on(begun, current):
                left.append(_wait(run, begun, test, body, frame))
                break
    finally:
        run.loops.pop()
    ended = joined((*left, *frame.broken))
    if ended is None:
        return None
    ended.status = 0
    if run.count_ends() == ends:
        # The loop is left somehow, or never: no way leads elsewhere.
        ended.way = ended.way._replace(doubts=doubts)
    return ended


def _wait(
    run: Host,
    state: State,
    test: Callable[[State], tuple[State | None, State | None]],
    body: Callable[[State], State | None],
    frame: LoopFrame,
) -> State | None:
    """Return the state behind a loop that changes nothing: it waits for something, or for nothing."""
    waiting, run.waiting = run.waiting, True
    try:
        ended = _open_ended(run, state, test, body, frame)
    finally:
        run.waiting = waiting
    if ended is None and not frame.broken:
        run.ends.append(End("stays", state.way, place=run.place))
    return ended


def _moves_on(before: State, after: State) -> bool:
    """Tell whether a round of a loop has changed anything."""
    names = list(after.variables.changed(before.variables))
    return (
        any(before.variables.get(name) != after.variables.get(name) for name in names)
        or before.arguments != after.arguments
        or before.input != after.input
        or before.directory != after.directory
        or before.way.jobs != after.way.jobs
    )


def _open_ended(
    run: Host,
    state: State,
    test: Callable[[State], tuple[State | None, State | None]],
    body: Callable[[State], State | None],
    frame: LoopFrame,
) -> State | None:
    left: list[State | None] = []

    def once(state: State) -> State | None:
        holds, fails = test(state)
        left.append(fails)
        return None if holds is None else body(holds)

    after = _any_number_of_times(run, state, once, frame)
    left.append(test(after)[1])
    return joined(left)


def _condition(run: Host, node: Condition, state: State) -> State | None:
    run.budget.step()
    run.line = node.test.line
    answer = decide_test(node.test, state, run.files(state), run.calls, run.expander)
    state.status = None if answer is None else int(not answer)
    return run.checked(state, reason_of((node,), state, run))


def _calculation(run: Host, node: Calculation, state: State) -> State | None:
    run.budget.step()
    run.line = node.line
    number = run.expander.number(node.expression, state)
    state.status = None if number is None else int(not number)
    return run.checked(state, reason_of((node.expression,), state, run))


_Handler: TypeAlias = "Callable[[Host, Any, State], State | None]"

COMPOUND: Final[dict[type, _Handler]] = {
    Calculation: _calculation,
    Case: _case,
    Condition: _condition,
    Counting: _counting,
    For: _for,
    Group: _group,
    If: _if,
    Loop: _loop,
}
"""What goes through each kind of compound command."""
