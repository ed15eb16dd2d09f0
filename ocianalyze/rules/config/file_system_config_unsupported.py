"""The AppImageConfig has file system settings for an application that is documented not to support them.

## What it checks

`JupyterLabAppImageConfig` and `CodeEditorAppImageConfig` have no `FileSystemConfig`.

## Why it matters

The sources contradict each other, so this is a warning and not an error. The API description says that "the
`FileSystemConfig` object is not supported", and in February 2024 users got a `ValidationException` for it. However, a
post on AWS's blog used it in December 2025, and for one user the app only started with it. In any case, it has no
documented effect: the volume is mounted on `/home/sagemaker-user`, and "you can't change the mount path".

## How to fix

Remove it. If the application then does not start and its log group is empty, try the defaults:

```json
{"FileSystemConfig": {"MountPath": "/home/sagemaker-user", "DefaultUid": 1000, "DefaultGid": 100}}
```

## Data

- `place`: the location in the AppImageConfig.

## References

- [AWS CloudFormation, JupyterLabAppImageConfig](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-sagemaker-appimageconfig-jupyterlabappimageconfig.html).
- [terraform-provider-aws, issue 35826](https://github.com/hashicorp/terraform-provider-aws/issues/35826): rejected.
- [amazon-sagemaker-feedback, issue 128](https://github.com/aws/amazon-sagemaker-feedback/issues/128): required.
- [Custom image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-byoi-specs.html) of the
  newer Studio, "WorkingDirectory".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.registration import CODE_EDITOR_APP, JUPYTERLAB_APP, part
from ocianalyze.rules.config.finding import is_given
from ocianalyze.rules.profiles import CODE_EDITOR, JUPYTERLAB, UNIFIED, newer
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONCERNED: Final = {JUPYTERLAB_APP: (JUPYTERLAB, UNIFIED), CODE_EDITOR_APP: (CODE_EDITOR, UNIFIED)}


@rule(
    id="CFG004",
    severity=newer(Severity.WARNING),
    applies=is_given,
    before_layers=True,
    identity=("path", "place"),
    stated_in=(),
)
def file_system_config_unsupported(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each of the two that has one."""
    for family, profiles in _CONCERNED.items():
        if "FileSystemConfig" in part(subject.app_image_config, family):
            yield Finding(
                message=f"{family} has a FileSystemConfig, which the API documentation says is not supported",
                hint="Remove it; the volume is always mounted on /home/sagemaker-user",
                severity={**newer(None), **dict.fromkeys(profiles, Severity.WARNING)},
                data={"place": f"{family}.FileSystemConfig"},
            )
