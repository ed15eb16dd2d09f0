"""The search for the program that does the work: through wrappers, shells and scripts, as far as they can be read.

Scripts are read where their contents are kept; what only a running shell can tell is left open, and said to be.
"""

from __future__ import annotations

from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.applications import application_of
from ocianalyze.facts.script_effects import Surroundings, with_prefix
from ocianalyze.facts.scripts import LONGEST, UNKNOWN, SimpleCommand, parse_script
from ocianalyze.facts.wrappers import SHELLS, ShellCall, Unwrapped, as_shell, unwrap
from ocianalyze.layers.capture import HEAD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.facts.applications import Application
    from ocianalyze.facts.shell import Shell
    from ocianalyze.filesystem.node import Node

_SCRIPTS: Final = (
    *("entrypoint", "entrypoint.sh", "docker-entrypoint", "docker-entrypoint.sh", "_entrypoint.sh", "entry.sh"),
    *("start", "start.sh", "startup.sh", "run.sh", "launch.sh", "cmd.sh", "init.sh", "start-server.sh"),
    *("jupyter.sh", "start-jupyter.sh", "start-jupyterlab.sh", "start-lab.sh", "run-jupyter.sh"),
    *("start-code-editor.sh", "code-editor.sh"),
)
"""What scripts are called that images start with; of others, as much is known as fits into the first bytes."""

READS: Final = tuple(f"**/{name}" for name in _SCRIPTS)

_SIGNALS: Final = frozenset({"TERM", "SIGTERM", "15", "INT", "SIGINT", "2", "QUIT", "SIGQUIT", "3"})
_MOST_STEPS: Final = 200
_MOST_SCRIPTS: Final = 16
_DEEPEST: Final = 12
_MOST_PARENTS: Final = 32


class Found(NamedTuple):
    """The program that does the work.

    Attributes:
        words: its command line; none if there is none or if it cannot be told.
        shell: how it is looked up.
        environment: the variables that it runs with.
        application: what is known of it, if it is one of those that Studio expects.
        opaque: why it cannot be told, if so; a clause.
        certain: whether it runs whatever the scripts on the way to it decide.
        located: whether all is known that decides where its program is looked up.
        visited: the names of the programs on the way, the outermost first.
        traps: the names of those of them that are scripts and trap signals.
    """

    words: tuple[str, ...]
    shell: Shell
    environment: Mapping[str, str]
    application: Application | None = None
    opaque: str | None = None
    certain: bool = True
    located: bool = True
    visited: tuple[str, ...] = ()
    traps: tuple[str, ...] = ()

    def inside(self, name: str, *, certain: bool = True, traps: bool = False) -> Found:
        """Return the same, come upon by way of `name`."""
        trapping = (name, *self.traps) if traps else self.traps
        return self._replace(visited=(name, *self.visited), certain=self.certain and certain, traps=trapping)


def search(words: Sequence[str], shell: Shell, environment: Mapping[str, str]) -> Found:
    """Return the program that does the work of a command.

    Raises:
        ContentUnavailableError: the first bytes of a program were not kept.
    """
    return _Search().follow(Found(tuple(words), shell, environment), 0)


