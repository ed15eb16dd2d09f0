"""One kernel: what its ``kernel.json`` says, what its command leads to, and whether it will be seen.

Sources: jupyter_client ``manager.py`` (``format_kernel_cmd``, which replaces bare names of Python); `discovery` has the
rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from posixpath import join
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from ocianalyze.facts.kernelspecs import KernelSpec
    from ocianalyze.facts.modules import ModuleSearch
    from ocianalyze.facts.programs import Program
    from ocianalyze.facts.python import Installation
    from ocianalyze.filesystem.tree import Node

Origin: TypeAlias = Literal["kernelspec", "conda"]
Place: TypeAlias = Literal["prefix", "user", "system", "conda"]

NATIVE: Final = "python3"
"""The kernel that Studio shows if no list is given."""

REWRITTEN: Final = frozenset({"python", "python3", "python3.7"})
"""The commands for which the server puts its own interpreter; Studio Classic's server was Python 3.7 in every log."""

KERNEL_MODULES: Final = frozenset({"ipykernel", "ipykernel_launcher", "IPython"})


@dataclass(frozen=True, slots=True)
class Kernel:
    """One kernel that is, or could be, listed.

    Attributes:
        name: the name by which it is asked for.
        aliases: other names that it may have instead.
        directory: the directory of its ``kernel.json``, as searched.
        node: its ``kernel.json``.
        origin: whether a kernel spec directory or a conda environment makes it known.
        place: where it was found.
        spec: what its ``kernel.json`` says.
        hidden_by: the mounted directory that hides it at run time, if any.
        shadowed_by: the directory of an earlier kernel of the same name, if any.
        doubt: why Studio may not list it although it is there, if so.
        program: what its command leads to; None where there is none to look up.
        rewritten: whether the server replaces its command by its own interpreter.
        python: the installation that its command starts, if it is a Python.
        module: where the kernel's module is imported from, if it is one of Python's.
    """

    name: str
    aliases: tuple[str, ...]
    directory: str
    node: Node
    origin: Origin
    place: Place
    spec: KernelSpec
    hidden_by: str | None = None
    shadowed_by: str | None = None
    doubt: str | None = None
    program: Program | None = None
    rewritten: bool = False
    python: Installation | None = None
    module: ModuleSearch | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All names that it may have."""
        return (self.name, *self.aliases)

    @property
    def file(self) -> str:
        """The path of its ``kernel.json``, as searched."""
        return join(self.directory, "kernel.json")

    @property
    def visible(self) -> bool:
        """True if it is neither hidden nor shadowed at run time."""
        return self.hidden_by is None and self.shadowed_by is None

    @property
    def command_problem(self) -> str | None:
        """Why its program cannot be started, if that is certain; a clause."""
        if self.program is None or self.program.problem is None or self.rewritten or self.relative:
            return None
        return self.program.problem.text

    @property
    def relative(self) -> bool:
        """True if its command is a path that depends on the working directory."""
        word = self.spec.argv[0] if self.spec.argv else ""
        return "/" in word and not word.startswith(("/", "~/", "{"))

    @property
    def usable(self) -> bool:
        """True if it is visible and nothing keeps it from starting with the image's own interpreter."""
        broken = self.spec.problem or self.spec.argv_problem or self.command_problem
        return self.visible and not (broken or self.rewritten or (self.module is not None and self.module.missing))
