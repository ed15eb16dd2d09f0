"""The program that a kernel's command comes to in the end: the one that is given the connection file.

Most commands name it themselves. Where one names a shell, a script or a wrapper, it is followed as the container's own
command is. Some interpreters are started by scripts of theirs, which are not looked into.

Sources: jupyter_client, "Making kernels for Jupyter" (``{connection_file}``); the launchers of R and Julia.
"""

from __future__ import annotations

from posixpath import basename
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.commands.search import search
from ocianalyze.facts.commands.wrappers import as_shell, unwrap
from ocianalyze.facts.kernels.specs import CONNECTION_FILE
from ocianalyze.facts.programs.applications import Application
from ocianalyze.facts.shell import Budget, is_script

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.facts.commands.ends import Found
    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.programs.program import Program

_LAUNCHERS: Final = frozenset(
    {
        *("R", "Rscript", "julia", "scala", "ghci", "stack", "ruby", "node", "dotnet", "almond"),
        *("java", "mono", "perl", "php", "deno", "bun"),
    }
)
"""Programs that are known to start an interpreter, though they may be scripts."""


def is_to_be_followed(words: Sequence[str], program: Program) -> bool:
    """Tell whether a kernel's command starts something else than `program`, to which its first word leads."""
    is_given = any(CONNECTION_FILE in word for word in words)
    return is_given and program.problem is None and _kernel_of(words, program) is None


def follow_kernel(words: Sequence[str], shell: Shell, environment: Mapping[str, str]) -> Found:
    """Return what a kernel's command starts in the end.

    Raises:
        ContentUnavailableError: the first bytes of a program were not kept.
        LimitExceededError: the scripts of the kernels are too much work.
    """
    budget = Budget()
    try:
        return search(words, shell, environment, recognise=_kernel_of, budget=budget)
    finally:
        shell.filesystem.spend(budget.work)


def _kernel_of(words: Sequence[str], program: Program) -> Application | None:
    """Return the kernel that a command starts, or None if it has to be followed, or is given no connection file."""
    name = basename(words[0])
    if not any(CONNECTION_FILE in word for word in words):
        return None
    if name not in _LAUNCHERS and (is_script(program) or as_shell(words) is not None or unwrap(words, {}) is not None):
        return None
    return Application("kernel", "kernel", name, tuple(words[1:]))
