"""The AppImageConfig that an image is registered with, if one is given: decoded, and what rules ask of it.

Source: the SageMaker API, ``CreateAppImageConfig``. The value is the decoded JSON; `load` and `validate` hold its
structure against the API, and what breaks only a limit of the API is left to rules. The functions that look something
up take nothing for granted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ocianalyze.errors import InvalidImageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.facts.registration.shapes import Violation

AppImageConfig: TypeAlias = "Mapping[str, Any]"

KERNEL_GATEWAY: Final = "KernelGatewayImageConfig"
JUPYTERLAB_APP: Final = "JupyterLabAppImageConfig"
CODE_EDITOR_APP: Final = "CodeEditorAppImageConfig"
FAMILIES: Final = (KERNEL_GATEWAY, JUPYTERLAB_APP, CODE_EDITOR_APP)
"""The members of which each is for one application."""

DEFAULT_MOUNT: Final = "/home/sagemaker-user"
"""Where the user's directory is mounted unless ``MountPath`` says otherwise."""

DEFAULT_UID: Final = 1000
DEFAULT_GID: Final = 100

LARGEST: Final = 1 << 20
"""How large the JSON may be; in bytes."""


def load(raw: bytes, *, what: str) -> AppImageConfig:
    """Return the AppImageConfig in the JSON `raw`; `what` names it in errors.

    Raises:
        UsageError: it is too large, no strict JSON (a key that stands twice), or `validate` finds fault with it.
    """
    from ocianalyze.oci import json

    if len(raw) > LARGEST:
        raise UsageError(f"{what} is larger than {LARGEST >> 20} MiB")
    try:
        value = json.decode(raw, what=what)
    except InvalidImageError as error:
        raise UsageError(error.message) from error
    validate(value, what=what)
    config: AppImageConfig = value
    return config


def validate(config: object, *, what: str) -> None:
    """Raise UsageError if something in `config` is not known to the API, or is of another type than it must be."""
    from ocianalyze.facts.registration.shapes import APP_IMAGE_CONFIG

    for violation in APP_IMAGE_CONFIG.violations(config):
        if violation.kind == "structure":
            place = f"{violation.where} " if violation.place else ""
            raise UsageError(f"{what}: {place}{violation.problem}", hint=violation.hint)


def violations(config: AppImageConfig | None, *places: str) -> Iterator[Violation]:
    """Yield what contradicts the API in a member of the config, or in a member of one of its `FAMILIES`."""
    if config is None:
        return
    from ocianalyze.facts.registration.shapes import APP_IMAGE_CONFIG

    for violation in APP_IMAGE_CONFIG.violations(config):
        first, *rest = (*violation.place, "")
        if first in places or (first in FAMILIES and rest[0] in places):
            yield violation


def families(config: AppImageConfig) -> tuple[str, ...]:
    """Return the applications that it is for, as `FAMILIES`."""
    return tuple(family for family in FAMILIES if family in config)


def mount_path(config: AppImageConfig | None) -> str:
    """Return where the user's directory will be mounted: ``FileSystemConfig.MountPath``, or its default."""
    path = part(config, KERNEL_GATEWAY, "FileSystemConfig").get("MountPath")
    return path if isinstance(path, str) and path.startswith("/") else DEFAULT_MOUNT


def default_uid(config: AppImageConfig | None) -> int:
    """Return ``FileSystemConfig.DefaultUid``, or its default."""
    return _default_id(config, "DefaultUid", DEFAULT_UID)


def default_gid(config: AppImageConfig | None) -> int:
    """Return ``FileSystemConfig.DefaultGid``, or its default."""
    return _default_id(config, "DefaultGid", DEFAULT_GID)


def _default_id(config: AppImageConfig | None, key: str, default: int) -> int:
    value = part(config, KERNEL_GATEWAY, "FileSystemConfig").get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def requested_kernels(config: AppImageConfig | None) -> tuple[str, ...] | None:
    """Return the names in ``KernelSpecs``, or None if none are given."""
    specs = part(config, KERNEL_GATEWAY).get("KernelSpecs")
    if not isinstance(specs, list):
        return None
    names = (spec.get("Name") for spec in specs if isinstance(spec, dict))
    return tuple(name for name in names if isinstance(name, str)) or None


def part(config: object, *keys: str) -> dict[str, Any]:
    """Return the object that lies in `config` under `keys`, or an empty one."""
    for key in keys:
        config = config.get(key) if isinstance(config, dict) else None
    return config if isinstance(config, dict) else {}