class _Search:
    """Gives up after so many steps, scripts and levels, so that no image makes it go on for ever."""

    def __init__(self) -> None:
        self._steps = 0
        self._scripts = 0

    def follow(self, here: Found, depth: int) -> Found:
        """Return where the command `here` leads."""
        self._steps += 1
        if not here.words:
            return here
        if self._steps > _MOST_STEPS or depth > _DEEPEST:
            return _opaque(here, "there are too many commands within commands")
        if UNKNOWN in here.words[0]:
            return _opaque(here, "what it runs is decided when it runs")
        application = application_of(here.words)
        if application is not None:
            return here._replace(application=application)
        call = as_shell(here.words)
        if call is not None:
            return self._called(here, call, depth)
        inner = unwrap(here.words, here.environment)
        return self._in_file(here, depth) if inner is None else self._through(here, inner, depth)

    def _called(self, here: Found, call: ShellCall, depth: int) -> Found:
        if call.text is not None:
            return self._in_script(here._replace(words=(here.words[0], *call.arguments)), call.text, depth)
        if call.file is not None:
            return self._given_file(here._replace(words=(call.file, *call.arguments)), depth)
        return here

    def _given_file(self, here: Found, depth: int) -> Found:
        """Return what a script does that a shell is given, which need not be executable."""
        node = here.shell.filesystem.lookup(join(here.shell.directory, here.words[0]))
        if node is None or not node.is_file or UNKNOWN in here.words[0]:
            return self.follow(here, depth + 1)
        inner = unwrap(here.words, here.environment)
        text = _content(node)
        if text is None and inner is None:
            return _opaque(here, f"{node.path} is a script of which only the beginning is kept")
        if inner is not None:
            return self._through(here, inner, depth + 1)
        return self._in_script(here, text or "", depth + 1)

    def _through(self, here: Found, inner: Unwrapped, depth: int) -> Found:
        name = basename(here.words[0])
        if inner.opaque is not None:
            return _opaque(here, inner.opaque).inside(name)
        shell = here.shell.with_environment(inner.variables)
        located = here.located
        if inner.prefixes:
            prefix = _first_prefix(shell, inner.prefixes)
            located = located and prefix is not None
            shell = with_prefix(shell, prefix)
        environment = {**here.environment, **inner.variables}
        return self.follow(Found(inner.words, shell, environment, located=located), depth + 1).inside(name)

    def _in_file(self, here: Found, depth: int) -> Found:
        """Return what a program does that is a script of a shell; any other does the work itself."""
        program = here.shell.find(here.words[0])
        interpreter = program.interpreter
        if program.problem is not None and not here.located:
            return _opaque(here, "where it looks for its commands is decided when it runs")
        if program.problem is not None or interpreter is None:
            return here
        names = {basename(interpreter.word), basename(interpreter.path or "")}
        if not names & SHELLS:
            return here
        text = _content(program.node) if program.node is not None else None
        if text is None:
            return _opaque(here, f"{program.path} is a script of which only the beginning is kept")
        return self._in_script(here, text, depth)

    def _in_script(self, here: Found, text: str, depth: int) -> Found:
        """Return what a script does; the words of `here` are its name and its arguments."""
        name, arguments = basename(here.words[0]), here.words[1:]
        self._scripts += 1
        if len(text) > LONGEST or self._scripts > _MOST_SCRIPTS:
            return _opaque(here, "there are too many scripts, or they are too long").inside(name)
        commands = parse_script(text, here.environment, arguments)
        found, passed = self._commands(commands, here, depth)
        served = [(command, item) for command, item in found if item.application is not None]
        certain = True
        if len({item.words for _, item in served}) > 1:
            end = _opaque(here, "it starts one of several servers")
        elif served:
            end, certain = served[0][1], not served[0][0].nested
        elif passed is not None:
            end = self.follow(passed, depth + 1)
        elif len(found) == len(commands) == 1:
            end = found[0][1]
        elif any(command.words for command in commands):
            end = _opaque(here, "it is a script with work of its own")
        else:
            end = here._replace(words=())
        return end.inside(name, certain=certain, traps=any(map(_traps, commands)))

    def _commands(
        self, commands: Sequence[SimpleCommand], here: Found, depth: int
    ) -> tuple[list[tuple[SimpleCommand, Found]], Found | None]:
        """Return where the commands of the script `here` lead, and its arguments, if it runs them, to be followed."""
        arguments = here.words[1:]
        around = Surroundings(here.shell, here.environment, located=here.located)
        found: list[tuple[SimpleCommand, Found]] = []
        passed: Found | None = None
        for command in commands:
            if command.passes_arguments:
                if passed is None and _is_passed(command, arguments):
                    passed = _about_to_run(SimpleCommand(arguments, command.assignments), around)
            elif command.words:
                found.append((command, self.follow(_about_to_run(command, around), depth + 1)))
            around = around.after(command)
        return found, passed


def _opaque(here: Found, reason: str) -> Found:
    return here._replace(words=(), opaque=reason)


def _about_to_run(command: SimpleCommand, around: Surroundings) -> Found:
    variables = dict(command.assignments)
    shell = around.shell.with_environment(variables) if variables else around.shell
    environment = {**around.environment, **variables} if variables else around.environment
    return Found(command.words, shell, environment, located=around.located)


def _traps(command: SimpleCommand) -> bool:
    return command.words[:1] == ("trap",) and not _SIGNALS.isdisjoint(command.words[2:])


def _is_passed(command: SimpleCommand, arguments: tuple[str, ...]) -> bool:
    """Tell whether a command is the script's arguments, perhaps with ``exec`` or the like before them."""
    words = command.words[1:] if command.words[:1] == ("exec",) else command.words
    return bool(arguments) and words == arguments


def _first_prefix(shell: Shell, candidates: Sequence[str]) -> str | None:
    """Return the first of some environments that there is; a relative one may lie in any directory above."""
    for candidate in candidates:
        place = shell.directory
        for _ in range(_MOST_PARENTS):
            prefix = join(place, candidate)
            if shell.filesystem.lookup(join(prefix, "bin")) is not None:
                return prefix
            if candidate.startswith("/") or place == dirname(place):
                break
            place = dirname(place)
    return None


def _content(node: Node) -> str | None:
    """Return the text of a script, or None if no more than its beginning is kept."""
    has_head = node.is_executable or dirname(node.path).endswith("bin")
    if node.name in _SCRIPTS:
        content = node.read(most=LONGEST)
    elif node.size <= HEAD and has_head:
        content = node.head()
    else:
        return None
    return content.decode("utf-8", "surrogateescape")
