"""What was the image registered with, and does the API take that?

The AppImageConfig: what it says, and where the SageMaker API refuses it.
"""

from ocianalyze.facts.registration.app_image_config import (
    CODE_EDITOR_APP,
    DEFAULT_GID,
    DEFAULT_MOUNT,
    DEFAULT_UID,
    JUPYTERLAB_APP,
    KERNEL_GATEWAY,
    LARGEST,
    AppImageConfig,
    default_gid,
    default_uid,
    families,
    load,
    part,
    requested_kernels,
    validate,
    violations,
)
from ocianalyze.facts.registration.shapes import APP_IMAGE_CONFIG, Violation

__all__ = [
    "APP_IMAGE_CONFIG",
    "CODE_EDITOR_APP",
    "DEFAULT_GID",
    "DEFAULT_MOUNT",
    "DEFAULT_UID",
    "JUPYTERLAB_APP",
    "KERNEL_GATEWAY",
    "LARGEST",
    "AppImageConfig",
    "Violation",
    "default_gid",
    "default_uid",
    "families",
    "load",
    "part",
    "requested_kernels",
    "validate",
    "violations",
]
