"""The API rejects the file system settings of the AppImageConfig, or Studio does not support them.

## What it checks

In every `FileSystemConfig`, `MountPath` is an absolute path of at most 1024 characters on one line. `DefaultUid` and
`DefaultGid` are integers between 0 and 65,535. In `KernelGatewayImageConfig`, they are one of the pairs that Studio
Classic supports: 1000:100, which is the default, or 0:0.

USR002 checks that they match the image. FSR004 checks that nothing required is below the mount path.

## Why it matters

If a value is out of range, `CreateAppImageConfig` fails with a `ValidationException`. An unsupported pair is accepted,
but then no app starts.

## How to fix

```json
{"FileSystemConfig": {"MountPath": "/home/sagemaker-user", "DefaultUid": 1000, "DefaultGid": 100}}
```

For an image that runs as root, use `"DefaultUid": 0, "DefaultGid": 0`.

## Data

- `place`: the location in the AppImageConfig.
- `uid`, `gid`: the pair, if the pair is not supported.

## References

- [Amazon SageMaker API, FileSystemConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_FileSystemConfig.html).
- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "GID/UID limits".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.registration import DEFAULT_GID, DEFAULT_UID, KERNEL_GATEWAY, part
from ocianalyze.rules.config.finding import about_members, is_given
from ocianalyze.rules.profiles import CLASSIC, everywhere, studio
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUPPORTED: Final = ((1000, 100), (0, 0))


@rule(
    id="CFG003",
    severity=studio(Severity.ERROR),
    applies=is_given,
    before_layers=True,
    identity=("path", "place"),
    stated_in=(),
)
def file_system_config_invalid(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each violation in the settings, and one if the pair is not supported."""
    found = list(
        about_members(
            subject, "FileSystemConfig", hint="See the limits of FileSystemConfig in the SageMaker API reference"
        )
    )
    yield from found
    stated = part(subject.app_image_config, KERNEL_GATEWAY, "FileSystemConfig")
    pair = (stated.get("DefaultUid", DEFAULT_UID), stated.get("DefaultGid", DEFAULT_GID))
    place = f"{KERNEL_GATEWAY}.FileSystemConfig"
    if not found and pair not in _SUPPORTED:
        yield Finding(
            message=f"{place} has {pair[0]}:{pair[1]}; Studio Classic supports only 1000:100 and 0:0",
            hint="Set DefaultUid and DefaultGid to the image's user: 1000 and 100, or 0 and 0",
            severity={**everywhere(None), CLASSIC: Severity.ERROR},
            data={"place": place, "uid": pair[0], "gid": pair[1]},
        )
