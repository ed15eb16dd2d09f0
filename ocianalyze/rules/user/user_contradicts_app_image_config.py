r"""The container's user is not the user that the AppImageConfig names.

## What it checks

`DefaultUid` and `DefaultGid` in the `FileSystemConfig` of `KernelGatewayImageConfig` are the IDs that the container's
process gets from `USER`. The API's defaults are 1000 and 100. Without any `FileSystemConfig`, a difference is only a
warning, because the documentation is contradictory: the Studio Classic specification says that root is mapped in this
case, the API says 1000:100.

## Why it matters

"SageMaker is unable to launch the app using the image [...]. Ensure that the UID/GID provided in the AppImageConfig
matches the default UID/GID defined in the image."

## How to fix

Set the image's IDs, which `docker run IMAGE id` prints:

```sh
aws sagemaker update-app-image-config --app-image-config-name my-image --kernel-gateway-image-config \
  '{"FileSystemConfig": {"DefaultUid": 0, "DefaultGid": 0, "MountPath": "/root"}, "KernelSpecs": [...]}'
```

Alternatively, let the image run as the user that the AppImageConfig names:

```dockerfile
RUN useradd --create-home --gid 100 --uid 1000 sagemaker-user
USER 1000
```

## Data

- `uid`, `gid`: the IDs of the image.
- `default_uid`, `default_gid`: the IDs of the AppImageConfig.
- `stated`: whether the AppImageConfig has a `FileSystemConfig`.

## References

- [Custom image samples,
  DEVELOPMENT.md](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/blob/main/DEVELOPMENT.md).
- [Amazon SageMaker API,
  FileSystemConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_FileSystemConfig.html).
- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "User data".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.facts.registration import KERNEL_GATEWAY, default_gid, default_uid, part
from ocianalyze.rules.profiles import CLASSIC
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


def _is_given(subject: Subject) -> bool:
    config = subject.app_image_config
    return config is not None and KERNEL_GATEWAY in config and subject.facts.user.problem is None


@rule(id="USR002", severity={CLASSIC: Severity.ERROR}, applies=_is_given, stated_in=("USER",))
def user_contradicts_app_image_config(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the pairs differ."""
    user, config = subject.facts.user, subject.app_image_config
    wanted = (default_uid(config), default_gid(config))
    if (user.uid, user.gid) == wanted:
        return
    stated = bool(part(config, KERNEL_GATEWAY, "FileSystemConfig"))
    source = "the AppImageConfig says" if stated else "without FileSystemConfig, the API assumes"
    yield Finding(
        message=f"the container runs as {user.uid}:{user.gid}, but {source} {wanted[0]}:{wanted[1]}",
        hint=f"Set DefaultUid to {user.uid} and DefaultGid to {user.gid}, or change USER in the image",
        severity=None if stated else Severity.WARNING,
        data={
            "uid": user.uid,
            "gid": user.gid,
            "default_uid": wanted[0],
            "default_gid": wanted[1],
            "stated": stated,
        },
    )
