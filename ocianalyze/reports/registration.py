"""The AppImageConfig that fits an image, for one profile: what `CreateAppImageConfig` is to be called with.

Sources: the SageMaker API (`ocianalyze.facts.registration.shapes`); AWS, "Custom SageMaker image specifications"
(Studio Classic); for the applications' commands "Custom images" of JupyterLab and of Code Editor, and SageMaker
Distribution (``template/v4/dirs/usr/local/bin``), whose entry points need no words.
"""

from __future__ import annotations

import re
from itertools import chain
from posixpath import basename
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocianalyze.errors import UnfitImageError, UsageError
from ocianalyze.facts import gather
from ocianalyze.facts.kernels import NATIVE
from ocianalyze.facts.registration import (
    APP_IMAGE_CONFIG,
    CODE_EDITOR_APP,
    DEFAULT_MOUNT,
    JUPYTERLAB_APP,
    KERNEL_GATEWAY,
)
from ocianalyze.reports.text import cut, encodable
from ocianalyze.rules.apps.starting import missing_program
from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, HYPERPOD, JUPYTERLAB, PROFILES, UNIFIED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.facts import Facts
    from ocianalyze.facts.commands import App, Command
    from ocianalyze.facts.kernels import Kernel
    from ocianalyze.oci.image import Image
    from ocianalyze.rules.rule import Subject

_PAIRS: Final = ((1000, 100), (0, 0))
_MOUNTS: Final = (DEFAULT_MOUNT, f"{DEFAULT_MOUNT}/work")
"""Where the user's directory can be mounted; the first beneath which no kernel is hidden that is needed."""

_MOST_KERNELS: Final = 5
_LONGEST: Final = 1024
_LONGEST_NAME: Final = 63
_APPS: Final[Mapping[str, App]] = {JUPYTERLAB: "jupyterlab", CODE_EDITOR: "code-editor", UNIFIED: "jupyterlab"}
_PLACES: Final = ("", "/opt/conda/bin/")
"""Where a server is looked for: along ``PATH``, and where conda images have it that activate their environment late."""


class Registration(NamedTuple):
    """An AppImageConfig, and what whoever uses it should know."""

    config: dict[str, Any]
    remarks: tuple[str, ...] = ()


class _Server(NamedTuple):
    """A program that starts an application, and with which words."""

    family: str
    program: str
    arguments: tuple[str, ...] = ()


_SERVERS: Final = {
    JUPYTERLAB: (
        _Server(JUPYTERLAB_APP, "entrypoint-jupyter-server"),
        _Server(
            JUPYTERLAB_APP,
            "jupyter-lab",
            (
                "--ServerApp.ip=0.0.0.0",
                "--ServerApp.port=8888",
                "--ServerApp.base_url=/jupyterlab/default",
                "--ServerApp.token=",
                "--ServerApp.allow_origin=*",
            ),
        ),
    ),
    CODE_EDITOR: (
        _Server(CODE_EDITOR_APP, "entrypoint-code-editor"),
        _Server(
            CODE_EDITOR_APP,
            "sagemaker-code-editor",
            ("--host", "0.0.0.0", "--port", "8888", "--without-connection-token", "--base-path", "/CodeEditor/default"),  # noqa: S104 - as AWS demands
        ),
    ),
    UNIFIED: (
        _Server(JUPYTERLAB_APP, "entrypoint-sagemaker-ui-jupyter-server"),
        _Server(CODE_EDITOR_APP, "entrypoint-sagemaker-ui-code-editor"),
    ),
}
"""The programs that start an application, by profile, the best first."""


def register(subject: Subject, *, profile: str, name: str | None = None) -> Registration:
    """Return the AppImageConfig for an image that has none; `name` is its name, by default made from the image's.

    Raises:
        UnfitImageError: the image cannot have one for this profile.
        UsageError: `name` is one that the API refuses.
    """
    if profile == HYPERPOD:
        raise UsageError(f"{PROFILES[profile].title} use no AppImageConfig", hint="Choose another --profile")
    stated = name or _name(subject.image)
    for violation in APP_IMAGE_CONFIG.members["AppImageConfigName"].violations(stated):
        raise UsageError(f"the name {violation.problem}", hint="Choose one with --name")
    config, remarks = _kernel_gateway(subject) if profile == CLASSIC else _server(subject.facts, profile)
    return Registration({"AppImageConfigName": stated, **config}, remarks)


