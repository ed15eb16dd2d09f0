"""The image sets environment variables that SageMaker sets itself, or that contain credentials.

## What it checks

No variable of the image (`ENV`) or of the AppImageConfig (`ContainerEnvironmentVariables`) has a name that starts with
`AWS_` or `SAGEMAKER_`. Variables that SageMaker Distribution sets, such as `SAGEMAKER_LOGGING_DIR`, are a note.
`AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` and `AWS_ACCESS_KEY_ID` with a value are an error. Values are not shown.

## Why it matters

In the newer Studio, SageMaker's own variables "take precedence and will override any variables with the same names".
The image's values are lost. If SageMaker does not set a variable, the image's value is mistaken for SageMaker's. Studio
Classic adds no variables, so the image's values remain there, and may change the account or region that is used.

Everybody who may pull the image can read its credentials, and they stay in its history. AWS SDKs also use them before
the execution role.

## How to fix

Remove the `ENV`. In Studio, the execution role provides credentials. If the build needs credentials, use a build
secret. Revoke credentials that were published:

```dockerfile
RUN --mount=type=secret,id=aws,target=/root/.aws/credentials aws s3 cp s3://bucket/model /opt/model
```

## Data

- `variable`: the name of the variable.
- `origin`: `image` or `app-image-config`.
- `credential`: whether it contains a credential.

## References

- [Custom image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-byoi-specs.html),
  "Environment variables".
- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "Metadata".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.commands import APPS, container_config, container_variables
from ocianalyze.rules.profiles import CLASSIC, HYPERPOD, newer, studio
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIXES: Final = ("AWS_", "SAGEMAKER_")
_CREDENTIALS: Final = frozenset({"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"})
_WORKSPACE: Final = frozenset(
    {
        "JUPYTER_BASE_URL",
        "WORKSPACE_ACCESS_TYPE",
        "WORKSPACE_APP_TYPE",
        "WORKSPACE_CREATOR_USERNAME",
        "WORKSPACE_NAME",
        "WORKSPACE_NAMESPACE",
    }
)
_DISTRIBUTION: Final = frozenset({"SAGEMAKER_LOGGING_DIR", "SAGEMAKER_RECOVERY_MODE_HOME"})


@rule(
    id="APP008",
    severity={CLASSIC: Severity.NOTE, **newer(Severity.WARNING), HYPERPOD: Severity.NOTE},
    before_layers=True,
    identity=("path", "variable", "origin"),
)
def variable_overridden(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each such variable."""
    yield from _of_workspaces(subject)
    found = [item for item in _variables(subject) if item[0].startswith(_PREFIXES)]
    for name, value, origin in found:
        credential = name in _CREDENTIALS and bool(value)
        what = "ContainerEnvironmentVariables set" if origin == "app-image-config" else "ENV sets"
        if credential:
            message, hint = (
                f"{what} {name}, a credential that everybody who can pull the image can read",
                "Remove it and revoke the credential; in Studio, the execution role provides credentials",
            )
        else:
            message, hint = f"{what} {name}, which SageMaker may set itself", "Remove it, or use another name"
        severity = Severity.ERROR if credential else Severity.NOTE if name in _DISTRIBUTION else None
        yield Finding(
            message=message,
            hint=hint,
            severity=severity if credential else {**(studio(severity) if severity is not None else {}), HYPERPOD: None},
            data={"variable": name, "origin": origin, "credential": credential},
            stated_in=(f"ENV {name}",) if origin == "image" else (),
        )


def _of_workspaces(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each variable that HyperPod Spaces set themselves."""
    for name in sorted(_WORKSPACE.intersection(subject.environment)):
        yield Finding(
            message=f"ENV sets {name}, which HyperPod Spaces set themselves",
            hint="Remove it, or use another name",
            severity={**studio(None), HYPERPOD: Severity.NOTE},
            data={"variable": name, "origin": "image", "credential": False},
            stated_in=(f"ENV {name}",),
        )


def _variables(subject: Declaration) -> Iterator[tuple[str, str, str]]:
    for name, value in subject.image.config.config.environment.items():
        yield name, value, "image"
    for app in APPS:
        for name, value in container_variables(container_config(subject.app_image_config, app)).items():
            yield name, value, "app-image-config"
