"""What a wrapper starts, as it starts it: with the user, the variables and the search path that it gives."""

from __future__ import annotations

from dataclasses import replace
from posixpath import basename, dirname, join, normpath
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.directories.mounts import Mounts
from ocianalyze.facts.programs.program import search_path
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.python.conda import find_conda
from ocianalyze.facts.python.conda_names import BASE
from ocianalyze.facts.shell import UNSET, Launch, Variables
from ocianalyze.facts.user.accounts import find_user

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.facts.commands.unwrapped import Unwrapped
    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.python.conda import Conda

_MOST_PARENTS: Final = 32


def launch_within(launch: Launch, inner: Unwrapped) -> Launch:
    """Return the launch of what a wrapper runs."""
    environment = _environment(launch, inner)
    shell = launch.shell
    user = shell.user
    if inner.user is not None and UNKNOWN not in inner.user:
        user = find_user(shell.filesystem, inner.user, {})
        if not inner.keeps_home:
            environment = Variables(environment).exported({"HOME": user.home})
    path = search_path(environment) if "PATH" in inner.variables or inner.clears else shell.path
    shell = replace(shell, user=user, path=path)
    located = launch.located and not inner.installs and not (inner.clears and inner.user is not None)
    if inner.clears and inner.user is not None:
        shell = replace(shell, path=tuple(dict.fromkeys((*shell.path, *launch.shell.path))))
    if inner.prefixes:
        prefix = _first_prefix(shell, inner.prefixes) or _conda_prefix(launch, inner)
        located = located and prefix is not None
        if prefix is not None:
            shell = replace(shell, path=tuple(dict.fromkeys((join(prefix, "bin"), *shell.path))))
            environment = Variables(environment).exported({"PATH": ":".join(shell.path)})
    return Launch(inner.words, shell, environment, (*launch.names, basename(launch.words[0])), located)


def find_absence(launch: Launch, inner: Unwrapped) -> str | None:
    """Return that the conda environment that a wrapper activates does not exist, if that is certain; a clause."""
    name = inner.conda
    if name is None or UNKNOWN in name or not launch.located:
        return None
    if _first_prefix(launch.shell, inner.prefixes) is not None:
        return None
    if "/" in name:
        return None if not name.startswith("/") else f"the conda environment {name} does not exist"
    if basename(launch.words[0]) == "micromamba":
        is_stated = "MAMBA_ROOT_PREFIX" in launch.environment or not {"-r", "--root-prefix"}.isdisjoint(launch.words)
        return f"the conda environment {inner.prefixes[0]} does not exist" if is_stated else None
    conda = _conda(launch)
    if conda.prefix is None or _conda_prefix(launch, inner) is not None:
        return None
    return f"conda in {conda.prefix} has no environment {name!r}"


def _conda_prefix(launch: Launch, inner: Unwrapped) -> str | None:
    """Return the conda environment of a name, as far as conda's own place and its configuration tell."""
    if inner.conda is None or "/" in inner.conda or UNKNOWN in inner.conda:
        return None
    conda = _conda(launch)
    if inner.conda in (BASE, "root"):
        return conda.prefix
    return next((path for path in conda.environments if basename(path) == inner.conda), None)


def _conda(launch: Launch) -> Conda:
    shell = launch.shell
    variables = {"CONDA_EXE": launch.words[0]}
    known = ("CONDA_ROOT", "CONDA_PREFIX", "CONDARC", "XDG_CONFIG_HOME", "CONDA_ENVS_DIRS", "CONDA_ENVS_PATH")
    for name in known:
        value = launch.environment.get(name)
        if value is not None and UNKNOWN not in value:
            variables[name] = value
    return find_conda(shell, variables, shell.mounts or Mounts("/", ()))


def _environment(launch: Launch, inner: Unwrapped) -> Mapping[str, str]:
    """Return the variables that a wrapper leaves to what it runs."""
    environment = launch.environment
    if inner.clears:
        kept = {name: environment[name] for name in ("TERM", "LANG") if name in environment}
        return {**kept, **inner.variables}
    if not inner.variables and not inner.removed:
        return environment
    variables = Variables(environment)
    for name in inner.removed:
        variables.set(name, UNSET)
    return variables.exported(inner.variables)


def _first_prefix(shell: Shell, candidates: Sequence[str]) -> str | None:
    """Return the first of some environments that there is; a relative one may lie in any directory above."""
    for candidate in candidates:
        place = shell.directory
        for _ in range(_MOST_PARENTS):
            prefix = normpath(join(place, candidate))
            if UNKNOWN not in prefix and shell.filesystem.lookup(join(prefix, "bin")) is not None:
                return prefix
            if candidate.startswith("/") or place == dirname(place):
                break
            place = dirname(place)
    return None
