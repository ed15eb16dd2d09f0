"""One kernel: what its ``kernel.json`` says, what its command leads to, and whether it will be seen.

Sources: jupyter_client ``manager.py`` (``format_kernel_cmd``); `discovery` has the rest.
"""

from __future__ import annotations

from posixpath import join
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from ocianalyze.facts.directories.mounts import Mounts
    from ocianalyze.facts.jupyter.paths import Place, SearchDirectory
    from ocianalyze.facts.jupyter.servers import Server
    from ocianalyze.facts.kernels.obstacles import Obstacle
    from ocianalyze.facts.kernels.specs import KernelSpec
    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.programs.program import Program
    from ocianalyze.facts.python.conda import Conda
    from ocianalyze.facts.python.installations import Installation
    from ocianalyze.facts.python.modules import ModuleSearch
    from ocianalyze.facts.user.permissions import Denial
    from ocianalyze.filesystem.node import Node

Origin: TypeAlias = Literal["kernelspec", "conda", "native"]

NATIVE: Final = "python3"
"""The kernel that Studio shows if no list is given, and that a server provides itself if there is none."""

LOCAL_PROVISIONER: Final = "local-provisioner"
"""The kernel provisioner that every server has."""


class Kernel(NamedTuple):
    """One kernel that is, or could be, listed.

    Attributes:
        name: the name by which it is requested.
        aliases: other names that it may have instead.
        directory: the directory of its ``kernel.json``, as searched.
        node: its ``kernel.json``; of a native kernel, the module that stands for it.
        origin: whether a kernel spec directory, a conda environment or the server's own ipykernel makes it known.
        place: where it was found.
        spec: the content of its ``kernel.json``.
        command: the command as the server starts it, except for ``{connection_file}``.
        environment: the conda environment that it is in, if that is why it is known.
        hidden_by: the mounted directory that hides it at run time, if any.
        shadowed_by: the directory of another kernel of the same name that takes its place, if any.
        renamed: the name that nb_conda_kernels lists it under instead of its own, if it does.
        doubt: why it may not be listed although it is there, if so.
        denied: what denies the container's user access to it, if anything.
        disallowed: what keeps the server from listing it, if it is not among those that are allowed.
        unprovisioned: whether the server drops it, because it does not have the required provisioner.
        program: the program of its command; None if there is none to look up.
        rewritten: whether the server replaces its command with its own interpreter.
        foreign: whether that interpreter is not part of the image.
        unsure: why it is not known what its command starts, if so; a clause.
        idle: why its command starts no kernel, if that is certain; a clause.
        python: the installation that its command starts, if it is a Python.
        module: where the kernel's module is imported from, if it is one of Python's.
        closed: what denies the user access to that module, if anything.
        obstacle: what its program cannot load, if anything.
        hidden: what it needs to start that is hidden at run time, and the directory that hides it, if anything.
    """

    name: str
    directory: str
    node: Node
    place: Place
    spec: KernelSpec
    aliases: tuple[str, ...] = ()
    origin: Origin = "kernelspec"
    command: tuple[str, ...] = ()
    environment: str | None = None
    hidden_by: str | None = None
    shadowed_by: str | None = None
    renamed: str | None = None
    doubt: str | None = None
    denied: Denial | None = None
    disallowed: str | None = None
    unprovisioned: bool = False
    program: Program | None = None
    rewritten: bool = False
    foreign: bool = False
    unsure: str | None = None
    idle: str | None = None
    python: Installation | None = None
    module: ModuleSearch | None = None
    closed: Denial | None = None
    obstacle: Obstacle | None = None
    hidden: tuple[str, str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All names that it may have."""
        return (self.name, *self.aliases)

    @property
    def file(self) -> str:
        """The path of its ``kernel.json``, as searched; of a native kernel, the module that stands for it."""
        return self.node.path if self.origin == "native" else join(self.directory, "kernel.json")

    @property
    def visible(self) -> bool:
        """True if it is found at run time under a name of its own: neither hidden nor shadowed nor renamed."""
        return not self.is_out_of_sight and self.shadowed_by is None and self.renamed is None

    @property
    def is_out_of_sight(self) -> bool:
        """True if the server cannot see that it is there, so that it takes nobody's place."""
        return self.hidden_by is not None or (self.denied is not None and self.denied.is_unreachable)

    @property
    def problem(self) -> str | None:
        """Why it is dropped or fails to be listed, if so; a clause."""
        if self.origin == "conda" and self.spec.readable:
            return self.spec.conda_failure
        return self.spec.problem

    @property
    def listed(self) -> bool:
        """True if users see it, whether it can be started or not."""
        dropped = self.problem or self.denied or self.unprovisioned or self.disallowed
        return self.visible and not dropped

    @property
    def uncertain(self) -> bool:
        """True if conda may not list it, so its findings may not matter."""
        return self.origin == "conda" and self.doubt is not None

    @property
    def provisioned(self) -> bool:
        """True if another provisioner than the usual one starts it, which need not use its command."""
        return self.spec.provisioner not in (None, LOCAL_PROVISIONER)

    @property
    def argv_problem(self) -> str | None:
        """Why its command is malformed, if it is used at all; a clause."""
        return None if self.provisioned else self.spec.argv_problem

    @property
    def command_problem(self) -> str | None:
        """Why its program cannot be started, if that is certain; a clause."""
        if self.program is None or self.program.problem is None or self.foreign or self.relative:
            return None
        return self.program.problem.text

    @property
    def relative(self) -> bool:
        """True if its command is a path that depends on the working directory."""
        word = self.spec.argv[0] if self.spec.argv else ""
        return "/" in word and not word.startswith(("/", "~/", "{"))

    @property
    def usable(self) -> bool:
        """True if it is listed and nothing keeps it from starting with an interpreter of the image."""
        broken = self.argv_problem or self.command_problem or self.idle or self.obstacle or self.closed or self.hidden
        return self.listed and not (broken or self.foreign or (self.module is not None and self.module.missing))

    @property
    def certainly_usable(self) -> bool:
        """True if it is usable, and nothing is unknown of whether it is listed by conda or of how it starts."""
        return self.usable and not self.uncertain and self.unsure is None


class Listing(NamedTuple):
    """The kernels as one Jupyter server would list them.

    Attributes:
        server: the server.
        shell: how commands are looked up where it runs.
        mounts: what is hidden where it runs.
        directories: where it searches, in order.
        conda: what conda would tell it, if it asks.
        provisioners: the kernel provisioners that it is known to have.
        kernels: what it finds, in that order, hidden and shadowed ones included.
    """

    server: Server
    shell: Shell
    mounts: Mounts
    directories: tuple[SearchDirectory, ...]
    conda: Conda | None
    provisioners: frozenset[str]
    kernels: tuple[Kernel, ...]
