"""The way from a command to the program that does the work: through wrappers, shells and scripts, as they would run.

Scripts are interpreted (`facts.shell`); of what is no script of a shell, well-known names tell what it runs. What
nobody can see into is taken to come back, and if nothing follows that serves, is said to be what the search ends at.
"""

from __future__ import annotations

from dataclasses import replace
from posixpath import basename, join
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.commands.ends import Found, combine
from ocianalyze.facts.commands.other_servers import is_other_server
from ocianalyze.facts.commands.supervisors import Program as Service
from ocianalyze.facts.commands.supervisors import UnknownProgramsError, is_s6, programs_of_supervisord, services_of_s6
from ocianalyze.facts.commands.tools import BASIC, BASIC_WRAPPERS, TOOLS, may_fail, may_install, note_changes, stays
from ocianalyze.facts.commands.wrapper_launch import find_absence, launch_within
from ocianalyze.facts.commands.wrappers import SUPERVISORS, ShellCall, as_shell, unwrap
from ocianalyze.facts.programs.scripts import UNKNOWN, UnreadableError, text_of
from ocianalyze.facts.programs.shebangs import ShebangError, parse_shebang
from ocianalyze.facts.python.installations import is_python
from ocianalyze.facts.shell import (
    OTHER,
    SOME,
    Budget,
    End,
    Failure,
    Files,
    Interpreter,
    Launch,
    OutOfBudgetError,
    Process,
    Returned,
    State,
    Variable,
    Variables,
    dialect_of,
    is_doubtful,
    is_script,
    login_files,
    refusal_of,
    result_of,
    with_options,
)
from ocianalyze.facts.user.accounts import find_user

if TYPE_CHECKING:
    from ocianalyze.facts.commands.ends import Recognise
    from ocianalyze.facts.commands.unwrapped import Unwrapped
    from ocianalyze.facts.programs.applications import Application
    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.programs.program import Program
    from ocianalyze.filesystem.node import Node

_NOT_RUNNABLE: Final = frozenset({"not-runnable", "empty"})
_INTERPRETERS: Final = frozenset({"node", "R", "Rscript", "julia", "perl", "ruby", "java", "php", "deno", "bun"})
_PRIVILEGED: Final = 0o6000
"""The bits of programs that run as their owner, or with their group."""
_CAPABILITIES: Final = "security.capability"
_PLAIN_CALL: Final = ShellCall(None, None, ())


def walk(launch: Launch, recognise: Recognise, budget: Budget) -> Found:
    """Return the program that does the work of a command: the one that `recognise` knows.

    Raises:
        ContentUnavailableError: the first bytes of a program were not kept.
    """
    try:
        return combine(_Walk(recognise, budget).run(launch), launch)
    except (OutOfBudgetError, RecursionError) as error:
        reason = str(error) if isinstance(error, OutOfBudgetError) else "its commands are nested too deeply"
        return Found((), launch.shell, launch.environment, opaque=reason)


