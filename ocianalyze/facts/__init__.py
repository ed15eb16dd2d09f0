"""What the image says of itself: pure parsers and look-ups, entries and bytes in, frozen values out.

`READS` names the contents that they want to read; `gather` asks them all. What is there but was not kept is an error,
never "not found".
"""

from __future__ import annotations

import re
from dataclasses import replace
from posixpath import join
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts import (
    accounts,
    conda,
    cuda,
    entry_points,
    jupyter,
    kernelspecs,
    loader,
    modules,
    nvidia,
    packages,
    python,
    scripts,
    sudo,
    supervisors,
)
from ocianalyze.facts.app_image_config import DEFAULT_MOUNT, AppImageConfig, mount_path
from ocianalyze.facts.applications import CODE_EDITOR
from ocianalyze.facts.commands import find_commands
from ocianalyze.facts.discovery import find_unlisted, list_for_classic, list_for_image
from ocianalyze.facts.distributions import JUPYTERLAB, WANTED, find_distributions
from ocianalyze.facts.jupyter_servers import find_server
from ocianalyze.facts.mounts import LOGS, RESERVED, find_mounts
from ocianalyze.facts.nvidia_patterns import PREFILTER
from ocianalyze.facts.programs import search_path
from ocianalyze.facts.requirements import find_requirements
from ocianalyze.facts.reserved import look_into
from ocianalyze.facts.shell import Shell
from ocianalyze.facts.size import measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.facts.accounts import User
    from ocianalyze.facts.command_search import Found
    from ocianalyze.facts.commands import App, Command
    from ocianalyze.facts.cuda import CudaEvidence
    from ocianalyze.facts.distributions import Distribution
    from ocianalyze.facts.jupyter import JupyterSettings
    from ocianalyze.facts.kernels import Kernel, Listing
    from ocianalyze.facts.loader import LoaderPath
    from ocianalyze.facts.mounts import Mounts
    from ocianalyze.facts.nvidia import NvidiaFile
    from ocianalyze.facts.packages import Package
    from ocianalyze.facts.programs import Program
    from ocianalyze.facts.python import Installation
    from ocianalyze.facts.requirements import Requirement
    from ocianalyze.facts.reserved import Directory
    from ocianalyze.facts.size import Size
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.oci.image import Image

__all__ = ["READS", "AppImageConfig", "Facts", "Nvidia", "gather"]

_MODULES: Final = (
    *(accounts, conda, cuda, entry_points, jupyter, kernelspecs),
    *(loader, modules, packages, python, scripts, sudo, supervisors),
)

READS: Final = frozenset(pattern for module in _MODULES for pattern in module.READS)
"""The contents that are wanted, as patterns of `ocianalyze.layers.capture.Capture`."""


_MOST_SERVERS: Final = 10
_NAMES: Final = frozenset((*WANTED, CODE_EDITOR))
_SEARCHED: Final = rf"{PREFILTER}|(?:{'|'.join(map(re.escape, sorted(_NAMES)))})(?=\0)"
"""All names that are looked for in the whole image, so that every path is asked once."""


class Nvidia(NamedTuple):
    """What the image holds of NVIDIA's.

    Attributes:
        files: every file that is NVIDIA's by its path, the toolkit's only where their names tell versions.
        driver_versions: the versions in the names of the driver's files that have content, in order.
        packages: the driver's packages that dpkg lists.
        cuda: the evidence for CUDA runtimes.
        cuda_versions: the distinct versions of them, in order.
        minimum_driver: the oldest driver that they run with, if that is known.
        requirements: what variables demand of the host's driver.
        loader: where the dynamic loader looks.
        injected_links: what is no regular file where the container runtime mounts programs.
        blocked_sonames: regular files that keep the host's libraries from being found.
    """

    files: tuple[NvidiaFile, ...]
    driver_versions: tuple[str, ...]
    packages: tuple[Package, ...]
    cuda: tuple[CudaEvidence, ...]
    cuda_versions: tuple[str, ...]
    minimum_driver: str | None
    requirements: tuple[Requirement, ...]
    loader: LoaderPath
    injected_links: tuple[Node, ...]
    blocked_sonames: tuple[NvidiaFile, ...]

    @property
    def driver_files(self) -> tuple[NvidiaFile, ...]:
        """The files of a driver, leftovers of one included."""
        return tuple(file for file in self.files if file.cls.startswith("driver-"))


