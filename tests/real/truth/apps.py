"""How Studio starts each kind of app, and how it asks it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_PLATFORM = {
    "AWS_ACCOUNT_ID": "123456789012",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/none",
    "SAGEMAKER_SPACE_NAME": "space",
}


class App(NamedTuple):
    """A kind of app.

    Attributes:
        health: the path that answers when it is up.
        page: the path of what users see, and what that page holds; nothing for an app without one.
        variables: those that the platform sets, over those of the image.
        command: what the platform starts instead of the image's command.
        platform: the base with what the platform mounts over `/opt/.sagemakerinternal`, if it mounts anything there.
        has_kernels: whether the app's server starts kernels.
        requested: the kernels that have to work; if there are none, any kernel will do.

    """

    base_url: str
    health: str
    page: tuple[str, str] | None = None
    variables: Mapping[str, str] = {}
    command: Sequence[str] = ()
    platform: str | None = None
    has_kernels: bool = True
    requested: Sequence[str] = ()


APPS: Mapping[str, App] = {
    "studio-jupyterlab": App(
        "/jupyterlab/default",
        "/api/status",
        ("/lab", "jupyter-config-data"),
        _PLATFORM | {"SAGEMAKER_APP_TYPE": "JupyterLab"},
    ),
    "studio-code-editor": App(
        "/CodeEditor/default",
        "/",
        variables=_PLATFORM | {"SAGEMAKER_APP_TYPE": "CodeEditor"},
        has_kernels=False,
    ),
    "studio-classic": App(
        "",
        "/api",
        command=["/opt/.sagemakerinternal/conda/kgw_variant"],
        platform="gateway",
        requested=["python3"],
    ),
}
"""The apps by profile."""


def app_image_config(profile: str, container_config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what an image is registered with."""
    name = {"AppImageConfigName": "truth"}
    match profile:
        case "studio-classic":
            specs = [{"Name": kernel} for kernel in APPS[profile].requested]
            return name | {"KernelGatewayImageConfig": {"KernelSpecs": specs}}
        case "studio-code-editor":
            return name | {"CodeEditorAppImageConfig": {"ContainerConfig": dict(container_config)}}
        case _:
            return name | {"JupyterLabAppImageConfig": {"ContainerConfig": dict(container_config)}}