class _Walk:
    """Starts programs for an `Interpreter`, and follows where they lead."""

    def __init__(self, recognise: Recognise, budget: Budget) -> None:
        self._recognise = recognise
        self._budget = budget
        self._run = Interpreter(self, budget)
        self._found: dict[tuple[str, tuple[str, ...], str, int | None], Program] = {}

    def run(self, launch: Launch) -> list[End]:
        """Return where all ways end that begin with a program."""
        process = Process(launch.shell, OTHER, launch.words[0])
        state = State(process, Variables(launch.environment), directory=launch.shell.directory)
        self._run.exits = [[]]
        returned = self._follow(launch, state)
        if returned is not None:
            if returned.missing is not None and unwrap(launch.words, launch.environment) is not None:
                name = basename(launch.words[0])
                last = state.way.last or launch
                failure = Failure(last.words[0], returned.missing, name)
                state.way = state.way._replace(failures=(*state.way.failures, failure))
            self._run.ends.append(End("ends", state.way, launch=state.way.last))
        return self._run.ends

    def start(self, launch: Launch, state: State) -> Returned | None:
        """Go through what a program does that a script starts."""
        return self._follow(launch, state)

    def _follow(self, launch: Launch, state: State) -> Returned | None:
        self._budget.step()
        self._budget.enter()
        try:
            return self._program(launch, state)
        finally:
            self._budget.leave()

    def _program(self, launch: Launch, state: State) -> Returned | None:  # noqa: C901, PLR0911 - one case after the other
        word = launch.words[0]
        if UNKNOWN in word:
            return self._unseen(launch, state, "the program that it runs is only known at run time")
        name = basename(word)
        if name in TOOLS and name not in ("conda", "mamba", "micromamba", "pixi", "poetry", "pipx"):
            return self._tool(launch, state)
        program = self._find(word, launch.shell)
        application = self._recognise(launch.words, program)
        if _is_script(program, launch, state):
            returned, decided = self._script(program, launch, state, application)
            if decided:
                return returned
        if application is not None:
            self._serve(application, launch, state)
            return None
        call = as_shell(launch.words)
        if call is not None:
            return self._shell(call, program, launch, state)
        if launch.names and program.problem is not None and name not in BASIC_WRAPPERS:
            missing = self._missing(program, launch, state)
            if missing is not None:
                return missing
        if name == "supervisord" or (name == "init" and is_s6(launch)):
            return self._supervise(launch, state)
        inner = unwrap(launch.words, launch.environment)
        if inner is not None:
            return self._through(launch, inner, state)
        return self._other(program, launch, state)

    def _find(self, word: str, shell: Shell) -> Program:
        key = (word, shell.path, shell.directory, shell.user.uid)
        if key not in self._found:
            self._found[key] = shell.find(word)
        return self._found[key]

    # --- what is known of a program -----------------------------------------------------------------------------------

    def _serve(self, application: Application, launch: Launch, state: State) -> None:
        place = self._run.place if launch.names else None
        self._run.ends.append(End("serves", state.way, launch, application, place, changes=state.changes.copy()))

    def _unseen(self, launch: Launch, state: State, reason: str) -> Returned:
        """Go on behind a program that cannot be analyzed."""
        state.way = state.way._replace(
            unseen=reason, last=launch, installs=state.way.installs or may_install(launch.words)
        )
        note_changes(launch.words, self._run.files(state), state.changes)
        state.write(UNKNOWN)
        return Returned(None if may_fail(launch.words) else "success")

    def _missing(self, program: Program, launch: Launch, state: State) -> Returned | None:
        """Return how it ends that a program is not there, or may not be run; None if it may be there all the same."""
        problem = program.problem
        if problem is None or not launch.located or state.way.installs:
            return None
        if program.path is not None and state.changes.at(program.path) is not None:
            return None
        if (
            program.node is None
            and "/" in launch.words[0]
            and self._run.files(state).look(launch.words[0]).exists is None
        ):
            return None
        state.way = state.way._replace(last=launch)
        status = 126 if program.node is not None else 127
        return Returned(status, problem.text)

    def _tool(self, launch: Launch, state: State) -> Returned | None:
        """Go through a program that does its work and comes back."""
        name = basename(launch.words[0])
        program = self._find(launch.words[0], launch.shell)
        state.way = state.way._replace(last=launch)
        if program.problem is not None and name not in BASIC:
            missing = self._missing(program, launch, state)
            if missing is not None:
                return missing
        result = result_of(launch, self._run, state)
        if result is not None:
            state.write(result[0])
            status = result[1]
        else:
            if stays(launch.words):
                self._run.ends.append(End("stays", state.way, launch, place=self._run.place))
                return None
            state.write(UNKNOWN)
            status = None if may_fail(launch.words) else "success"
        refusal = self._refusal(launch, state)
        note_changes(launch.words, self._run.files(state), state.changes)
        if refusal is not None:
            return Returned(1, refusal)
        if may_install(launch.words):
            state.way = state.way._replace(installs=True)
        if program.problem is not None and state.output is None and launch.located:
            # It is a system's own: that it is missing is noted where that matters, and an oversight elsewhere.
            return Returned(status, program.problem.text)
        return Returned(status)

    def _refusal(self, launch: Launch, state: State) -> str | None:
        """Return why a tool surely fails, unless a program that was not looked into may have changed that."""
        node = self._find(launch.words[0], launch.shell).node
        privileged = node is not None and (node.mode & _PRIVILEGED or _CAPABILITIES in node.xattrs)
        if is_doubtful(state) or not launch.located or privileged:
            return None
        files = Files(launch.shell, state.changes, launch.shell.directory, waiting=self._run.waiting)
        reason = refusal_of(launch.words, files)
        return f"{basename(launch.words[0])} fails, because {reason}" if reason is not None else None

    def _other(self, program: Program, launch: Launch, state: State) -> Returned | None:
        """Go through a program that is none of those that are known."""
        if is_other_server(launch.words):
            self._run.ends.append(End("stays", state.way, launch, place=self._run.place))
            return None
        result = result_of(launch, self._run, state)
        if result is not None:
            state.way = state.way._replace(last=launch)
            state.write(result[0])
            return Returned(result[1])
        if program.problem is not None and not launch.names:
            state.way = state.way._replace(last=launch)
            return Returned(127, program.problem.text)
        return self._unseen(launch, state, _what_is_unseen(launch, program))

    # --- shells and scripts -------------------------------------------------------------------------------------------

    def _script(
        self, program: Program, launch: Launch, state: State, application: Application | None
    ) -> tuple[Returned | None, bool]:
        """Go through a script; say whether that has led to a decision.

        It need not if its name tells what it does: as it were that of an `application`, or of a wrapper.
        """
        if application is None and not _is_known(launch):
            return self._run_script(program, launch, state), True
        before, count = state.fork(), len(self._run.ends)
        returned = self._run_script(program, launch, state)
        ends = self._run.ends[count:]
        if returned is not None:
            ends.append(End("ends", state.way, launch=state.way.last))
        found = combine(ends, launch)
        if found.opaque is None and (found.application is not None or (application is None and not found.failures)):
            return returned, True
        del self._run.ends[count:]
        failures = state.way.failures
        for slot in State.__slots__:
            setattr(state, slot, getattr(before, slot))
        state.way = state.way._replace(failures=failures)
        return None, False

    def _run_script(self, program: Program, launch: Launch, state: State) -> Returned | None:
        node = program.node
        if node is None or program.path is None:
            return self._unseen(launch, state, _what_is_unseen(launch, program))
        hidden = launch.shell.mounts.hides_any(program.visited) if launch.shell.mounts is not None else None
        if hidden is not None and launch.names:
            self._run.give_up(f"{hidden[0]} is hidden by the volume mounted on {hidden[1]}", state)
            return None
        if program.interpreter is None:
            return self._run_file(node, launch.words[0], launch.words[1:], launch, state)
        try:
            interpreter, argument = parse_shebang(node.head())
        except ShebangError:
            return self._unseen(launch, state, _what_is_unseen(launch, program))
        path = program.path if "/" not in launch.words[0] else launch.words[0]
        words = (interpreter, *((argument,) if argument else ()))
        inner = unwrap(words, {}) if basename(interpreter) == "env" else None
        if inner is not None and inner.words and not (inner.variables or inner.clears or inner.removed):
            words = inner.words
        return self._follow(launch._replace(words=(*words, path, *launch.words[1:])), state)

    def _shell(self, call: ShellCall, program: Program, launch: Launch, state: State) -> Returned | None:  # noqa: PLR0911 - one case after the other
        if launch.names and program.problem is not None:
            missing = self._missing(program, launch, state)
            if missing is not None:
                return missing
        if call.text is not None:
            return self._run_text(call.text, call, launch, state, script=basename(launch.words[0]), program=program)
        if call.file is None:
            state.way = state.way._replace(last=launch)
            state.write(UNKNOWN)
            state.changes.doubtful = True
            return Returned("success")
        if UNKNOWN in call.file:
            return self._unseen(launch, state, "the script that it runs is only known at run time")
        files = self._run.files(state)
        path = self._file_of(call.file, launch, state)
        seen = files.look(path)
        if not seen.sure and seen.present is None:
            change = state.changes.at(files.full(path))
            if change is not None and change.text is not None:
                return self._run_text(change.text, call, launch, state, script=path, program=program)
            what = "is written or changed at run time" if change is not None else "only exists at run time"
            self._run.give_up(f"{path} {what}", state)
            return None
        node = seen.present
        if node is None or not node.is_file or files.test("r", path) is False:
            state.way = state.way._replace(last=launch)
            reason = "is not readable" if node is not None and node.is_file else "does not exist"
            return Returned(127, f"{path} {reason}")
        if node.head()[:4] == b"\x7fELF":
            state.way = state.way._replace(last=launch)
            return Returned(126, f"{path} is not a script")
        return self._run_file(node, path, call.arguments, launch, state, call=call, program=program)

    def _file_of(self, word: str, launch: Launch, state: State) -> str:
        """Return the path of a script that a shell is given; one that is not here may be on ``PATH``."""
        files = self._run.files(state)
        if "/" in word or files.look(word).exists is not False:
            return files.full(join(launch.shell.directory, word))
        program = launch.shell.find(word)
        return program.path if program.path is not None else files.full(join(launch.shell.directory, word))

    def _run_file(
        self,
        node: Node,
        path: str,
        arguments: tuple[str, ...],
        launch: Launch,
        state: State,
        *,
        call: ShellCall | None = None,
        program: Program | None = None,
    ) -> Returned | None:
        try:
            text = text_of(node)
        except UnreadableError as error:
            self._run.give_up(str(error), state)
            return None
        call = (call or _PLAIN_CALL)._replace(arguments=arguments, name=path)
        return self._run_text(text, call, launch, state, script=node.path, program=program)

    def _run_text(
        self, text: str, call: ShellCall, launch: Launch, state: State, *, script: str, program: Program | None
    ) -> Returned | None:
        """Go through a script as a shell of its own does."""
        self._budget.script()
        self._budget.text(len(text))
        own = basename(call.name or script) if call.text is None else basename(launch.words[0])
        names = (*launch.names, own)
        dialect = state.process.dialect if program is None else dialect_of(launch.words[0], program)
        process = Process(launch.shell, dialect, call.name or launch.words[0], names)
        inner = State(
            process, Variables(launch.environment), directory=launch.shell.directory, arguments=call.arguments
        )
        inner.options, _ = with_options(frozenset(), call.options)
        inner.changes, inner.way = state.changes.copy(), state.way._replace(last=None)
        inner.input, inner.output = state.input, state.output
        if not launch.located:
            inner.variables.set("PATH", Variable(f"{UNKNOWN}:{':'.join(launch.shell.path)}", exported=True))
        started: State | None = inner
        if call.login:
            started = self._log_in(inner)
        ended = None if started is None else self._run.run_script(text, started, script)
        if ended is None:
            return None
        self._run.adopt(state, ended)
        state.output = ended.output
        if not self._run.fatal:
            state.way = state.way._replace(exits=())
        return Returned(ended.status)

    def _log_in(self, state: State) -> State | None:
        """Go through the files that a login shell reads first."""
        current: State | None = state
        for node in login_files(state.process.shell, state):
            if current is None:
                return None
            try:
                text = text_of(node)
            except UnreadableError as error:
                self._run.give_up(str(error), current)
                return None
            self._budget.script()
            options, current.options = current.options, current.options - {"e", "u"}
            current = self._run.run_login(text, current, node.path)
            if current is not None:
                current.options = options
        return current

    def _supervise(self, launch: Launch, state: State) -> Returned | None:
        """Go through what a supervisor starts, all of it at once, and what stands behind its own name."""
        name = basename(launch.words[0])
        try:
            programs = programs_of_supervisord(launch) if name == "supervisord" else services_of_s6(launch)
        except UnknownProgramsError as error:
            names = (*launch.names, name)
            self._run.ends.append(End("opaque", state.way, launch._replace(names=names), reason=str(error)))
            return None
        for program in programs:
            self._run.background(lambda sub, program=program: self._service(program, launch, sub), state)  # type: ignore[misc]
        command = launch.words[1:] if name == "init" else ()
        if command:
            return self._follow(launch._replace(words=command, names=(*launch.names, name)), state)
        last = launch._replace(names=(*launch.names, name))
        self._run.ends.append(End("stays", state.way, last, place=self._run.place, changes=state.changes.copy()))
        return None

    def _service(self, program: Service, launch: Launch, state: State) -> State | None:
        variables = Variables(launch.environment).exported(program.variables)
        shell = launch.shell
        if program.directory is not None and UNKNOWN not in program.directory:
            shell = replace(shell, directory=join(shell.directory, program.directory))
        if program.user is not None and UNKNOWN not in program.user:
            shell = replace(shell, user=find_user(shell.filesystem, program.user, variables))
        names = (*launch.names, basename(launch.words[0]))
        returned = self._follow(Launch(program.words, shell, variables, names, launch.located), state)
        return None if returned is None else state

    # --- wrappers -----------------------------------------------------------------------------------------------------

    def _through(self, launch: Launch, inner: Unwrapped, state: State) -> Returned | None:
        name = basename(launch.words[0])
        names = (*launch.names, name)
        if inner.opaque is not None:
            state.way = state.way._replace(last=launch)
            self._run.ends.append(
                End("opaque", state.way, launch._replace(names=names), place=None, reason=inner.opaque)
            )
            return None
        if not inner.words or inner.words[0] == SOME:
            if inner.words:
                return self._unseen(launch, state, "the program that it runs is only known at run time")
            state.way = state.way._replace(last=launch._replace(words=(), names=names))
            return Returned("success")
        absence = None if state.way.installs else find_absence(launch, inner)
        if absence is not None:
            state.way = state.way._replace(last=launch, refused=absence)
            return Returned(1, absence)
        if inner.installs:
            state.way = state.way._replace(installs=True)
        within = launch_within(launch, inner)
        if inner.tasks and "/" not in within.words[0] and self._find(within.words[0], within.shell).problem is not None:
            return self._unseen(launch, state, f"{name} may run a task named {within.words[0]}, which is not analyzed")
        return self._follow(within, state)