class Facts(NamedTuple):
    """What the image says of itself.

    Attributes:
        environment: the variables of the image's configuration.
        user: who the container's process is.
        shell: how commands are looked up in Studio Classic.
        mounts: which directories are hidden at run time in Studio Classic.
        python_program: what the command ``python`` leads to.
        python: the installation behind it, if it is a Python.
        classic: the kernels as the server of Studio Classic lists them.
        own: the kernels as a Jupyter server of the image's own lists them, as in the newer Studio.
        unlisted_kernels: the ``kernel.json`` files that lie where nobody searches.
        nvidia: what the image holds of NVIDIA's.
        reserved: what lies in the reserved directories.
        home: what lies where the user's directory will be mounted.
        size: the sizes of the image.
        commands: what starts the image's own application, for each app of the newer Studio.
        jupyter: the settings of the Jupyter server that it starts, if it starts one.
        distributions: the Python distributions that apps need, by name, wherever they are installed.
        code_editors: where there is a program of Code Editor's name, anywhere.
    """

    environment: Mapping[str, str]
    user: User
    shell: Shell
    mounts: Mounts
    python_program: Program
    python: Installation | None
    classic: Listing
    own: Listing
    unlisted_kernels: tuple[str, ...]
    nvidia: Nvidia
    reserved: Mapping[str, Directory]
    home: Directory
    size: Size
    commands: Mapping[App, Command]
    jupyter: Mapping[App, JupyterSettings | None]
    distributions: Mapping[str, tuple[Distribution, ...]]
    code_editors: tuple[str, ...]

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """The kernels in the order in which Studio Classic searches them, hidden and shadowed ones included."""
        return self.classic.kernels


def gather(image: Image, filesystem: Filesystem, *, app_image_config: AppImageConfig | None = None) -> Facts:
    """Return what `image`, whose merged file system is `filesystem`, says of itself.

    `app_image_config` is the decoded JSON that the image is to be registered with; it may move the user's directory.

    Raises:
        ContentUnavailableError: a content that decides was not kept and cannot be read again.
    """
    environment = image.config.config.environment
    user = accounts.find_user(filesystem, image.config.config.user, environment)
    mounts = find_mounts(filesystem, mount_path(app_image_config))
    shell = Shell(filesystem, user, search_path(environment), mounts=mounts)
    program = shell.find("python")
    installation = None
    if program.path is not None and program.problem is None and program.interpreter is None:
        installation = python.find_installation(filesystem, program.path)
    classic = list_for_classic(shell, environment, mounts, python=installation)
    newer = find_mounts(filesystem, DEFAULT_MOUNT, reserved=(*RESERVED, LOGS))
    newer_shell = replace(shell, mounts=newer)
    commands = find_commands(newer_shell, image.config.config, app_image_config)
    found = tuple(filesystem.search(_SEARCHED))
    candidates = tuple(node for node in found if node.name not in _NAMES)
    distributions = find_distributions(found)
    own = _list_own(newer_shell, newer, commands["jupyterlab"].found, distributions[JUPYTERLAB])
    editors = sorted(node.path for node in found if node.name == CODE_EDITOR and not node.is_directory)
    return Facts(
        environment=environment,
        user=user,
        shell=shell,
        mounts=mounts,
        python_program=program,
        python=installation,
        classic=classic,
        own=own,
        unlisted_kernels=find_unlisted(filesystem, classic.kernels),
        nvidia=_gather_nvidia(image, filesystem, candidates, environment),
        reserved={path: look_into(filesystem, path) for path in RESERVED},
        home=look_into(filesystem, mounts.home),
        size=measure(image, filesystem),
        commands=commands,
        jupyter={app: jupyter.find_settings(filesystem, command.found, newer) for app, command in commands.items()},
        distributions=distributions,
        code_editors=tuple(editors),
    )


def _list_own(shell: Shell, mounts: Mounts, found: Found, installed: Sequence[Distribution]) -> Listing:
    """Return the kernels as a server lists them that the image starts, if `found` is one, or is likely to start.

    Where the server's program is not on ``PATH``, it is taken to lie beside the JupyterLab that is `installed`.
    """
    beside = tuple(join(item.prefix, "bin") for item in installed[:_MOST_SERVERS] if mounts.hides(item.prefix) is None)
    start, words = (found.shell, found.words) if found.words else (shell, ())
    server = find_server(replace(start, path=tuple(dict.fromkeys((*start.path, *beside)))), words)
    return list_for_image(shell.with_environment(found.environment), found.environment, mounts, server=server)


def _gather_nvidia(
    image: Image, filesystem: Filesystem, candidates: tuple[Node, ...], environment: Mapping[str, str]
) -> Nvidia:
    files = nvidia.find_files(filesystem, candidates)
    installed = packages.find_packages(filesystem)
    evidence = cuda.find_cuda(candidates, installed, environment, image.config.config.labels)
    loader_path = loader.find_loader_path(filesystem, environment)
    real = {file.version for file in files if file.version and file.cls in ("driver-userspace", "driver-kernel")}
    return Nvidia(
        files=files,
        driver_versions=tuple(sorted(real, key=lambda version: [int(part) for part in version.split(".")])),
        packages=tuple(package for package in installed if package.is_driver),
        cuda=evidence,
        cuda_versions=cuda.cuda_versions(evidence),
        minimum_driver=cuda.minimum_driver(evidence),
        requirements=find_requirements(environment),
        loader=loader_path,
        injected_links=nvidia.injected_links(filesystem),
        blocked_sonames=nvidia.blocked_sonames(files, loader_path),
    )
