"""What a running shell would know at one point of a script, and what led there.

Where a condition cannot be decided, both ways are gone from copies of the state, and joined again: what differs then is
unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.changes import Changes
from ocianalyze.facts.shell.values import SOME, UNSET, Store, joined_variable
from ocianalyze.facts.shell.ways import Way

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.shell.dialects import Dialect
    from ocianalyze.facts.shell.syntax import Command
    from ocianalyze.facts.shell.values import Variable
    from ocianalyze.facts.shell.variables import Variables

MAYBE_ERREXIT: Final = "errexit, perhaps"
"""Stands among the options where it is not known whether ``set -e`` is on."""

_STEPS_OF_A_CHANGE: Final = 3
"""What it costs to put together two variables, or two changes of a file, in steps of about a microsecond."""

Presumed: TypeAlias = Literal["success", "failure"]
Status: TypeAlias = "int | Presumed | None"
"""How a command ended: its number; what is presumed of a program that nobody can see into; None if it is open."""


class Unsure(NamedTuple):
    """Stands for a function of which it is not known what it is, or whether it is there."""


class Body(NamedTuple):
    """The body of a function, and the script that it stands in."""

    command: Command
    script: str


class Activator(NamedTuple):
    """Stands for the function that conda's hook defines, and where conda lies."""

    root: str


UNSURE: Final = Unsure()


class Process(NamedTuple):
    """What does not change while a shell runs.

    Attributes:
        shell: how commands are looked up at its start; its user.
        dialect: which shell it is.
        name: what it goes by (``$0``).
        names: the names of the programs that led to it, itself included.
    """

    shell: Shell
    dialect: Dialect
    name: str
    names: tuple[str, ...] = ()


class State:
    """The state of a shell.

    Attributes:
        process: what does not change.
        variables: its variables.
        functions: the bodies of its functions.
        arguments: the positional parameters, as a list of words.
        options: the names and letters of the options that are on.
        directory: the current directory, with what is unknown in it.
        status: how the last command ended.
        input: what is still to be read from standard input, if that is known.
        output: what was written to standard output, where somebody asks for it; else None.
        frames: for each function that is being run, what its local variables were before.
        changes: what was done to files.
        exit_trap: what is run when the shell exits.
        way: what led here.
    """

    __slots__ = (
        *("arguments", "changes", "directory", "exit_trap", "frames", "functions", "input", "options", "output"),
        *("process", "status", "variables", "way"),
    )

    def __init__(
        self, process: Process, variables: Variables, *, directory: str, arguments: tuple[str, ...] = ()
    ) -> None:
        self.process = process
        self.variables = variables
        self.functions: Store[Body | Unsure | Activator | None] = Store()
        self.arguments = arguments
        self.options: frozenset[str] = frozenset()
        self.directory = directory
        self.status: Status = 0
        self.input: str | None = ""
        self.output: str | None = None
        self.frames: tuple[dict[str, Variable], ...] = ()
        self.changes = Changes()
        self.exit_trap: str | None = None
        self.way = Way()

    def fork(self) -> State:
        """Return a state that is the same now, and on its own from now on."""
        new = State(self.process, self.variables.copy(), directory=self.directory, arguments=self.arguments)
        new.functions = self.functions.copy()
        new.changes = self.changes.copy()
        new.options, new.status, new.input, new.output = self.options, self.status, self.input, self.output
        new.frames, new.exit_trap, new.way = self.frames, self.exit_trap, self.way
        return new

    def write(self, text: str) -> None:
        """Note that something is written to standard output."""
        if self.output is not None:
            self.output += text


def joined(states: Iterable[State | None]) -> State | None:
    """Return the state that holds if any of some states does; None if there are none. Some of them are changed.

    A state that is there only if a command has failed of which it is presumed that it does not gives way to others:
    what they have done and it has not stays. Neighbours are joined, and what comes of that, and so on: one after the
    other would go through all that the first ones have changed for each of the rest.
    """
    left = list({id(state): state for state in states if state is not None}.values())
    while len(left) > 1:
        pairs = zip(left[::2], left[1::2], strict=False)
        left = [*(_either(*pair) for pair in pairs), *left[len(left) & ~1 :]]
    return left[0] if left else None


def _either(one: State, other: State) -> State:
    if one.way.presumed and not other.way.presumed:
        one, other = other, one
    _join(one, other)
    return one


def _join(one: State, other: State) -> None:
    gives_way = other.way.presumed and not one.way.presumed
    count = one.variables.join(other.variables, only_theirs=gives_way) + one.changes.join(other.changes)
    one.process.shell.filesystem.spend(_STEPS_OF_A_CHANGE * count)
    one.status = _joined_status(one.status, other.status, gives_way=gives_way)
    one.way = one.way.joined(other.way)
    if gives_way:
        return
    for name in list(one.functions.changed(other.functions)):
        if one.functions.get(name) is not other.functions.get(name):
            one.functions.set(name, UNSURE)
    if one.arguments != other.arguments:
        one.arguments = (SOME,)
    one.options = _joined_options(one.options, other.options)
    one.directory = one.directory if one.directory == other.directory else UNKNOWN
    one.input = one.input if one.input == other.input else None
    if one.output != other.output:
        one.output = None if one.output is None or other.output is None else UNKNOWN
    one.frames = tuple(map(_joined_frame, one.frames, other.frames))
    one.exit_trap = one.exit_trap if one.exit_trap == other.exit_trap else None


def _joined_options(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """Return the options that are on for sure, and `MAYBE_ERREXIT` if that is not known of ``errexit``."""
    doubtful = ("e" in one) != ("e" in other) or MAYBE_ERREXIT in one | other
    return (one & other) - {MAYBE_ERREXIT} | ({MAYBE_ERREXIT} if doubtful else frozenset())


def _joined_frame(one: dict[str, Variable], other: dict[str, Variable]) -> dict[str, Variable]:
    if one is other:
        return one
    return {name: joined_variable(one.get(name, UNSET), other.get(name, UNSET)) for name in {**one, **other}}


def _joined_status(one: Status, other: Status, *, gives_way: bool) -> Status:
    if one == other:
        return one
    if gives_way and one is not None:
        return "success" if one in (0, "success") else "failure"
    return "success" if {one, other} == {0, "success"} else None


class LoopFrame:
    """A loop that is being gone through: the states in which it is left, or begun anew."""

    def __init__(self) -> None:
        self.broken: list[State] = []
        self.continued: list[State] = []