def _kernel_gateway(subject: Subject) -> Registration:
    facts, user = subject.facts, subject.facts.user
    if user.problem is not None or (user.uid, user.gid) not in _PAIRS:
        what = f"runs as {user.uid}:{user.gid}" if user.problem is None else "has a USER that cannot be resolved"
        raise UnfitImageError(
            f"the image {what}; Studio Classic supports 1000:100 and 0:0",
            hint="See 'ocianalyze explain USR001'",
        )
    for mount in _MOUNTS:
        if mount != DEFAULT_MOUNT:
            moved = {KERNEL_GATEWAY: {"FileSystemConfig": {"MountPath": mount}}}
            facts = gather(subject.image, subject.filesystem, app_image_config=moved)
        if kernels := _kernels(facts):
            break
    else:
        raise UnfitImageError("the image has no usable kernel", hint="Scan it to see why: 'ocianalyze scan IMAGE'")
    remarks = []
    if left_out := kernels[_MOST_KERNELS:]:
        remarks.append(f"left out, as there can be {_MOST_KERNELS} kernels: {', '.join(k.name for k in left_out[:20])}")
    remarks += (f"{kernel.name}: {kernel.doubt}" for kernel in kernels[:_MOST_KERNELS] if kernel.doubt)
    return Registration(
        {
            KERNEL_GATEWAY: {
                "KernelSpecs": [_kernel_spec(kernel) for kernel in kernels[:_MOST_KERNELS]],
                "FileSystemConfig": {"MountPath": mount, "DefaultUid": user.uid, "DefaultGid": user.gid},
            }
        },
        tuple(remarks),
    )


def _kernels(facts: Facts) -> list[Kernel]:
    """Return the kernels that can be used and named, that which Studio shows by default first."""
    distinct: dict[str, Kernel] = {}
    for kernel in facts.kernels:
        if kernel.usable and _can_be_named(kernel):
            distinct.setdefault(kernel.name, kernel)
    return sorted(distinct.values(), key=lambda kernel: (kernel.name != NATIVE, kernel.doubt is not None))


def _can_be_named(kernel: Kernel) -> bool:
    return 0 < len(kernel.name) <= _LONGEST and encodable(kernel.name) == kernel.name


def _kernel_spec(kernel: Kernel) -> dict[str, str]:
    display_name = cut(encodable(kernel.spec.display_name), _LONGEST)
    return {"Name": kernel.name, **({"DisplayName": display_name} if display_name else {})}


def _server(facts: Facts, profile: str) -> Registration:
    own = facts.commands[_APPS[profile]]
    for server in _SERVERS[profile]:
        for place in _PLACES:
            found = facts.shell.find(place + server.program)
            if found.problem is None and facts.own.mounts.hides_any(found.visited) is None:
                container = {"ContainerEntrypoint": [place + server.program]}
                if server.arguments:
                    container["ContainerArguments"] = list(server.arguments)
                return Registration({server.family: {"ContainerConfig": container}}, _replaced(own))
    names = ", ".join(server.program for server in _SERVERS[profile])
    serves_another = own.application is not None and own.application.serves != own.app
    if profile == UNIFIED or _starts_nothing(own) or serves_another:
        raise UnfitImageError(
            f"the image has nothing that starts {PROFILES[profile].title}",
            hint=f"Install one of {names}",
        )
    missing = missing_program(own)
    if missing is not None:
        raise UnfitImageError(missing.message, hint=f"{missing.hint}; or install one of {names}")
    remark = f"the image has none of {names}; its own command is kept: {own.shown}"
    return Registration({_SERVERS[profile][0].family: {}}, (remark,))


def _replaced(own: Command) -> tuple[str, ...]:
    if _starts_nothing(own):
        return ()
    return (f"instead of the image's own command: {own.shown}; to keep that, leave ContainerConfig empty",)


def _starts_nothing(command: Command) -> bool:
    return command.is_empty or command.is_bare


def _name(image: Image) -> str:
    """Return a name that the API takes, made from the image's name or its file's."""
    for name in chain(image.names, [re.sub(r"\.(tar|oci)(\.\w+)?$", "", image.reference)]):
        repository = basename(name.rstrip("/")).partition("@")[0].partition(":")[0]
        if letters := re.sub(r"[^a-z0-9]+", "-", repository[:1000].lower()).strip("-"):
            return letters[:_LONGEST_NAME].strip("-")
    return "custom-image"
