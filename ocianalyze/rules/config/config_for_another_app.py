"""The AppImageConfig is for another application than the one that you scan for.

## What it checks

The AppImageConfig has the member that the profile requires:

- `studio-classic`: `KernelGatewayImageConfig`
- `studio-jupyterlab`: `JupyterLabAppImageConfig`
- `studio-code-editor`: `CodeEditorAppImageConfig`
- `unified-studio`: `JupyterLabAppImageConfig` or `CodeEditorAppImageConfig`

It may have the others as well. An AppImageConfig that has none of them is a note.

## Why it matters

Studio does not offer an image with `KernelGatewayImageConfig` for JupyterLab, and the other way round. Users who
registered JupyterLab images this way got `InternalFailure`. That this was the cause is a guess.

## How to fix

Generate a suitable AppImageConfig:

```sh
ocianalyze app-image-config image.tar --profile studio-jupyterlab --name my-image
```

Alternatively, use `--profile` to scan for the application that the AppImageConfig is for.

## Data

- `profile`: the profile that requires another application.
- `present`: the applications in the AppImageConfig.
- `expected`: the applications of which one is required.

## References

- [Amazon SageMaker API, CreateAppImageConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateAppImageConfig.html).
- [sagemaker-distribution, issue 178](https://github.com/aws/sagemaker-distribution/issues/178).
- [amazon-sagemaker-feedback, issue 40](https://github.com/aws/amazon-sagemaker-feedback/issues/40).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.registration import CODE_EDITOR_APP, JUPYTERLAB_APP, KERNEL_GATEWAY, families
from ocianalyze.rules.config.finding import is_given
from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, JUPYTERLAB, PROFILES, UNIFIED, everywhere, studio
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXPECTED: Final = {
    CLASSIC: (KERNEL_GATEWAY,),
    JUPYTERLAB: (JUPYTERLAB_APP,),
    CODE_EDITOR: (CODE_EDITOR_APP,),
    UNIFIED: (JUPYTERLAB_APP, CODE_EDITOR_APP),
}


@rule(
    id="CFG006",
    severity=studio(Severity.WARNING),
    applies=is_given,
    before_layers=True,
    identity=("path", "profile"),
    stated_in=(),
)
def config_for_another_app(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each profile whose application is not in the config."""
    present = families(subject.app_image_config or {})
    has = " and ".join(present) or "no application"
    for profile, wanted in _EXPECTED.items():
        if set(wanted).isdisjoint(present):
            severity = Severity.WARNING if present else Severity.NOTE
            yield Finding(
                message=f"the AppImageConfig has {has}, but {PROFILES[profile].title} requires {' or '.join(wanted)}",
                hint=f"Generate a suitable one with 'ocianalyze app-image-config --profile {profile} IMAGE'",
                severity={**everywhere(None), profile: severity},
                data={"profile": profile, "present": list(present), "expected": list(wanted)},
            )
