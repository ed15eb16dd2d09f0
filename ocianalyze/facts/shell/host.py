"""What the parts of the interpreter ask of it: commands know no more of it than this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocianalyze.facts.shell.budget import Budget
    from ocianalyze.facts.shell.expansion import Expander
    from ocianalyze.facts.shell.files import Files
    from ocianalyze.facts.shell.names import Calls
    from ocianalyze.facts.shell.state import LoopFrame, State
    from ocianalyze.facts.shell.syntax import Item
    from ocianalyze.facts.shell.values import Words
    from ocianalyze.facts.shell.ways import End, Launch, Place


class Host(Protocol):
    """The interpreter, as commands see it; `ocianalyze.facts.shell.run.Interpreter` says what each name is."""

    budget: Budget
    ends: list[End]
    calls: Calls
    expander: Expander
    loops: list[LoopFrame]
    returns: list[list[State]]
    waiting: bool
    line: int

    @property
    def place(self) -> Place:
        """Where in a script it is."""

    @property
    def checks_errors(self) -> bool:
        """Whether a failure counts here for ``set -e``."""

    def count_ends(self) -> int:
        """Count the ways that have ended so far."""

    def files(self, state: State) -> Files:
        """Return the file system as it is seen in a state."""

    def assign(self, name: str, value: str | Words, state: State) -> None:
        """Set a variable."""

    def give_up(self, reason: str, state: State) -> None:
        """End a way because it cannot be told what comes next."""

    def exit(self, state: State) -> None:
        """End the shell, or subshell."""

    def fail(self, word: str, text: str, state: State, *, status: int = 127) -> State | None:
        """End a shell because of what is not there."""

    def run_text(self, text: str, state: State | None, *, line: int = 1) -> State | None:
        """Go through a text in the shell that runs."""

    def run_sourced(self, text: str, state: State, script: str) -> State | None:
        """Go through a file in the shell that runs."""

    def subshell(self, run: Callable[[State], State | None], state: State) -> State | None:
        """Go through something in a subshell."""

    def adopt(self, state: State, ended: State) -> None:
        """Take over what the end of a subshell means for the one that started it."""

    def items(self, items: Sequence[Item], state: State | None) -> State | None:
        """Go through a list of commands."""

    def condition(self, items: Sequence[Item], state: State) -> State | None:
        """Go through commands whose failure does not count for ``set -e``."""

    def sides(self, state: State, reason: Callable[[State], str]) -> tuple[State | None, State | None]:
        """Return the state in which the last command succeeded, and that in which it failed."""

    def checked(self, state: State, reason: str = "") -> State | None:
        """Return the state behind a command, or None if ``set -e`` ends the script there."""

    def launch(self, words: Words, state: State, *, replaces: bool = False) -> State | None:
        """Start a program, and go on if it comes back."""

    def launch_of(self, words: Words, state: State) -> Launch:
        """Return a program that is started here."""
