"""What the commands of kernels lead to: programs, Pythons, modules.

Sources: jupyter_client ``manager.py`` (``format_kernel_cmd``), ``launcher.py``, ``provisioning/local_provisioner.py``
(the kernel's own variables); nb_conda_kernels ``runner.py``; env(1) of GNU coreutils.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import replace
from posixpath import basename, join
from string import Template
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UndecidedError
from ocianalyze.facts.commands.tools import BASIC
from ocianalyze.facts.kernels.imports import Imports
from ocianalyze.facts.kernels.launch import follow_kernel, is_to_be_followed
from ocianalyze.facts.kernels.obstacles import Places, find_obstacle, script_of_python
from ocianalyze.facts.kernels.specs import CONNECTION_FILE
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.python.command_line import PythonCall, parse_python_call
from ocianalyze.facts.python.conda_names import RUNNER
from ocianalyze.facts.python.installations import Installation, find_installation, is_python
from ocianalyze.facts.shell import Launch
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.facts.commands.ends import Found
    from ocianalyze.facts.directories.mounts import Mounts
    from ocianalyze.facts.jupyter.servers import Server
    from ocianalyze.facts.kernels.kernel import Kernel
    from ocianalyze.facts.kernels.obstacles import Obstacle
    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.programs.program import Program
    from ocianalyze.facts.python.modules import ModuleSearch

_VARIABLES: Final = frozenset({"PATH", "PYTHONPATH", "PYTHONHOME"})
"""The variables that change where a command leads."""

_PLACEHOLDER: Final = regex(r"\{([A-Za-z0-9_]+)\}")
_LONGEST_VALUE: Final = 64 * 1024
_NO_KERNELS: Final = BASIC - {"[", "awk", "find", "install", "xargs"}
"""Programs that are no kernels, and start none."""

_IDLE: Final = "its command ends without starting a program that receives the connection file"


class KernelCommands:
    """Looks up the commands of kernels as one server starts them."""

    def __init__(self, shell: Shell, environment: Mapping[str, str], server: Server, mounts: Mounts) -> None:
        """Look up in the circumstances of `shell`, with the variables `environment` of the server."""
        self._shell = shell
        self._environment = dict(environment)
        self._server = server
        self._mounts = mounts
        self._imports = Imports(shell.filesystem, shell.user.home, mounts)
        self._installations: dict[str, Installation | None] = {}
        self._programs: dict[tuple[str, tuple[str, ...]], Program] = {}

    def server_module(self, name: str) -> ModuleSearch | None:
        """Return where the server imports a module from, or None if its Python is none of the image's."""
        python = self._server.installation
        return (
            None
            if python is None
            else self._imports.modules.find(python, name, self._environment.get("PYTHONPATH", ""))
        )

    def with_commands(self, kernels: Sequence[Kernel], *, conda_prefix: str | None) -> tuple[Kernel, ...]:
        """Return `kernels` with what their commands lead to.

        `conda_prefix` is that of the conda that activates environments.
        """
        return tuple(self._with_command(kernel, conda_prefix) for kernel in kernels)

    def _with_command(self, kernel: Kernel, conda_prefix: str | None) -> Kernel:
        argv = kernel.spec.argv
        if kernel.problem or not argv or kernel.provisioned:
            return kernel
        rewritten = kernel.environment is None and argv[0] in self._server.replaced
        kernel = kernel._replace(rewritten=rewritten, command=self._formatted(kernel, conda_prefix))
        if self._server.installation is None and (rewritten or argv[0].startswith("{prefix}")):
            return kernel._replace(foreign=True)
        word = kernel.command[0] if kernel.environment is None else self._filled_in(kernel, argv[0])
        rest = (self._filled_in(kernel, item) for item in argv[1:])
        return self._look_up(kernel, (word, *rest)) if word else kernel

    def _formatted(self, kernel: Kernel, conda_prefix: str | None) -> tuple[str, ...]:
        """Return the command with its placeholders replaced, the connection file's excepted (``format_kernel_cmd``)."""
        command = kernel.spec.argv
        if kernel.environment is not None and kernel.environment != self._server.prefix:
            command = (*RUNNER, conda_prefix or "", kernel.environment, *command)
        if command[0] in self._server.replaced:
            command = (self._server.executable, *command[1:])
        return tuple(self._filled_in(kernel, word) for word in command)

    def _filled_in(self, kernel: Kernel, word: str) -> str:
        """Return a word with its placeholders replaced; those that are not known stay as they are."""
        values = {"resource_dir": kernel.directory, "prefix": self._server.prefix}
        return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), word)

    def _look_up(self, kernel: Kernel, argv: tuple[str, ...]) -> Kernel:
        variables = ChainMap(_substituted(kernel.spec.env, self._environment), self._environment)
        shell = self._shell.with_environment(variables)
        if kernel.environment is not None:
            shell = replace(shell, path=(join(kernel.environment, "bin"), *shell.path))
        program = self._find(argv[0], shell)
        hidden = self._mounts.hides_any(program.visited) if program.problem is None else None
        kernel = kernel._replace(program=program, hidden=hidden)
        if hidden is not None:
            return kernel
        everything = self._all_variables(kernel, variables)
        if is_to_be_followed(argv, program):
            return self._follow(kernel, program, follow_kernel(argv, shell, everything), shell.directory)
        if kernel.relative:
            text = f"its command {kernel.spec.argv[0]!r} depends on the working directory of the server"
            return kernel._replace(unsure=text)
        return self._with_needs(kernel, Launch(argv, shell, everything), None)

    def _follow(self, kernel: Kernel, first: Program, found: Found, directory: str) -> Kernel:
        """Return `kernel` with what its command comes to, through `first`, the program that it names.

        The working directory is known if a script has left `directory`.
        """
        if found.failures:
            return kernel._replace(idle=found.failures[0].text)
        if found.opaque is not None:
            return kernel._replace(unsure=found.opaque)
        if found.application is None:
            return kernel._replace(idle="; ".join(found.otherwise) or _IDLE)
        if not found.certain:
            return kernel._replace(unsure="; ".join(found.otherwise))
        if not found.located and "/" not in found.words[0]:
            return kernel._replace(unsure=f"the location of {found.words[0]} is only known at run time")
        program = found.shell.find(found.words[0])
        kernel = kernel._replace(program=program._replace(visited=(*first.visited, *program.visited)))
        launch = Launch(found.words, found.shell, found.environment)
        return self._with_needs(kernel, launch, found.shell.directory if found.shell.directory != directory else None)

    def _all_variables(self, kernel: Kernel, variables: Mapping[str, str]) -> Mapping[str, str]:
        """Return `variables` and the kernel's others, which a script may ask for."""
        return ChainMap(_others(kernel.spec.env, self._environment), dict(variables))

    def _with_needs(self, kernel: Kernel, launch: Launch, directory: str | None) -> Kernel:
        """Return `kernel` with what its program needs: the installation of a Python, the file that it loads."""
        program = kernel.program
        path = program.path if program is not None and program.problem is None else None
        if program is None or path is None:
            return kernel
        if program.interpreter is None and basename(path) in _NO_KERNELS:
            return kernel._replace(idle=f"{path} does not start a kernel")
        if program.interpreter is None and is_python(path):
            kernel = self._with_python(kernel, path, launch, directory)
        else:
            obstacle = find_obstacle(launch.words, launch.shell, launch.environment, self._mounts, directory=directory)
            kernel = _with_obstacle(kernel, obstacle)
        python = kernel.python
        needed = program.visited
        if python is not None and python.home is not None and python.home_exists:
            needed = (*needed, python.home, *([python.base] if python.base is not None else []))
        return kernel._replace(hidden=self._mounts.hides_any(needed) or kernel.hidden)

    def _with_python(self, kernel: Kernel, path: str, launch: Launch, directory: str | None) -> Kernel:
        """Return `kernel` with the Python that its program is, and the module or script that this runs."""
        if path not in self._installations:
            self._installations[path] = find_installation(self._shell.filesystem, path)
        python, call, variables = self._installations[path], parse_python_call(launch.words), launch.environment
        kernel = kernel._replace(python=python)
        problem = self._home_problem(python, call, variables) or _refusal(path, call)
        if problem is not None:
            return kernel._replace(idle=problem)
        if call.script is not None and CONNECTION_FILE not in call.script:
            places = Places(launch.shell, self._mounts, directory)
            kernel = _with_obstacle(kernel, places.problem_of(basename(path), script_of_python(call.script)))
        if python is None:
            return kernel if kernel.obstacle else kernel._replace(unsure=f"{path} has no standard library")
        return self._imports.added(kernel, python, call, variables, launch.shell.user)

    def _find(self, word: str, shell: Shell) -> Program:
        """Return where a command leads; many kernels have the same."""
        key = word, shell.path
        if key not in self._programs:
            self._programs[key] = shell.find(word)
        return self._programs[key]

    def _home_problem(self, python: Installation | None, call: PythonCall, variables: Mapping[str, str]) -> str | None:
        """Return why a Python finds no standard library, if that is certain; a clause."""
        home = "" if call.isolated else variables.get("PYTHONHOME", "")
        if not home.startswith("/") or UNKNOWN in home:
            return None
        if python is not None and python.versions:
            return python.home_problem(self._shell.filesystem, home)
        if self._shell.filesystem.lookup(join(home.partition(":")[0], "lib")) is None:
            return f"PYTHONHOME is {home}, which has no standard library"
        return None


