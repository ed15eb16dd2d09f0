"""What a wrapper starts, as it starts it: with the user, the variables and the search path that it gives."""

from __future__ import annotations

from dataclasses import replace
from posixpath import basename, dirname, join, normpath
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs.program import search_path
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell import UNSET, Launch, Variables
from ocianalyze.facts.user.accounts import find_user

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.facts.commands.wrappers import Unwrapped
    from ocianalyze.facts.programs.lookup import Shell

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
        prefix = _first_prefix(shell, inner.prefixes)
        located = located and prefix is not None
        if prefix is not None:
            shell = replace(shell, path=tuple(dict.fromkeys((join(prefix, "bin"), *shell.path))))
            environment = Variables(environment).exported({"PATH": ":".join(shell.path)})
    return Launch(inner.words, shell, environment, (*launch.names, basename(launch.words[0])), located)


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
