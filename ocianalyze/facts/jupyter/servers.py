"""The Jupyter servers that list kernels: Studio Classic's, which the image does not bring, and the image's own.

Sources: jupyter_client ``manager.py`` (``format_kernel_cmd``); the start-up of a KernelGateway app as it was observed;
pip and setuptools, which write the interpreter into the first line of ``jupyter-lab``, or, where that is too long or
has spaces, into the second one of a script of ``/bin/sh`` (distlib ``scripts.py``).
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from itertools import islice
from posixpath import basename, dirname
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.errors import UndecidedError
from ocianalyze.facts.python.installations import find_installation, is_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.programs.program import Program
    from ocianalyze.facts.python.installations import Installation

_SERVICE_PREFIX: Final = "/opt/.sagemakerinternal/conda"
_COMMANDS: Final = frozenset(
    {"jupyter", "jupyter-lab", "jupyter-labhub", "jupyter-notebook", "jupyter-server", "jupyterhub-singleuser"}
)
_USUAL: Final = ("jupyter-lab", "jupyter", "python", "python3")
"""What is asked for where the image's command does not tell: a server, else the Python that it is likely to run on."""

_SHELLS: Final = frozenset({"sh", "bash", "dash"})
_TRAMPOLINE: Final = b"\n'''exec' "
_LONGEST_LINE: Final = 64 * 1024


class Server(NamedTuple):
    """A Jupyter server.

    Attributes:
        executable: its Python (``sys.executable``).
        prefix: ``sys.prefix``.
        replaced: the commands for which it puts its own Python.
        installation: that Python, if it is one of the image's.
        program: the command that starts it, if the image has one.
    """

    executable: str
    prefix: str
    replaced: frozenset[str]
    installation: Installation | None = None
    program: Program | None = None


SERVICE: Final = Server(f"{_SERVICE_PREFIX}/bin/python", _SERVICE_PREFIX, frozenset({"python", "python3", "python3.7"}))
"""The server of Studio Classic, which was Python 3.7 in every log."""

NOWHERE: Final = Server("", "/nonexistent", frozenset())
"""A server of which nothing is known, because the image has no Python that could run one."""


def find_server(shell: Shell, command: Sequence[str]) -> Server | None:
    """Return the server of the image's own that `command` starts, or that would be started; None if there is none.

    `command` is the whole command, or a shell's command line in its last word.

    Raises:
        ContentUnavailableError: the first bytes of a program were not kept.
    """
    usual = ((word,) for word in _USUAL)
    for words in (*islice(_server_words(command), 1), *usual):
        word, program = words[0], server_program(shell, words)
        executable = _python_of(program, shell) if program.problem is None else None
        installation = find_installation(shell.filesystem, executable) if executable is not None else None
        if installation is not None and executable is not None:
            started = program if basename(word) in _COMMANDS else None
            return Server(executable, installation.prefix, _replaced(installation), installation, started)
    return None


def server_program(shell: Shell, words: Sequence[str]) -> Program:
    """Return the program that serves in the end: ``jupyter lab`` leads to a ``jupyter-lab``, maybe of another Python.

    Source: jupyter_core ``command.py`` (``_path_with_self``): beside ``jupyter``, then on ``PATH``, then in the
    ``bin`` of its Python.
    """
    program = shell.find(words[0])
    by_module = tuple(words[1:3]) == ("-m", "jupyter") and is_python(words[0])
    subcommand = words[3:4] if by_module else words[1:2] if basename(words[0]) == "jupyter" else ()
    if not subcommand or program.problem is not None or program.path is None:
        return program
    beside = dict.fromkeys(dirname(path) for path in (program.real, program.path) if path is not None)
    last = [dirname(program.binary.path)] if program.binary.path is not None else []
    places = (*shell.path, *last) if by_module else (*beside, *shell.path, *last)
    return replace(shell, path=places).find(f"jupyter-{subcommand[0]}")


def server_python(shell: Shell, words: Sequence[str]) -> Installation | None:
    """Return the Python that runs the server that a command starts, or that looks in vain for it; None if unknown."""
    if not words:
        return None
    program = server_program(shell, words)
    if program.problem is not None:
        program = shell.find(words[0])
    executable = _python_of(program, shell) if program.problem is None else None
    return find_installation(shell.filesystem, executable) if executable is not None else None


def _server_words(command: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield what in `command` is a Jupyter server, or the Python that runs one with ``-m``, with what follows."""
    words = list(command)
    if len(words) > 2 and basename(words[0]) in _SHELLS and words[1].startswith("-"):  # noqa: PLR2004 - sh -c LINE
        words = _split(words[2])
    for position, word in enumerate(words):
        following = words[position + 1 : position + 3]
        runs_module = len(following) > 1 and following[0] == "-m" and following[1].startswith("jupyter")
        if basename(word) in _COMMANDS or (is_python(word) and runs_module):
            yield words[position:]


def _split(line: str) -> list[str]:
    if len(line) > _LONGEST_LINE:
        raise UndecidedError(
            f"a shell command line has {len(line):,} characters, over the limit of {_LONGEST_LINE:,}",
            hint="Put the commands into a script",
        )
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _python_of(program: Program, shell: Shell) -> str | None:
    """Return the Python that runs `program`, as that is told to it: a path whose symlinks are not followed."""
    behind = _behind_trampoline(program)
    last = shell.find(behind) if behind is not None else program.binary
    return last.path if last.problem is None and last.path is not None and is_python(last.path) else None


def _behind_trampoline(program: Program) -> str | None:
    if program.interpreter is None or program.node is None or basename(program.interpreter.word) not in _SHELLS:
        return None
    _, found, line = program.node.head().partition(_TRAMPOLINE)
    words = _split(line.partition(b"\n")[0].decode("utf-8", "surrogateescape")) if found else []
    return words[0] if words else None


def _replaced(installation: Installation) -> frozenset[str]:
    versions = {f"python{version}" for version in installation.numbers}
    return frozenset({"python", *versions, *(version.partition(".")[0] for version in versions)})
