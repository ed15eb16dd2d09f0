"""The command that starts the image's own application: who gives it, and what it comes to.

Sources: moby, ``daemon/commit.go`` and the Dockerfile reference (how ``ENTRYPOINT`` and ``CMD`` go together); the
SageMaker API, ``ContainerConfig``.
"""

from __future__ import annotations

from dataclasses import replace
from posixpath import basename, join
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from ocianalyze.facts.commands.search import Found, search
from ocianalyze.facts.registration.app_image_config import CODE_EDITOR_APP, JUPYTERLAB_APP, part
from ocianalyze.facts.shell import SHELLS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.facts.programs.applications import Application
    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.programs.program import Program
    from ocianalyze.facts.registration.app_image_config import AppImageConfig
    from ocianalyze.oci.models import Execution

App: TypeAlias = Literal["jupyterlab", "code-editor"]
Origin: TypeAlias = Literal["image", "app-image-config"]

_FAMILIES: Final[dict[App, str]] = {"jupyterlab": JUPYTERLAB_APP, "code-editor": CODE_EDITOR_APP}
APPS: Final[tuple[App, ...]] = tuple(_FAMILIES)
"""The apps of the newer Studio that images can start."""
_BARE: Final = SHELLS | {"python", "python2", "python3", "ipython", "R", "julia", "node", "irb"}
_SHELL_FORM: Final = ("/bin/sh", "-c")


class Command(NamedTuple):
    """What starts the image's own application.

    Attributes:
        app: which app it is for.
        configured: the words that the container runtime is given.
        origin: who gives them: the image, or the AppImageConfig that replaces them.
        first: the program that the container runtime starts.
        found: the program that does the work in the end.
    """

    app: App
    configured: tuple[str, ...]
    origin: Origin
    first: Program | None
    found: Found

    @property
    def words(self) -> tuple[str, ...]:
        """The command line of the program that does the work."""
        return self.found.words

    @property
    def application(self) -> Application | None:
        """What is known of it, if it is one of those that Studio expects."""
        return self.found.application

    @property
    def is_empty(self) -> bool:
        """True if nothing is configured."""
        return not self.configured

    @property
    def is_bare(self) -> bool:
        """True if it comes to nothing, or to no more than a shell or an interpreter that waits for somebody to type."""
        return self.found.opaque is None and (not self.words or is_bare(self.words))

    @property
    def in_shell_form(self) -> bool:
        """True if ``/bin/sh`` runs it."""
        return self.configured[:2] == _SHELL_FORM

    @property
    def shown(self) -> str:
        """The configured words for people, short."""
        return shown(self.configured)


def is_bare(words: Sequence[str]) -> bool:
    """Tell whether a command is a shell or an interpreter without anything to run."""
    options = all(word.startswith("-") and word != "-c" for word in words[1:])
    return bool(words) and basename(words[0]) in _BARE and options


def shown(words: Sequence[str]) -> str:
    """Return a command for people: what a shell is given, without the shell; quoted and short."""
    text = words[2] if tuple(words[:2]) == _SHELL_FORM and len(words) > len(_SHELL_FORM) else " ".join(words)
    return repr(text if len(text) <= 60 else text[:57] + "...")  # noqa: PLR2004 - what fits a line


def find_commands(shell: Shell, execution: Execution, config: AppImageConfig | None) -> dict[App, Command]:
    """Return the command for each app of the newer Studio; `config` may replace the image's own.

    Raises:
        ContentUnavailableError: the first bytes of a program were not kept.
    """
    return {app: _find_command(app, shell, execution, container_config(config, app)) for app in APPS}


def container_config(config: AppImageConfig | None, app: App) -> Mapping[str, Any]:
    """Return the ``ContainerConfig`` that an AppImageConfig has for an app; an empty one if it has none."""
    return part(config, _FAMILIES[app], "ContainerConfig")


def container_variables(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that a ``ContainerConfig`` adds to those of the image."""
    items = part(config, "ContainerEnvironmentVariables").items()
    return {name: value for name, value in items if isinstance(value, str)}


def _find_command(app: App, shell: Shell, execution: Execution, config: Mapping[str, Any]) -> Command:
    entrypoint, arguments = (_texts(config.get(key)) for key in ("ContainerEntrypoint", "ContainerArguments"))
    # An entry point that is given takes CMD away, as 'docker run --entrypoint' does; arguments replace CMD.
    configured = (*(entrypoint or execution.entrypoint), *(arguments or (() if entrypoint else execution.cmd)))
    origin: Origin = "app-image-config" if entrypoint or arguments else "image"
    return follow(app, configured, shell, execution, config, origin=origin)


def follow(
    app: App,
    configured: tuple[str, ...],
    shell: Shell,
    execution: Execution,
    config: Mapping[str, Any],
    *,
    origin: Origin = "image",
) -> Command:
    """Return what a command comes to in an image; `config` is the ``ContainerConfig`` of the app.

    Raises:
        ContentUnavailableError: the first bytes of a program were not kept.
    """
    environment = execution.environment | container_variables(config)
    shell = replace(shell.with_environment(environment), directory=join("/", execution.working_dir))
    return Command(
        app=app,
        configured=configured,
        origin=origin,
        first=shell.find(configured[0]) if configured else None,
        found=search(configured, shell, environment),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
