"""What the commands of kernels lead to: programs, Pythons, modules.

Sources: jupyter_client ``manager.py`` (``format_kernel_cmd``), ``launcher.py``, ``provisioning/local_provisioner.py``
(the kernel's own variables); nb_conda_kernels ``runner.py``; env(1) of GNU coreutils.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import replace
from posixpath import join
from string import Template
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UndecidedError
from ocianalyze.facts.kernels.kernel import KERNEL_MODULES, Kernel
from ocianalyze.facts.kernels.launch import follow_kernel, is_to_be_followed
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.python.command_line import PythonCall, parse_python_call
from ocianalyze.facts.python.conda_names import RUNNER
from ocianalyze.facts.python.installations import Installation, find_installation, is_python
from ocianalyze.facts.python.modules import ModuleFinder, ModuleSearch
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.facts.commands.ends import Found
    from ocianalyze.facts.directories.mounts import Mounts
    from ocianalyze.facts.jupyter.servers import Server
    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.programs.program import Program

_VARIABLES: Final = frozenset({"PATH", "PYTHONPATH", "PYTHONHOME"})
"""The variables that change where a command leads."""

_PLACEHOLDER: Final = regex(r"\{([A-Za-z0-9_]+)\}")
_LONGEST_VALUE: Final = 64 * 1024
_IDLE: Final = "its command ends without starting a program that receives the connection file"


class KernelCommands:
    """Looks up the commands of kernels as one server starts them."""

    def __init__(self, shell: Shell, environment: Mapping[str, str], server: Server, mounts: Mounts) -> None:
        """Look up in the circumstances of `shell`, with the variables `environment` of the server."""
        self._shell = shell
        self._environment = dict(environment)
        self._server = server
        self._modules = ModuleFinder(shell.filesystem, shell.user.home, mounts)
        self._installations: dict[str, Installation | None] = {}

    def server_module(self, name: str) -> ModuleSearch | None:
        """Return where the server imports a module from, or None if its Python is none of the image's."""
        python = self._server.installation
        return None if python is None else self._modules.find(python, name, self._environment.get("PYTHONPATH", ""))

    def with_commands(self, kernels: Sequence[Kernel], *, conda_prefix: str | None) -> tuple[Kernel, ...]:
        """Return `kernels` with what their commands lead to.

        `conda_prefix` is that of the conda that activates environments.
        """
        return tuple(self._with_command(kernel, conda_prefix) for kernel in kernels)

    def _with_command(self, kernel: Kernel, conda_prefix: str | None) -> Kernel:
        argv = kernel.spec.argv
        if kernel.problem or not argv:
            return kernel
        rewritten = kernel.environment is None and argv[0] in self._server.replaced
        kernel = kernel._replace(rewritten=rewritten, command=self._formatted(kernel, conda_prefix))
        if self._server.installation is None and (rewritten or argv[0].startswith("{prefix}")):
            return kernel._replace(foreign=True)
        word = kernel.command[0] if kernel.environment is None else self._filled_in(kernel, argv[0])
        return self._look_up(kernel, (word, *argv[1:])) if word else kernel

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
        program = shell.find(argv[0])
        kernel = kernel._replace(program=program)
        if is_to_be_followed(argv, program):
            return self._follow(kernel, program, follow_kernel(argv, shell, self._all_variables(kernel, variables)))
        return self._with_python(kernel, argv, variables)

    def _follow(self, kernel: Kernel, first: Program, found: Found) -> Kernel:
        """Return `kernel` with what its command comes to, through `first`, the program that it names."""
        if found.failures:
            return kernel._replace(idle=found.failures[0].text)
        if found.application is None or not found.certain:
            reason = found.opaque or "; ".join(found.otherwise)
            return kernel._replace(unsure=reason) if reason else kernel._replace(idle=_IDLE)
        if not found.located:
            return kernel._replace(unsure=f"the location of {found.words[0]} is only known at run time")
        program = found.shell.find(found.words[0])
        kernel = kernel._replace(program=program._replace(visited=(*first.visited, *program.visited)))
        return self._with_python(kernel, found.words, found.environment)

    def _all_variables(self, kernel: Kernel, variables: Mapping[str, str]) -> Mapping[str, str]:
        """Return `variables` and the kernel's others, which a script may ask for."""
        return ChainMap(_others(kernel.spec.env, self._environment), dict(variables))

    def _with_python(self, kernel: Kernel, argv: Sequence[str], variables: Mapping[str, str]) -> Kernel:
        """Return `kernel` with the Python that its program is, if it is one, and the module that this runs."""
        program = kernel.program
        path = program.path if program is not None and program.problem is None else None
        if program is None or path is None or program.interpreter is not None or not is_python(path):
            return kernel
        if path not in self._installations:
            self._installations[path] = find_installation(self._shell.filesystem, path)
        python, call = self._installations[path], parse_python_call(argv)
        kernel = kernel._replace(python=python)
        problem = self._cannot_run(call, variables)
        if problem is not None:
            return kernel._replace(idle=problem)
        if python is None:
            return kernel._replace(unsure=f"{path} has no standard library")
        if call.module is None or call.module.partition(".")[0] not in KERNEL_MODULES:
            return kernel
        if "PYTHONHOME" in variables and not call.isolated:
            return kernel._replace(unsure=f"PYTHONHOME makes {path} search for its modules elsewhere")
        listed = "" if call.isolated else variables.get("PYTHONPATH", "")
        return kernel._replace(module=self._modules.find(python, call.module, listed))

    def _cannot_run(self, call: PythonCall, variables: Mapping[str, str]) -> str | None:
        """Return why a Python cannot do what it is told, if that is certain; a clause."""
        filesystem = self._shell.filesystem
        home = "" if call.isolated else variables.get("PYTHONHOME", "").partition(":")[0]
        if home.startswith("/") and UNKNOWN not in home and filesystem.lookup(join(home, "lib")) is None:
            return f"PYTHONHOME is {home}, which has no standard library"
        script = call.script or ""
        if script.startswith("/") and not {UNKNOWN, "{"}.intersection(script) and filesystem.lookup(script) is None:
            return f"the Python script {script} does not exist"
        return None


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
