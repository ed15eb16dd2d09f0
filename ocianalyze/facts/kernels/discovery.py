"""The kernels that a Jupyter server would list, in its order.

Sources: jupyter_client 8 ``kernelspec.py`` (``find_kernel_specs``, ``ensure_native_kernel``); nb_conda_kernels
``manager.py`` (``find_kernel_specs``); the start-up of a KernelGateway app as it was observed: ``JUPYTER_PATH`` becomes
the ``share/jupyter`` of the prefix of the ``python`` that is found through ``PATH``, and ``CONDA_ENV_FILTER`` leaves
``/opt/conda`` out.
"""

from __future__ import annotations

from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UndecidedError
from ocianalyze.facts.jupyter.paths import Circumstances, SearchDirectory, search_directories
from ocianalyze.facts.jupyter.servers import NOWHERE, SERVICE, Server
from ocianalyze.facts.kernels.commands import KernelCommands
from ocianalyze.facts.kernels.kernel import LOCAL_PROVISIONER, NATIVE, Kernel, Listing
from ocianalyze.facts.kernels.specs import CONNECTION_FILE, LARGEST, KernelSpec, load_kernelspec
from ocianalyze.facts.python.conda import Conda, find_conda
from ocianalyze.facts.python.conda_names import kernel_names, name_environments
from ocianalyze.facts.python.entry_points import find_entry_points
from ocianalyze.facts.python.installations import site_directories
from ocianalyze.facts.user.permissions import denial_of
from ocianalyze.regex import regex

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Mapping

    from ocianalyze.facts.directories.mounts import Mounts
    from ocianalyze.facts.jupyter.options import Setting
    from ocianalyze.facts.jupyter.settings import JupyterSettings
    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.python.installations import Installation
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

CONDA_FILTER: Final = regex(r"/opt/conda$")
"""The environments that Studio Classic's start-up leaves out (``CONDA_ENV_FILTER``)."""

_STEPS_OF_A_KERNEL: Final = 100
_SPEC_PATH: Final = regex(r"/kernels/[^/]+/kernel\.json\Z")
_SHADOWING: Final = "it is in a system directory, and Studio may find its own python3 first"
_NATIVE_MODULE: Final = "ipykernel"
_PROVISIONERS: Final = "jupyter_client.kernel_provisioners"
_LOCAL: Final = frozenset({LOCAL_PROVISIONER})


def list_for_classic(
    shell: Shell, environment: Mapping[str, str], mounts: Mounts, *, python: Installation | None
) -> Listing:
    """Return the kernels as the server of Studio Classic lists them; `python` is what ``python`` on ``PATH`` leads to.

    Raises:
        ContentUnavailableError: a file that decides was not kept.
    """
    variables = {name: value for name, value in environment.items() if name != "JUPYTER_PATH"}
    if python is not None:
        variables["JUPYTER_PATH"] = join(python.prefix, "share/jupyter/")
    directories = search_directories(Circumstances(variables, shell.user.home, SERVICE.prefix))
    conda = find_conda(shell, environment, mounts)
    commands = KernelCommands(shell, environment, SERVICE, mounts)
    finder = _Finder(shell, mounts)
    specs = [_doubted(kernel) for kernel in finder.spec_kernels(directories)]
    kernels = _merged(specs, finder.conda_kernels(conda, without=CONDA_FILTER))
    found = commands.with_commands(kernels, conda_prefix=conda.prefix)
    return Listing(SERVICE, shell, mounts, directories, conda, _LOCAL, found)


def list_for_image(
    shell: Shell,
    environment: Mapping[str, str],
    mounts: Mounts,
    *,
    server: Server | None,
    settings: JupyterSettings | None = None,
) -> Listing:
    """Return the kernels as `server`, which the image brings, lists them with `settings`.

    Raises as `list_for_classic`.
    """
    host = server or NOWHERE
    commands = KernelCommands(shell, environment, host, mounts)
    prefix = shell.filesystem.lookup(host.prefix)
    ipython = commands.server_module("IPython")
    directories = search_directories(
        Circumstances(
            environment,
            shell.user.home,
            host.prefix,
            is_virtual=host.installation is not None and host.installation.is_virtual,
            owns_prefix=prefix is not None and prefix.uid == shell.user.uid,
            user_site=host.installation is None or host.installation.system_site,
            ipython=ipython is None or not ipython.missing,
        )
    )
    manager = commands.server_module("nb_conda_kernels")
    conda = find_conda(shell, environment, mounts) if manager is not None and not manager.missing else None
    finder = _Finder(shell, mounts)
    specs = list(finder.spec_kernels(directories))
    ensured = settings is None or settings.ensure_native_kernel.value is not False
    if ensured and not any(kernel.name == NATIVE and not kernel.is_out_of_sight for kernel in specs):
        specs += _native_kernel(shell.filesystem, commands, host)
    kernels = _merged(specs, finder.conda_kernels(conda) if conda is not None else ())
    provisioners = _provisioners(shell.filesystem, host, kernels)
    if host.installation is not None:
        kernels = tuple(item._replace(unprovisioned=not _is_provisioned(item, provisioners)) for item in kernels)
    if settings is not None:
        kernels = tuple(_allowed(item, settings.allowed_kernelspecs) for item in kernels)
    found = commands.with_commands(kernels, conda_prefix=conda.prefix if conda is not None else None)
    return Listing(host, shell, mounts, directories, conda, provisioners, found)