def _refusal(path: str, call: PythonCall) -> str | None:
    """Return why a Python exits at once because of its options, if so; a clause. Other Pythons have others."""
    refused = call.refused if basename(path).startswith("python") else None
    return f"{path} exits at once: {refused}" if refused is not None else None


def _with_obstacle(kernel: Kernel, obstacle: Obstacle | None) -> Kernel:
    if obstacle is None:
        return kernel
    if obstacle.kind == "unsure":
        return kernel._replace(unsure=obstacle.text)
    if obstacle.directory is not None:
        return kernel._replace(obstacle=obstacle, hidden=(obstacle.path, obstacle.directory))
    return kernel._replace(obstacle=obstacle)


def _substituted(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return those of a kernel's variables that decide where programs are, as jupyter_client makes them.

    Raises:
        UndecidedError: one is longer than any that is examined.
    """
    found: dict[str, str] = {}
    for key in sorted(_VARIABLES & settings.keys()):
        size = _size(settings[key], environment)
        if size > _LONGEST_VALUE:
            raise UndecidedError(
                f"kernel variable {key} has up to {size:,} characters, over the limit of {_LONGEST_VALUE:,}",
                hint="Shorten the variable in kernel.json",
            )
        found[key] = Template(settings[key]).safe_substitute(environment)
    return found


def _others(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the other variables; what they are cannot be told of those that are very long."""
    found: dict[str, str] = {}
    left = _LONGEST_VALUE
    for key in sorted(settings.keys() - _VARIABLES):
        left -= _size(settings[key], environment)
        found[key] = Template(settings[key]).safe_substitute(environment) if left >= 0 else UNKNOWN
    return found


def _size(text: str, environment: Mapping[str, str]) -> int:
    """Return how many characters a text has at most once variables have taken the place of their names."""
    names = (match["named"] or match["braced"] for match in Template.pattern.finditer(text))
    return len(text) + sum(len(environment.get(name, "")) for name in names if name)
