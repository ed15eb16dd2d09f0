"""What an image says of itself, gathered: the rooms of this package, asked together.

`READS` names the contents that they want to read, and `SEARCHES` the names that they look for; `gather` returns what
answers when it is asked.
"""

from __future__ import annotations

import re
from dataclasses import replace
from posixpath import join
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UndecidedError
from ocianalyze.facts.asking import fact
from ocianalyze.facts.commands import supervisors
from ocianalyze.facts.commands.command import container_config, find_commands, follow
from ocianalyze.facts.directories.mounts import LOGS, RESERVED, find_mounts
from ocianalyze.facts.directories.reserved import look_into
from ocianalyze.facts.gpu import cuda, packages
from ocianalyze.facts.gpu.nvidia import Nvidia
from ocianalyze.facts.gpu.patterns import PREFILTER
from ocianalyze.facts.jupyter import settings
from ocianalyze.facts.jupyter.directories import find_lacks
from ocianalyze.facts.jupyter.lab import find_shortfalls
from ocianalyze.facts.jupyter.servers import find_server
from ocianalyze.facts.kernels import r_installation, specs
from ocianalyze.facts.kernels.discovery import find_unlisted, list_for_classic, list_for_image
from ocianalyze.facts.programs import loader, scripts
from ocianalyze.facts.programs.applications import CODE_EDITOR
from ocianalyze.facts.programs.distribution import find_distribution
from ocianalyze.facts.programs.lookup import Shell
from ocianalyze.facts.programs.program import search_path
from ocianalyze.facts.python import conda, entry_points, installations, modules, requirements, twins
from ocianalyze.facts.python.distributions import JUPYTERLAB, WANTED, find_distributions
from ocianalyze.facts.registration.app_image_config import DEFAULT_MOUNT, AppImageConfig, mount_path
from ocianalyze.facts.size.measuring import measure
from ocianalyze.facts.user import accounts, sudo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.facts.commands.command import App, Command
    from ocianalyze.facts.commands.search import Found
    from ocianalyze.facts.directories.mounts import Mounts
    from ocianalyze.facts.directories.reserved import Directory
    from ocianalyze.facts.jupyter.directories import Lack
    from ocianalyze.facts.jupyter.lab import Shortfall
    from ocianalyze.facts.jupyter.settings import JupyterSettings
    from ocianalyze.facts.kernels.kernel import Kernel, Listing
    from ocianalyze.facts.programs.distribution import SageMakerDistribution
    from ocianalyze.facts.programs.program import Program
    from ocianalyze.facts.python.distributions import Distribution
    from ocianalyze.facts.python.installations import Installation
    from ocianalyze.facts.python.twins import Twin
    from ocianalyze.facts.size.measuring import Size
    from ocianalyze.facts.user.accounts import User
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.oci.image import Image

_MODULES: Final = (
    *(accounts, conda, cuda, entry_points, installations, loader, modules),
    *(packages, r_installation, requirements, scripts, settings, specs, sudo, supervisors),
)

READS: Final = frozenset(pattern for module in _MODULES for pattern in module.READS)
"""The contents that are wanted, as patterns of `ocianalyze.layers.contents.capture.Capture`."""


_NAMES: Final = frozenset((*WANTED, CODE_EDITOR))
_SEARCHED: Final = rf"{PREFILTER}|(?:{'|'.join(map(re.escape, sorted(_NAMES)))})(?=\0)"
"""All names that are looked for in the whole image, so that every path is asked once."""
SEARCHES: Final = (_SEARCHED,)
"""The beginnings of names that are searched for, for `Filesystem.search`."""


