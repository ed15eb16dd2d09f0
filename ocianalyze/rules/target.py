"""Which apps an image is meant for: those that the user names, else what the AppImageConfig or the image shows."""

from __future__ import annotations

from posixpath import basename
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.errors import UndecidedError
from ocianalyze.facts.commands import is_bare
from ocianalyze.facts.programs import CODE_EDITOR_RELATIVES
from ocianalyze.facts.registration import CODE_EDITOR_APP, JUPYTERLAB_APP, KERNEL_GATEWAY, families
from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, JUPYTERLAB, UNIFIED
from ocianalyze.rules.rule import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.facts.commands import Command
    from ocianalyze.rules.rule import Declaration

_BY_FAMILY: Final = {KERNEL_GATEWAY: CLASSIC, JUPYTERLAB_APP: JUPYTERLAB, CODE_EDITOR_APP: CODE_EDITOR}
_BY_SERVER: Final = {"jupyterlab": JUPYTERLAB, "code-editor": CODE_EDITOR}
_SERVER_TITLES: Final = {JUPYTERLAB: "JupyterLab", CODE_EDITOR: "Code Editor"}


class Target(NamedTuple):
    """The apps that an image is judged for.

    Attributes:
        profiles: their profiles.
        reason: why these; a clause.
        is_known: whether the image is meant for all of them. If not, it is meant for one of them, and its layers
            have to be read to find out which.
    """

    profiles: tuple[str, ...]
    reason: str
    is_known: bool = True


def find_target(subject: Declaration, requested: Sequence[str] = ()) -> Target:
    """Return the profiles that are requested; without any, those that the image is meant for."""
    if requested:
        return Target(tuple(requested), "requested")
    stated = families(subject.app_image_config or {})
    if stated:
        profiles = tuple(_BY_FAMILY[family] for family in stated)
        return Target(profiles, f"the AppImageConfig has {' and '.join(stated)}")
    if not isinstance(subject, Subject):
        return Target(
            tuple(_BY_FAMILY.values()), "its layers were not read, and it may be meant for any of these", is_known=False
        )
    return _shown_by_image(subject)


def _shown_by_image(subject: Subject) -> Target:
    try:
        command = subject.facts.commands["jupyterlab"]  # without an AppImageConfig, every app has the image's command
        started, doubt = _started(command), _doubt(command)
    except UndecidedError as error:
        started, doubt = None, error.message
    base = subject.facts.sagemaker_distribution
    if base is not None:
        profiles = (started or JUPYTERLAB, *((UNIFIED,) if base.runs_in_unified_studio else ()))
        version = " {}.{}".format(*base.version) if base.version else ""
        return Target(profiles, f"it is based on SageMaker Distribution{version}")
    if started is not None:
        return Target((started,), f"its command starts {_SERVER_TITLES[started]}")
    if doubt is not None:
        return Target((CLASSIC,), f"it is unknown what its command starts: {doubt}")
    return Target((CLASSIC,), "its command starts neither JupyterLab nor Code Editor")


def _started(command: Command) -> str | None:
    """Return the profile of the app that a command starts, or is known to try."""
    if command.application is not None:
        return _BY_SERVER.get(command.application.serves)
    return CODE_EDITOR if command.words and basename(command.words[0]) in CODE_EDITOR_RELATIVES else None


def _doubt(command: Command) -> str | None:
    """Return why it is unknown what a command starts, if it is; an interpreter with nothing to run starts nothing."""
    return None if is_bare(command.configured) else command.found.opaque
