"""The kernels that Studio Classic would find in the image, in its order, and what their commands lead to.

Sources: jupyter_core ``paths.py`` (``jupyter_path``); jupyter_client ``kernelspec.py`` (``find_kernel_specs``);
nb_conda_kernels ``manager.py``; the start-up of a KernelGateway app as it was observed: ``JUPYTER_PATH`` becomes the
``share/jupyter`` of the prefix of the ``python`` that is found through ``PATH``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from posixpath import basename, dirname, join
from string import Template
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.conda import ENVIRONMENT_FILTER, Environment, find_environments
from ocianalyze.facts.kernels import KERNEL_MODULES, NATIVE, REWRITTEN, Kernel, Place
from ocianalyze.facts.kernelspecs import LARGEST, load_kernelspec
from ocianalyze.facts.modules import find_module
from ocianalyze.facts.python import Installation, find_installation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.facts.mounts import Mounts
    from ocianalyze.facts.shell import Shell
    from ocianalyze.filesystem.tree import Filesystem, Node

_SYSTEM: Final = ("/usr/local/share/jupyter/kernels", "/usr/share/jupyter/kernels")
_PYTHON: Final = re.compile(r"(?:python|pypy)[\d.]*t?", re.ASCII)
_SPEC_PATH: Final = re.compile(r"/kernels/[^/]+/kernel\.json\Z")
_VARIABLES: Final = frozenset({"PATH", "PYTHONPATH", "PYTHONHOME"})
"""The variables of a kernel that change where its command leads."""

_LONGEST_VALUE: Final = 64 * 1024
_OPTIONS_WITH_VALUES: Final = ("-X", "-W")


def find_kernels(
    shell: Shell, environment: Mapping[str, str], python: Installation | None, mounts: Mounts
) -> tuple[Kernel, ...]:
    """Return the kernels in the order in which they are searched, shadowed and hidden ones included.

    `python` is the installation of the ``python`` that is found through ``PATH``.

    Raises:
        ContentUnavailableError: a file that decides was not kept.
    """
    finder = _Finder(shell, environment, mounts)
    conda = list(finder.conda_kernels())
    prefixes = {dirname(kernel.directory): kernel.name for kernel in conda}
    first: dict[str, str] = {}
    found: list[Kernel] = []
    for kernel in (*finder.spec_kernels(python), *conda):
        shadowed_by = first.get(kernel.name) if kernel.hidden_by is None else None
        if kernel.hidden_by is None:
            first.setdefault(kernel.name, kernel.directory)
        conda_name = prefixes.get(dirname(kernel.directory)) if kernel.origin == "kernelspec" else None
        doubt = kernel.doubt or (f"Studio may list it as {conda_name!r} only" if conda_name else None)
        found.append(finder.with_command(replace(kernel, shadowed_by=shadowed_by, doubt=doubt)))
    return tuple(found)


def find_unlisted(filesystem: Filesystem, kernels: tuple[Kernel, ...]) -> tuple[str, ...]:
    """Return the paths of the ``kernel.json`` files that lie in a ``kernels`` directory that nobody searches."""
    listed = {kernel.node.id for kernel in kernels}
    paths = (node.path for node in filesystem.named("kernel.json") if node.id not in listed)
    return tuple(sorted(path for path in paths if _SPEC_PATH.search(path) and "/pkgs/" not in path))


class _Finder:
    def __init__(self, shell: Shell, environment: Mapping[str, str], mounts: Mounts) -> None:
        self._shell = shell
        self._filesystem = shell.filesystem
        self._environment = environment
        self._mounts = mounts
        self._installations: dict[str, Installation | None] = {}

    def spec_kernels(self, python: Installation | None) -> Iterator[Kernel]:
        for directory, place in self._search_directories(python):
            for kernel, node in self._kernels_in(directory):
                name = basename(kernel).lower()
                doubt = None
                if name == NATIVE and place == "system":
                    doubt = "it lies in a system directory, before which the service may find a python3 of its own"
                yield self._kernel(name, kernel, node, place, doubt=doubt)

    def conda_kernels(self) -> Iterator[Kernel]:
        for environment in find_environments(self._filesystem):
            if ENVIRONMENT_FILTER.search(environment.prefix):
                continue
            for kernel, node in self._kernels_in(join(environment.prefix, "share/jupyter/kernels")):
                yield self._conda_kernel(environment, kernel, node)

    def with_command(self, kernel: Kernel) -> Kernel:
        """Return `kernel` with what its command leads to."""
        argv = kernel.spec.argv
        word = argv[0].replace("{resource_dir}", kernel.directory) if argv else ""
        if kernel.spec.problem or not word or "{" in word:
            return kernel
        variables = {**self._environment, **_substituted(kernel.spec.env, self._environment)}
        shell = self._shell.with_environment(variables)
        if kernel.place == "conda":
            shell = replace(shell, path=(join(kernel.directory.partition("/share/jupyter/")[0], "bin"), *shell.path))
        program = shell.find(word)
        rewritten = kernel.origin == "kernelspec" and word in REWRITTEN
        if program.problem is None and basename(word) == "env" and (behind := _behind_env(argv)):
            argv = behind
            found = shell.find(argv[0])
            program = replace(found, visited=program.visited + found.visited)
        kernel = replace(kernel, program=program, rewritten=rewritten)
        if program.path is None or program.problem is not None or program.interpreter is not None:
            return kernel
        return self._with_python(kernel, program.path, argv, variables)

    def _with_python(self, kernel: Kernel, path: str, argv: tuple[str, ...], variables: Mapping[str, str]) -> Kernel:
        if not _PYTHON.fullmatch(basename(path)):
            return kernel
        if path not in self._installations:
            self._installations[path] = find_installation(self._filesystem, path)
        kernel = replace(kernel, python=self._installations[path])
        name = _module_of(argv)
        if kernel.python is None or name is None or "PYTHONHOME" in variables:
            return kernel
        module = find_module(
            self._filesystem,
            kernel.python,
            name,
            python_path=variables.get("PYTHONPATH", ""),
            home=self._shell.user.home,
            mounts=self._mounts,
        )
        return replace(kernel, module=module)

    def _search_directories(self, python: Installation | None) -> Iterator[tuple[str, Place]]:
        home, variables = self._shell.user.home, self._environment
        data = variables.get("XDG_DATA_HOME") or join(home, ".local/share")
        candidates: list[tuple[str, Place]] = []
        if python is not None:
            candidates.append((join(python.prefix, "share/jupyter/kernels"), "prefix"))
        candidates += [
            (join(variables.get("JUPYTER_DATA_DIR") or join(data, "jupyter"), "kernels"), "user"),
            *((directory, "system") for directory in _SYSTEM),
            (join(variables.get("IPYTHONDIR") or join(home, ".ipython"), "kernels"), "user"),
        ]
        seen: set[str] = set()
        for directory, place in candidates:
            real = self._filesystem.resolve(directory).path
            if real not in seen:
                seen.add(real)
                yield directory, place

    def _kernels_in(self, directory: str) -> Iterator[tuple[str, Node]]:
        """Yield each subdirectory that holds a file ``kernel.json``, and that file; symlinks are followed."""
        top = self._filesystem.lookup(directory)
        if top is None:
            return
        for child in self._filesystem.children_of(top):
            path = join(directory, child.name)
            node = self._filesystem.lookup(join(path, "kernel.json"))
            if node is not None and node.is_file:
                yield path, node

    def _kernel(self, name: str, directory: str, node: Node, place: Place, *, doubt: str | None) -> Kernel:
        hidden_by = self._mounts.hides_on_the_way(self._filesystem.resolve(join(directory, "kernel.json")))
        hidden_by = self._mounts.hides(directory) or hidden_by
        spec = load_kernelspec(node.read(LARGEST + 1))
        return Kernel(name, (), directory, node, "kernelspec", place, spec, hidden_by=hidden_by, doubt=doubt)

    def _conda_kernel(self, environment: Environment, directory: str, node: Node) -> Kernel:
        name, *aliases = environment.kernel_names(basename(directory))
        doubt = None if environment.certain else f"conda may not know the environment {environment.prefix}"
        kernel = self._kernel(name, directory, node, "conda", doubt=doubt)
        return replace(kernel, origin="conda", aliases=tuple(aliases))


def _substituted(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return those of a kernel's variables that matter, as jupyter_client makes them; without what is far too long."""
    found: dict[str, str] = {}
    for key in _VARIABLES & settings.keys():
        text = settings[key]
        if len(text) > _LONGEST_VALUE:
            continue
        names = (match["named"] or match["braced"] for match in Template.pattern.finditer(text))
        if len(text) + sum(len(environment.get(name, "")) for name in names if name) <= _LONGEST_VALUE:
            found[key] = Template(text).safe_substitute(environment)
    return found


def _behind_env(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command that ``env`` runs, or nothing where it has options or changes what the look-up depends on."""
    for position, word in enumerate(argv[1:], start=1):
        name, equals, _ = word.partition("=")
        if word.startswith("-") or not word or "{" in word or (equals and name in _VARIABLES):
            return ()
        if not equals:
            return () if "/" in word and not word.startswith("/") else argv[position:]
    return ()


def _module_of(argv: tuple[str, ...]) -> str | None:
    """Return the kernel module that ``python -m`` runs, if that is what the command is."""
    words = iter(argv[1:])
    for word in words:
        if word == "-m":
            module = next(words, "")
            return module if module.partition(".")[0] in KERNEL_MODULES else None
        if word in _OPTIONS_WITH_VALUES:
            next(words, "")
        elif not word.startswith("-"):
            return None
    return None