class Facts:
    """What the image says of itself; each fact is worked out when it is first asked for (`ocianalyze.facts.asking`)."""

    def __init__(self, image: Image, filesystem: Filesystem, app_image_config: AppImageConfig | None) -> None:
        """Find nothing out yet."""
        self._image = image
        self._filesystem = filesystem
        self._app_image_config = app_image_config

    @fact
    def environment(self) -> Mapping[str, str]:
        """The variables of the image's configuration."""
        return self._image.config.config.environment

    @fact
    def user(self) -> User:
        """Who the container's process is."""
        return accounts.find_user(self._filesystem, self._image.config.config.user, self.environment)

    @fact
    def mounts(self) -> Mounts:
        """Which directories are hidden at run time in Studio Classic."""
        return find_mounts(self._filesystem, mount_path(self._app_image_config))

    @fact
    def shell(self) -> Shell:
        """How commands are looked up in Studio Classic."""
        return Shell(self._filesystem, self.user, search_path(self.environment), mounts=self.mounts)

    @fact
    def python_program(self) -> Program:
        """What the command ``python`` leads to."""
        return self.shell.find("python")

    @fact
    def python(self) -> Installation | None:
        """The installation behind it, if it is a Python."""
        program = self.python_program
        if program.path is None or program.problem is not None or program.interpreter is not None:
            return None
        return installations.find_installation(self._filesystem, program.path)

    @fact
    def classic(self) -> Listing:
        """The kernels as the server of Studio Classic lists them."""
        return list_for_classic(self.shell, self.environment, self.mounts, python=self.python)

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """The kernels in the order in which Studio Classic searches them, hidden and shadowed ones included."""
        return self.classic.kernels

    @fact
    def own(self) -> Listing:
        """The kernels as a Jupyter server of the image's own lists them, as in the newer Studio."""
        found, installed = self.commands["jupyterlab"].found, self.distributions[JUPYTERLAB]
        try:
            settings = self.jupyter["jupyterlab"]
        except UndecidedError:
            settings = None  # what they are is asked for elsewhere
        return _list_own(self._newer_shell, self._newer_mounts, found, installed, settings)

    @fact
    def unlisted_kernels(self) -> tuple[str, ...]:
        """The ``kernel.json`` files that lie where nobody searches."""
        return find_unlisted(self._filesystem, self.classic.kernels)

    @fact
    def nvidia(self) -> Nvidia:
        """What the image holds of NVIDIA's."""
        return Nvidia(self._image, self._filesystem, lambda: self._candidates, self.environment)

    @fact
    def reserved(self) -> Mapping[str, Directory]:
        """What lies in the reserved directories."""
        return {path: look_into(self._filesystem, path) for path in RESERVED}

    @fact
    def home(self) -> Directory:
        """What lies where the user's directory will be mounted."""
        return look_into(self._filesystem, self.mounts.home)

    @fact
    def size(self) -> Size:
        """The sizes of the image."""
        return measure(self._image, self._filesystem)

    @fact
    def commands(self) -> Mapping[App, Command]:
        """What starts the image's own application, for each app of the newer Studio."""
        return find_commands(self._newer_shell, self._image.config.config, self._app_image_config)

    @fact
    def jupyter(self) -> Mapping[App, JupyterSettings | None]:
        """The settings of the Jupyter server that it starts, if it starts one."""
        return {
            app: settings.find_settings(self._filesystem, command.found, self._newer_mounts)
            for app, command in self.commands.items()
        }

    def started_by(self, words: Sequence[str], app: App) -> tuple[Command, JupyterSettings | None]:
        """Return what another command of the image would come to, and the settings of its Jupyter server, if any."""
        config = container_config(self._app_image_config, app)
        command = follow(app, tuple(words), self._newer_shell, self._image.config.config, config)
        return command, settings.find_settings(self._filesystem, command.found, self._newer_mounts)

    @fact
    def server_lacks(self) -> tuple[Lack, ...]:
        """What is wrong with the directories that the Jupyter server of the image's own needs."""
        settings, found = self.jupyter["jupyterlab"], self.commands["jupyterlab"].found
        return () if settings is None else tuple(find_lacks(found, settings, self._newer_mounts))

    @fact
    def shortfalls(self) -> tuple[Shortfall, ...]:
        """What that server lacks, so that it does not start or show JupyterLab."""
        settings, found = self.jupyter["jupyterlab"], self.commands["jupyterlab"].found
        return () if settings is None else tuple(find_shortfalls(found, settings, self._newer_mounts))

    @fact
    def distributions(self) -> Mapping[str, tuple[Distribution, ...]]:
        """The Python distributions that apps need, by name, wherever they are installed."""
        return find_distributions(self._named)

    @fact
    def twins(self) -> tuple[Twin, ...]:
        """The Python distributions that are installed twice in one directory of the server's Python, or a kernel's."""
        kernels = (kernel.python for listing in (self.own, self.classic) for kernel in listing.kernels)
        pythons = dict.fromkeys((self.own.server.installation, *kernels))
        return twins.find_twins(self._filesystem, (python for python in pythons if python is not None))

    @fact
    def sagemaker_distribution(self) -> SageMakerDistribution | None:
        """The SageMaker Distribution that the image is made from, if it is."""
        return find_distribution(self._filesystem, self._image.config.config.labels)

    @fact
    def code_editors(self) -> tuple[str, ...]:
        """Where there is a program of Code Editor's name, anywhere."""
        return tuple(sorted(node.path for node in self._named if node.name == CODE_EDITOR and not node.is_directory))

    @fact
    def _newer_mounts(self) -> Mounts:
        return find_mounts(self._filesystem, DEFAULT_MOUNT, reserved=(*RESERVED, LOGS))

    @fact
    def _newer_shell(self) -> Shell:
        return replace(self.shell, mounts=self._newer_mounts)

    @fact
    def _named(self) -> tuple[Node, ...]:
        """What is called as anything that is looked for in the whole image."""
        return tuple(self._filesystem.search(_SEARCHED))

    @fact
    def _candidates(self) -> tuple[Node, ...]:
        """What of that is called as NVIDIA's files are."""
        return tuple(node for node in self._named if node.name not in _NAMES)


def gather(image: Image, filesystem: Filesystem, *, app_image_config: AppImageConfig | None = None) -> Facts:
    """Return what `image`, whose merged file system is `filesystem`, says of itself.

    `app_image_config` is the decoded JSON that the image is to be registered with; it may move the user's directory.
    """
    return Facts(image, filesystem, app_image_config)


def _list_own(
    shell: Shell, mounts: Mounts, found: Found, installed: Sequence[Distribution], settings: JupyterSettings | None
) -> Listing:
    """Return the kernels as a server lists them that the image starts, if `found` is one, or is likely to start.

    Where the server's program is not on ``PATH``, it is taken to lie beside the JupyterLab that is `installed`.
    """
    beside = tuple(join(item.prefix, "bin") for item in installed if mounts.hides(item.prefix) is None)
    start, words = (found.shell, found.words) if found.words else (shell, ())
    server = find_server(replace(start, path=tuple(dict.fromkeys((*start.path, *beside)))), words)
    shell = shell.with_environment(found.environment)
    return list_for_image(shell, found.environment, mounts, server=server, settings=settings)
