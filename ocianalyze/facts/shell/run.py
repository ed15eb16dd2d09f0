"""A shell script gone through without running it: what it does to its variables, and where its ways end.

Conditions that can be decided are; where one cannot, both ways are gone, and joined behind it. What is started is left
to a `Launcher`, which says whether it comes back.

Sources: POSIX.1-2024, "Shell Command Language", 2.8 (exit status and errors), 2.9 (commands), ``set`` (errexit);
bash(1).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from ocianalyze.facts.programs.program import DEFAULT_PATH, split_path
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.activation import activate
from ocianalyze.facts.shell.assigning import assign_all, assign_value, restore
from ocianalyze.facts.shell.builtins import BUILTINS, is_builtin
from ocianalyze.facts.shell.expansion import Expander, ExpansionError, UnfollowedError
from ocianalyze.facts.shell.files import Files
from ocianalyze.facts.shell.flow import COMPOUND
from ocianalyze.facts.shell.names import Calls
from ocianalyze.facts.shell.parser import Parser
from ocianalyze.facts.shell.reader import SyntaxProblem
from ocianalyze.facts.shell.reasons import reason_of
from ocianalyze.facts.shell.redirections import RefusedError, content_of, keep, redirect, undo
from ocianalyze.facts.shell.state import MAYBE_ERREXIT, Activator, Body, LoopFrame, State, joined
from ocianalyze.facts.shell.syntax import Assignment, Function, Redirected, Simple
from ocianalyze.facts.shell.values import UNSET
from ocianalyze.facts.shell.ways import Doubt, End, Failure, Job, Launch, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ocianalyze.facts.shell.budget import Budget
    from ocianalyze.facts.shell.state import Status
    from ocianalyze.facts.shell.syntax import Chain, Command, Item, Pipeline, Substitution
    from ocianalyze.facts.shell.values import Words


class Returned(NamedTuple):
    """A program that was started came back: how it ended, and why it could not be started or do its work, if so."""

    status: Status
    missing: str | None = None


class Launcher(Protocol):
    """Starts programs."""

    def start(self, launch: Launch, state: State) -> Returned | None:
        """Go through what a program does, noting it in the state; return None if it does not come back."""


class NoReturnError(Exception):
    """A command substitution does not come back: what it is a part of is never run."""


class Interpreter:
    """Goes through scripts, and collects where their ways end.

    Attributes:
        budget: what may still be done.
        ends: where ways end.
        calls: the files and functions that are being run.
        expander: what expands words.
        loops, returns, exits: for each loop, function and shell that is being run, the states in which it is left.
        fatal: whether the end of this shell is the end of the container.
        waiting: whether time passes, in which others may make files that are not there yet.
        line: the line that is being run.
    """

    def __init__(self, launcher: Launcher, budget: Budget) -> None:
        self.budget = budget
        self.ends: list[End] = []
        self.calls = Calls()
        self.expander = Expander(self)
        self.loops: list[LoopFrame] = []
        self.returns: list[list[State]] = []
        self.exits: list[list[State]] = []
        self.fatal = True
        self.waiting = False
        self.line = 0
        self._launcher = launcher
        self._script = ""
        self._lenient = 0
        self._substituted: Status = 0
        self._paths: dict[str, tuple[Words, bool]] = {}

    # --- where it is, and where it ends -------------------------------------------------------------------------------

    @property
    def place(self) -> Place:
        """Where in a script it is."""
        return Place(self._script, self.line)

    @property
    def checks_errors(self) -> bool:
        """Whether a failure counts here for ``set -e``."""
        return not self._lenient

    def count_ends(self) -> int:
        """Count the ways that have ended so far, and those that have left a function or a shell."""
        return len(self.ends) + sum(map(len, self.exits)) + sum(map(len, self.returns))

    def files(self, state: State) -> Files:
        """Return the file system as it is seen in a state."""
        return Files(state.process.shell, state.changes, state.directory, waiting=self.waiting)

    def assign(self, name: str, value: str | Words, state: State) -> None:
        """Set a variable."""
        assign_value(name, value, state)

    def give_up(self, reason: str, state: State) -> None:
        """End a way because it cannot be told what comes next."""
        self.ends.append(End("opaque", state.way, place=self.place, reason=reason))

    def exit(self, state: State) -> None:
        """End the shell, or subshell."""
        if self.fatal and len(self.exits) == 1 and not state.way.presumed:
            condition = f", depending on {state.way.doubts[-1]}" if state.way.doubts else ""
            state.way = state.way._replace(exits=(f"the script ends at {self.place} without starting it{condition}",))
        self.exits[-1].append(state)

    def fail(self, word: str, text: str, state: State, *, status: int = 127) -> State | None:
        """End a shell because of what is not there.

        If that ends the container on every way, it is noted, and the rest is followed anyway, to see what would have
        been started.
        """
        state.status = status
        only_way = not (state.way.doubts or state.way.presumed or self.exits[0] or self.ends)
        if self.fatal and len(self.exits) == 1 and only_way:
            failure = Failure(word, text, self.place, status)
            state.way = state.way._replace(failures=(*state.way.failures, failure))
            state.status = "success"
            return state
        self.exit(state)
        return None

    # --- scripts, shells within shells --------------------------------------------------------------------------------

    def run_script(self, text: str, state: State, script: str) -> State | None:
        """Go through the script of a shell of its own; return the state in which it ends, None if it never does."""
        with self._own(script, Calls((state.process.name,))):
            self.exits = [[]]
            ended = joined((self.run_text(text, state), *self.exits[0]))
            if ended is None or not ended.exit_trap:
                return ended
            trap, ended.exit_trap, self.exits = ended.exit_trap, None, [[]]
            status = ended.status
            ended = joined((self.run_text(trap, ended), *self.exits[0]))
            if ended is not None:
                ended.status = status
            return ended

    @contextmanager
    def _own(self, script: str, calls: Calls) -> Iterator[None]:
        """Run a shell that knows nothing of the loops, functions and files of the one that started it."""
        before = (self.calls, self.loops, self.returns, self.exits, self._lenient, self._script, self.line)
        self.calls, self.loops, self.returns, self._lenient, self._script = calls, [], [], 0, script
        self.budget.enter()
        try:
            yield
        finally:
            self.budget.leave()
            self.calls, self.loops, self.returns, self.exits, self._lenient, self._script, self.line = before

    def run_text(self, text: str, state: State | None, *, line: int = 1) -> State | None:
        """Go through a text in the shell that runs."""
        if state is None:
            return None
        parser = Parser(text, state.process.dialect, line=line)
        try:
            for items in parser.complete_commands():
                state = self.items(items, state)
                if state is None:
                    return None
        except SyntaxProblem as problem:
            self.line = problem.line
            if state is not None:
                self.give_up(f"{self.place} cannot be parsed: {problem.message}", state)
            return None
        return state

    def run_sourced(self, text: str, state: State, script: str) -> State | None:
        """Go through a file in the shell that runs."""
        before = (self.calls, self._script, self.line, self.loops)
        self.calls = Calls((script, *self.calls.sources), ("source", *self.calls.functions))
        self._script, self.loops = script, []
        self.returns.append([])
        self.budget.enter()
        try:
            after = self.run_text(text, state)
        finally:
            self.budget.leave()
            returned = self.returns.pop()
            self.calls, self._script, self.line, self.loops = before
        return joined((after, *returned))

    def run_login(self, text: str, state: State, script: str) -> State | None:
        """Go through a file that a login shell reads before its script."""
        with self._own(script, Calls((script,))):
            self.exits, self.returns = [[]], [[]]
            ended = joined((self.run_text(text, state), *self.returns[0]))
            if ended is not None and not self.exits[0]:
                return ended
            # What ends there ends the shell.
            return joined((ended, *self.exits[0]))

    def subshell(self, run: Callable[[State], State | None], state: State) -> State | None:
        """Go through something in a subshell; return the state in which that ends, None if it never does."""
        sub = state.fork()
        sub.exit_trap = None
        loops, self.loops = self.loops, []
        self.exits.append([])
        self.returns.append([])
        self.budget.enter()
        try:
            after = run(sub)
        finally:
            self.budget.leave()
            self.loops = loops
            exits, returned = self.exits.pop(), self.returns.pop()
        return joined((after, *exits, *returned))

    @staticmethod
    def adopt(state: State, ended: State) -> None:
        """Take over what the end of a subshell, or of another shell, means for the one that started it."""
        state.status, state.way, state.changes = ended.status, ended.way, ended.changes

    def capture(self, substitution: Substitution, state: State) -> str:
        """Return what a command substitution comes to."""
        if substitution.process:
            self.background(lambda sub: self.items(substitution.body, sub), state)
            return UNKNOWN
        try:
            content = content_of(substitution.body, self, state)
        except RefusedError:
            self._substituted = state.status = 1
            return ""
        if content is not None:
            self._substituted = state.status = 0
            return content.rstrip("\n")

        def run(sub: State) -> State | None:
            sub.output = ""
            if not sub.process.dialect.strict:
                sub.options -= {"e"}
            return self.items(substitution.body, sub)

        ended = self.subshell(run, state)
        if ended is None:
            raise NoReturnError
        self.adopt(state, ended)
        self._substituted = ended.status
        return UNKNOWN if ended.output is None else ended.output.rstrip("\n")

    def background(self, run: Callable[[State], State | None], state: State) -> None:
        """Go through something that runs beside what follows."""
        collected, self.ends = self.ends, []
        try:
            ended = self.subshell(run, state)
        finally:
            own, self.ends = self.ends, collected
        if ended is not None:
            beside = ended.way.unseen if ended.way.unseen != state.way.unseen else state.way.beside
            state.way = state.way._replace(beside=beside, installs=ended.way.installs)
            state.changes = ended.changes
        if own:
            job = Job(tuple(own), certain=ended is None or ended.way.presumed)
            state.way = state.way._replace(jobs=(*state.way.jobs, job))

    # --- lists --------------------------------------------------------------------------------------------------------

    def items(self, items: Sequence[Item], state: State | None) -> State | None:
        """Go through a list of commands."""
        for item in items:
            if state is None:
                return None
            if item.background:
                self.background(lambda sub, item=item: self.chain(item.chain, sub), state)  # type: ignore[misc]
                state.status = 0
            else:
                state = self.chain(item.chain, state)
        return state

    def condition(self, items: Sequence[Item], state: State) -> State | None:
        """Go through commands whose failure does not count for ``set -e``."""
        self._lenient += 1
        try:
            return self.items(items, state)
        finally:
            self._lenient -= 1

    def chain(self, chain: Chain, state: State) -> State | None:
        """Go through pipelines with ``&&`` and ``||`` between them."""
        if not chain.rest:
            return self.pipeline(chain.first, state)
        after = self._leniently(chain.first, state)
        previous = chain.first
        for number, (operator, pipeline) in enumerate(chain.rest):
            if after is None:
                return None
            succeeded, failed = self.sides(after, lambda state, part=previous: reason_of(part, state, self))  # type: ignore[misc]
            going, skipping = (succeeded, failed) if operator == "&&" else (failed, succeeded)
            if going is not None:
                last = number == len(chain.rest) - 1
                going = self.pipeline(pipeline, going) if last else self._leniently(pipeline, going)
            after = joined((going, skipping))
            previous = pipeline
        return after

    def _leniently(self, pipeline: Pipeline, state: State) -> State | None:
        self._lenient += 1
        try:
            return self.pipeline(pipeline, state)
        finally:
            self._lenient -= 1

    def sides(self, state: State, reason: Callable[[State], str]) -> tuple[State | None, State | None]:
        """Return the state in which the last command succeeded, and that in which it failed, as far as either may be.

        What is presumed of a command is taken for sure, but the other way is gone, too: it counts if it ends in a
        server, and is forgotten otherwise.
        """
        status = state.status
        if isinstance(status, int):
            return (state, None) if status == 0 else (None, state)
        succeeded, failed = state, state.fork()
        succeeded.status, failed.status = 0, 1
        if status is None:
            text, place = reason(state), self.place
            succeeded.way = succeeded.way._replace(doubts=(*succeeded.way.doubts, Doubt(text, place, holds=True)))
            failed.way = failed.way._replace(doubts=(*failed.way.doubts, Doubt(text, place, holds=False)))
        elif status == "success":
            failed.way = failed.way._replace(presumed=True)
        else:
            succeeded.way = succeeded.way._replace(presumed=True)
        return succeeded, failed

    def pipeline(self, pipeline: Pipeline, state: State) -> State | None:
        """Go through commands with ``|`` between them."""
        if not pipeline.negated:
            return self._pipeline(pipeline, state)
        self._lenient += 1
        try:
            after = self._pipeline(pipeline, state)
        finally:
            self._lenient -= 1
        if after is not None:
            status = after.status
            after.status = int(status == 0) if isinstance(status, int) else _OPPOSITE[status]
        return after

    def _pipeline(self, pipeline: Pipeline, state: State) -> State | None:
        if len(pipeline.commands) == 1:
            return self.command(pipeline.commands[0], state)
        statuses: list[Status] = []
        passed, alive = state.input, True
        for number, command in enumerate(pipeline.commands):
            last = number == len(pipeline.commands) - 1

            def run(
                sub: State,
                command: Command = command,
                passed: str | None = passed,
                last: bool = last,  # noqa: FBT001 - a default that is bound in a loop
            ) -> State | None:
                sub.input = passed
                sub.output = sub.output if last else ""
                return self.command(command, sub)

            ended = self.subshell(run, state)
            if ended is None:
                alive = False
                passed = None
                continue
            self.adopt(state, ended)
            statuses.append(ended.status)
            passed = ended.output
            if last:
                state.output = ended.output
        if not alive:
            return None
        state.status = statuses[-1]
        if "pipefail" in state.options:
            state.status = _first_failure(statuses)
        return self.checked(state)

    # --- commands -----------------------------------------------------------------------------------------------------

    def checked(self, state: State, reason: str = "") -> State | None:
        """Return the state behind a command, or None if ``set -e`` ends the script there."""
        if self._lenient or state.status == 0 or isinstance(state.status, str):
            return state
        maybe = MAYBE_ERREXIT in state.options
        if "e" not in state.options and not maybe:
            return state
        if state.status is None or maybe:
            status, failed = state.status, state.fork()
            text = reason or "the exit status of a command"
            failed.way = failed.way._replace(doubts=(*failed.way.doubts, Doubt(text, self.place, holds=False)))
            failed.status, state.status = 1, 0 if status is None and not maybe else status
            state.way = state.way._replace(doubts=(*state.way.doubts, Doubt(text, self.place, holds=True)))
            self.exit(failed)
            return state
        self.exit(state)
        return None

    def command(self, command: Command, state: State) -> State | None:  # noqa: PLR0911 - one case after the other
        """Go through one command."""
        if isinstance(command, Simple):
            return self._simple(command, state)
        self.budget.enter()
        try:
            if isinstance(command, Function):
                state.functions.set(command.name, Body(command.body, self._script))
                state.status = 0
                return state
            if isinstance(command, Redirected):
                return self._redirected(command, state)
            return COMPOUND[type(command)](self, command, state)
        except NoReturnError:
            return None
        except ExpansionError as error:
            return self.fail("", str(error), state, status=1)
        except UnfollowedError as error:
            self.give_up(f"{error} ({self.place})", state)
            return None
        finally:
            self.budget.leave()

    def _redirected(self, command: Redirected, state: State) -> State | None:
        self.line = command.line
        try:
            saved = redirect(command.redirections, self, state)
        except RefusedError as refused:
            return self._refuse("", str(refused), state)
        after = self.command(command.command, state)
        if after is not None:
            undo(saved, after)
        return after

    def _simple(self, command: Simple, state: State) -> State | None:  # noqa: PLR0911 - one case after the other
        self.budget.step()
        self.line = command.line
        self._substituted = 0
        words: Words = ()
        try:
            words, declared = self._words(command, state)
            saved = redirect(command.redirections, self, state)
            if not words:
                assign_all(command.assignments, self, state)
                state.status = self._substituted
                undo(saved, state)
                return self.checked(state, "the exit status of a command substitution")
            after = self._execute(words, declared, command, state)
        except NoReturnError:
            return None
        except RefusedError as refused:
            if not words and state.process.dialect.has("arrays"):
                assign_all(command.assignments, self, state)  # bash does, dash does not
            return self._refuse(words[0] if words else "", str(refused), state)
        except ExpansionError as error:
            return self.fail("", str(error), state, status=1)
        except UnfollowedError as error:
            self.give_up(f"{error} ({self.place})", state)
            return None
        if after is None:
            return None
        if words[0] == "exec":
            keep(saved, after)
        else:
            undo(saved, after)
        return self.checked(after, reason_of(command, after, self) if after.status is None else "")

    def _refuse(self, word: str, text: str, state: State) -> State | None:
        """Go on behind a command that is not run, because one of its files cannot be opened."""
        dialect = state.process.dialect
        is_special = dialect.strict and word in _SPECIAL and state.functions.get(word) is None
        status = 2 if dialect.strict and not dialect.has("arrays") else 1
        if is_special or ("e" in state.options and not self._lenient):
            return self.fail(word, text, state, status=status)
        state.status = status
        state.way = state.way._replace(refused=f"the command at {self.place} does not run, because {text}")
        return self.checked(state, text)

    def _words(self, command: Simple, state: State) -> tuple[Words, tuple[Assignment, ...]]:
        plain = [word for word in command.words if not isinstance(word, Assignment)]
        declared = tuple(word for word in command.words if isinstance(word, Assignment))
        return self.expander.words(plain, state), declared

    def _execute(self, words: Words, declared: tuple[Assignment, ...], command: Simple, state: State) -> State | None:
        name = words[0]
        function = state.functions.get(name) if UNKNOWN not in name else None
        if isinstance(function, Activator) or (name in CONDAS and words[1:2] in (("activate",), ("deactivate",))):
            if words[1:2] in (("activate",), ("deactivate",)):
                return self._activate(words, state)
            function = None
        if function is None and not is_builtin(name, state.process.dialect):
            extra = {
                item.name: self.expander.text(item.value, state, assigned=True)
                for item in command.assignments
                if item.listed is None
            }
            return self.launch(words, state, extra)
        before = {item.name: state.variables.get(item.name) for item in command.assignments}
        assign_all(command.assignments, self, state, exported=True)
        after: State | None
        if isinstance(function, Body):
            after = self.call(function, words, state)
        elif function is not None:
            after = self._unsure(words, state)
        else:
            state.way = state.way._replace(last=None)
            after = BUILTINS[name](self, words, declared, state)
        if (
            after is not None
            and before
            and not (function is None and state.process.dialect.strict and name in _SPECIAL)
        ):
            restore(before, after)
        return after

    def _activate(self, words: Words, state: State) -> State | None:
        """Go through ``conda activate``: by the function of its name, or else by the program, which refuses."""
        if state.functions.get(words[0]) is not None:
            state.way = state.way._replace(last=None)
            return activate(self, words, state)
        launch = self.launch_of(words, state)
        if launch.located and launch.shell.find(words[0]).problem is not None:
            return self.launch(words, state)
        return activate(self, words, state)

    def call(self, function: Body, words: Words, state: State) -> State | None:
        """Go through a function."""
        arguments, state.arguments = state.arguments, words[1:]
        state.frames = (*state.frames, {})
        before = (self.calls, self._script, self.loops)
        self.calls = self.calls._replace(functions=(words[0], *(self.calls.functions or ("main",))))
        self._script, self.loops = function.script, []
        self.returns.append([])
        self.budget.enter()
        try:
            after = self.command(function.command, state)
        finally:
            self.budget.leave()
            self.calls, self._script, self.loops = before
            returned = self.returns.pop()
        ended = joined((after, *returned))
        if ended is None:
            return None
        ended.arguments = arguments
        for name, variable in ended.frames[-1].items():
            ended.variables.set(name, variable)
        ended.frames = ended.frames[:-1]
        return ended

    def _unsure(self, words: Words, state: State) -> State:
        """Go on behind a command of which it is not known whether it is a function."""
        state.variables.lose()
        state.status = None
        state.way = state.way._replace(unseen=f"it runs {words[0]}, which may be a function", last=None)
        return state

    # --- programs -----------------------------------------------------------------------------------------------------

    def launch(
        self, words: Words, state: State, extra: dict[str, str] | None = None, *, replaces: bool = False
    ) -> State | None:
        """Start a program, instead of the shell if it `replaces` that, and go on if it comes back."""
        launch = self.launch_of(words, state, extra)
        fatal = self.fatal
        self.fatal = fatal and len(self.exits) == 1 and (replaces or ("e" in state.options and not self._lenient))
        try:
            returned = self._launcher.start(launch, state)
        finally:
            self.fatal = fatal
        if returned is None:
            return None
        state.status = returned.status
        if state.status is None and not self._lenient:
            state.status = "success"
        ends_here = replaces or ("e" in state.options and not self._lenient)
        if returned.missing is not None and ends_here:
            status = returned.status if isinstance(returned.status, int) and returned.status else 127
            after = self.fail(words[0], returned.missing, state, status=status)
            if after is None or not replaces:
                return after
        if replaces:
            state.exit_trap = None
            self.exit(state)
            return None
        return state

    def launch_of(self, words: Words, state: State, extra: dict[str, str] | None = None) -> Launch:
        """Return a program that is started here."""
        environment = state.variables.exported(extra)
        without = "" if state.variables.get("PATH") == UNSET else DEFAULT_PATH
        known, complete = self._directories(environment.get("PATH", without))
        located = complete and UNKNOWN not in state.directory
        path = known if located else tuple(dict.fromkeys((*known, *state.process.shell.path)))
        directory = state.process.shell.directory if UNKNOWN in state.directory else state.directory
        shell = replace(state.process.shell, path=path, directory=directory)
        if not located:
            environment = state.variables.exported({**(extra or {}), "PATH": ":".join(path)})
        return Launch(words, shell, environment, state.process.names, located)

    def _directories(self, value: str) -> tuple[Words, bool]:
        """Return the directories of a ``PATH`` that can be told, and whether those are all."""
        if value not in self._paths:
            directories = [item or "." for item in split_path(value)]
            known = tuple(item for item in directories if UNKNOWN not in item)
            self._paths[value] = (known, len(known) == len(directories))
        return self._paths[value]


def _first_failure(statuses: Sequence[Status]) -> Status:
    """Return how a pipeline ends where it fails if any of its commands does."""
    known = [status for status in statuses if isinstance(status, int) and status]
    if known:
        return known[-1]
    if None in statuses:
        return None
    return "failure" if "failure" in statuses else "success" if "success" in statuses else 0


_OPPOSITE: Final[dict[Status, Status]] = {"success": "failure", "failure": "success", None: None}
CONDAS: Final = frozenset({"conda", "mamba", "micromamba"})
_SPECIAL: Final = frozenset({":", ".", "eval", "exec", "export", "readonly", "set", "unset", "trap", "shift", "times"})
