"""The products that an image can be built for, each with its own requirements.

Source: AWS, "Custom SageMaker image specifications" (Studio Classic), "Custom image specifications" (Studio),
"Bring your own image" (SageMaker Unified Studio), "Customize add-on" (SageMaker HyperPod Spaces).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from ocianalyze.errors import UsageError, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable

_Value = TypeVar("_Value")

CLASSIC: Final = "studio-classic"
JUPYTERLAB: Final = "studio-jupyterlab"
CODE_EDITOR: Final = "studio-code-editor"
UNIFIED: Final = "unified-studio"
HYPERPOD: Final = "hyperpod-spaces"

ALL: Final = "all"
"""Stands for every profile where profiles are chosen."""


class Profile(NamedTuple):
    """A product that an image can be built for.

    `letter` is its abbreviation in tables; `notice` is a warning about the product itself.
    """

    id: str
    letter: str
    title: str
    description: str
    notice: str | None = None


PROFILES: Final = {
    profile.id: profile
    for profile in (
        Profile(
            CLASSIC,
            "C",
            "SageMaker Studio Classic",
            "The image runs as a KernelGateway app. SageMaker overrides its ENTRYPOINT and CMD, starts its own Jupyter "
            "Kernel Gateway on port 8888, and mounts the user's directory. Users can select the kernels that the image "
            "provides as Jupyter kernel specs or conda environments.",
            "AWS maintains Studio Classic for existing workloads, but it is closed for onboarding: existing apps can "
            "be stopped or deleted, but new ones cannot be created.",
        ),
        Profile(
            JUPYTERLAB,
            "J",
            "JupyterLab in SageMaker Studio",
            "The image runs its own JupyterLab server on port 8888 under /jupyterlab/default, with the user's volume "
            "mounted on /home/sagemaker-user.",
        ),
        Profile(
            CODE_EDITOR,
            "E",
            "Code Editor in SageMaker Studio",
            "The image runs its own Code Editor server on port 8888 under /CodeEditor/default, with the user's volume "
            "mounted on /home/sagemaker-user.",
        ),
        Profile(
            UNIFIED,
            "U",
            "SageMaker Unified Studio",
            "The image extends SageMaker Distribution 2.6 or newer, whose entry points start the applications.",
        ),
        Profile(
            HYPERPOD,
            "H",
            "SageMaker HyperPod Spaces",
            "The image runs in a pod of an Amazon EKS cluster. A start script of the platform replaces its ENTRYPOINT "
            "and CMD and starts its JupyterLab or Code Editor on port 8888, with the user's volume mounted on "
            "/home/sagemaker-user.",
        ),
    )
}
"""All profiles by id."""


def choose_profiles(ids: Iterable[str]) -> tuple[str, ...]:
    """Return `ids` without repetitions; `ALL` stands for every profile.

    Raises:
        UsageError: one of them is not a profile.
    """
    chosen = tuple(dict.fromkeys(profile for id_ in ids for profile in (PROFILES if id_ == ALL else (id_,))))
    for profile in chosen:
        if profile not in PROFILES:
            raise UsageError(f"unknown profile {profile!r}", hint=suggest(profile, (*PROFILES, ALL)))
    return chosen


def newer(value: _Value) -> dict[str, _Value]:
    """Return `value` for each profile of the newer Studio, whose specification is shared."""
    return dict.fromkeys((JUPYTERLAB, CODE_EDITOR, UNIFIED), value)


def studio(value: _Value) -> dict[str, _Value]:
    """Return `value` for each profile of Studio and Unified Studio, which is every profile but HyperPod Spaces."""
    return {profile: value for profile in PROFILES if profile != HYPERPOD}


def everywhere(value: _Value) -> dict[str, _Value]:
    """Return `value` for all profiles."""
    return dict.fromkeys(PROFILES, value)