def find_unlisted(filesystem: Filesystem, kernels: Iterable[Kernel]) -> tuple[str, ...]:
    """Return the paths of the ``kernel.json`` files that lie in a ``kernels`` directory that nobody searches."""
    listed = {kernel.node.id for kernel in kernels}
    paths = (node.path for node in filesystem.named("kernel.json") if node.id not in listed)
    return tuple(sorted(path for path in paths if _SPEC_PATH.search(path) and "/pkgs/" not in path))


def examine_unlisted(listing: Listing, environment: Mapping[str, str], paths: Iterable[str]) -> tuple[Kernel, ...]:
    """Return the kernels at `paths`, ``kernel.json`` files that nobody searches, as a listing would have them.

    Raises:
        ContentUnavailableError: a file that decides was not kept.
    """
    directories = dict.fromkeys(dirname(dirname(path)) for path in paths)
    finder = _Finder(listing.shell, listing.mounts)
    kernels = tuple(finder.spec_kernels(SearchDirectory(path, "path") for path in directories))
    return KernelCommands(listing.shell, environment, listing.server, listing.mounts).with_commands(
        kernels, conda_prefix=None
    )


class _Finder:
    """Finds what lies in directories of kernel specs."""

    def __init__(self, shell: Shell, mounts: Mounts) -> None:
        self._filesystem = shell.filesystem
        self._user = shell.user
        self._mounts = mounts

    def spec_kernels(self, directories: Iterable[SearchDirectory]) -> Iterator[Kernel]:
        """Yield the kernels in `directories`; what is the same directory by another path is searched once."""
        seen: set[str] = set()
        for directory in directories:
            real = self._filesystem.resolve(directory.path).path
            if real not in seen:
                seen.add(real)
                for path, node in self._kernels_in(directory.path):
                    yield self._kernel(Kernel(basename(path).lower(), path, node, directory.place, KernelSpec()))

    def conda_kernels(self, conda: Conda, *, without: re.Pattern[str] | None = None) -> Iterator[Kernel]:
        """Yield the kernels in the environments of conda, those that it does not know last."""
        base = conda.prefix or next((path for path in conda.unknown if basename(dirname(path)) != "envs"), "")
        environments = name_environments([*conda.environments, *conda.unknown], base, without=without)
        known = frozenset(conda.environments)
        for environment, name in environments.items():
            doubt = None
            if environment not in known:
                doubt = f"conda may not know the environment {environment}"
            elif not conda.callable:
                doubt = f"'conda' cannot be run to list its environment {environment}"
            for path, node in self._kernels_in(join(environment, "share/jupyter/kernels")):
                if not basename(path).startswith("."):
                    first, *aliases = kernel_names(name, basename(path))
                    kernel = Kernel(first, path, node, "conda", KernelSpec(), tuple(aliases), "conda")
                    yield self._kernel(kernel._replace(environment=environment, doubt=doubt))

    def _kernels_in(self, directory: str) -> Iterator[tuple[str, Node]]:
        """Yield each subdirectory that holds a file ``kernel.json``, and that file; symlinks are followed."""
        top = self._filesystem.lookup(directory)
        for child in self._filesystem.children_of(top) if top is not None else ():
            path = join(directory, child.name)
            node = self._filesystem.lookup(join(path, "kernel.json"))
            if node is not None and node.is_file:
                yield path, node

    def _kernel(self, kernel: Kernel) -> Kernel:
        """Return `kernel` with what its ``kernel.json`` says, what hides it and what keeps the user from it."""
        self._filesystem.spend(_STEPS_OF_A_KERNEL)
        found = self._filesystem.resolve(kernel.file)
        hidden_by = self._mounts.hides_on_the_way(found)
        try:
            spec = load_kernelspec(kernel.node.read(most=LARGEST))
        except UndecidedError as error:
            if error.path is None:
                error.path, error.layer = kernel.file, kernel.node.layer
            raise
        denied = denial_of(self._filesystem, found, self._user)
        return kernel._replace(spec=spec, hidden_by=self._mounts.hides(kernel.directory) or hidden_by, denied=denied)


