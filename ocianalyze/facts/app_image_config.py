"""What is asked of the AppImageConfig that comes with an image, if there is one.

Source: the SageMaker API, ``CreateAppImageConfig``. The value is the decoded JSON; nothing in it is taken for granted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

AppImageConfig: TypeAlias = "Mapping[str, Any]"

DEFAULT_MOUNT: Final = "/home/sagemaker-user"
"""Where the user's directory is mounted unless ``MountPath`` says otherwise."""


def mount_path(config: AppImageConfig | None) -> str:
    """Return where the user's directory will be mounted: ``FileSystemConfig.MountPath``, or its default."""
    path = _part(_part(config, "KernelGatewayImageConfig"), "FileSystemConfig").get("MountPath")
    return path if isinstance(path, str) and path.startswith("/") else DEFAULT_MOUNT


def requested_kernels(config: AppImageConfig | None) -> tuple[str, ...] | None:
    """Return the names in ``KernelSpecs``, or None if none are given."""
    specs = _part(config, "KernelGatewayImageConfig").get("KernelSpecs")
    if not isinstance(specs, list):
        return None
    names = (spec.get("Name") for spec in specs if isinstance(spec, dict))
    return tuple(name for name in names if isinstance(name, str)) or None


def _part(value: object, key: str) -> dict[str, Any]:
    part = value.get(key) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}