def _is_script(program: Program, launch: Launch, state: State) -> bool:
    """Tell whether a program is a script of a shell; one without ``#!`` is if it is a shell that runs it."""
    if program.node is not None and program.problem is not None and program.problem.code in _NOT_RUNNABLE:
        return bool(launch.names)
    return is_script(program, changed=program.path is not None and state.changes.at(program.path) is not None)


def _is_known(launch: Launch) -> bool:
    """Return whether the name of a program says what it does."""
    name = basename(launch.words[0])
    return name in SUPERVISORS or unwrap(launch.words, launch.environment) is not None


def _what_is_unseen(launch: Launch, program: Program) -> str:
    """Return which program cannot be analyzed."""
    words = [word.replace(UNKNOWN, "...") for word in launch.words]
    name = basename(words[0])
    script = next((word for word in words[1:] if not word.startswith("-")), None)
    if is_python(name) and words[1:2] == ["-c"]:
        return f"{name} -c runs inline code, which cannot be analyzed"
    if (is_python(name) or name in _INTERPRETERS) and script is not None:
        return f"{name} runs {script}, which cannot be analyzed"
    path = program.path or words[0]
    if program.interpreter is not None:
        return f"{path} is a {basename(program.interpreter.word)} program, which cannot be analyzed"
    return f"{path} cannot be analyzed"