def _native_kernel(filesystem: Filesystem, commands: KernelCommands, server: Server) -> Iterator[Kernel]:
    """Yield the kernel that a server makes of itself if it can import ipykernel."""
    module = commands.server_module(_NATIVE_MODULE)
    node = filesystem.lookup(module.path) if module is not None and module.path is not None else None
    if module is not None and module.path is not None and node is not None:
        argv = (server.executable, "-m", "ipykernel_launcher", "-f", CONNECTION_FILE)
        spec = KernelSpec(argv, "Python 3 (ipykernel)", "python")
        directory = join(dirname(module.path), "resources")
        yield Kernel(NATIVE, directory, node, "native", spec, origin="native")


def _allowed(kernel: Kernel, allowed: Setting) -> Kernel:
    """Return `kernel` with whether the server lists it."""
    names = allowed.value
    if not allowed.known:
        text = f"it may not be listed: the allowed_kernelspecs of {allowed.source} are only known at run time"
        return kernel._replace(unsure=text)
    if not names or not isinstance(names, tuple) or kernel.name in names:
        return kernel
    return kernel._replace(disallowed=allowed.source)


def _provisioners(filesystem: Filesystem, server: Server, kernels: Iterable[Kernel]) -> frozenset[str]:
    """Return the provisioners of a server; packages are only asked where a kernel wants another than the usual one."""
    if server.installation is None or all(_is_provisioned(kernel, _LOCAL) for kernel in kernels):
        return _LOCAL
    directories = site_directories(filesystem, server.installation)
    return _LOCAL | find_entry_points(filesystem, directories, _PROVISIONERS)


def _is_provisioned(kernel: Kernel, provisioners: frozenset[str]) -> bool:
    return kernel.spec.provisioner is None or kernel.spec.provisioner in provisioners


def _doubted(kernel: Kernel) -> Kernel:
    """Return a kernel of Studio Classic with why it may not be listed: because of what the service's server has."""
    if not _is_provisioned(kernel, _LOCAL):
        return kernel._replace(doubt=f"Studio's server may not have the provisioner {kernel.spec.provisioner!r}")
    return kernel._replace(doubt=_SHADOWING) if kernel.name == NATIVE and kernel.place == "system" else kernel


def _merged(specs: Iterable[Kernel], conda: Iterable[Kernel]) -> tuple[Kernel, ...]:
    """Return both with who takes whose place.

    Of kernel specs of one name the first counts, of conda's the last, and conda's before kernel specs. A kernel spec
    that conda lists too is listed by conda's name only.
    """
    certain, doubtful = _divided(conda)
    winners: dict[str, Kernel] = {kernel.name: kernel for kernel in certain if _counts(kernel)}
    twins = {kernel.directory: kernel.name for kernel in winners.values()}
    guesses = {kernel.directory: kernel.name for kernel in doubtful if _counts(kernel)}
    found: list[Kernel] = []
    for kernel in (*specs, *certain, *doubtful):
        winner = kernel if kernel.is_out_of_sight else winners.setdefault(kernel.name, kernel)
        shadowed_by = winner.directory if winner is not kernel else None
        if kernel.origin == "conda":
            found.append(kernel._replace(shadowed_by=shadowed_by))
            continue
        guess = guesses.get(kernel.directory)
        doubt = kernel.doubt or (f"it may only be listed as {guess!r}" if guess else None)
        found.append(kernel._replace(shadowed_by=shadowed_by, renamed=twins.get(kernel.directory), doubt=doubt))
    return tuple(found)


def _divided(kernels: Iterable[Kernel]) -> tuple[list[Kernel], list[Kernel]]:
    certain: list[Kernel] = []
    doubtful: list[Kernel] = []
    for kernel in kernels:
        (certain if kernel.doubt is None else doubtful).append(kernel)
    return certain, doubtful


def _counts(kernel: Kernel) -> bool:
    return not kernel.is_out_of_sight and kernel.problem is None and kernel.denied is None
