"""Whether the start script of HyperPod Spaces works in the image is not documented.

## What it checks

The image is based on SageMaker Distribution, or contains the start script of HyperPod Spaces:
`/opt/amazon/sagemaker/workspace/bin/entrypoint-workspace-jupyterlab` or `entrypoint-workspace-code-editor`. Any other
image is undecided.

## Why it matters

HyperPod Spaces ignore `ENTRYPOINT` and `CMD`, and start the app with a script of their own, which AWS's templates name.
Where remote access is enabled, the platform mounts this script. What it needs of an image is documented only as
"SMD-like images": those like SageMaker Distribution. If it does not find what it needs, the space does not start.

## How to fix

Base the image on SageMaker Distribution:

```dockerfile
FROM public.ecr.aws/sagemaker/sagemaker-distribution:latest-cpu
```

Or let a template of your own name a command of the image. The command has to serve on port 8888 of all addresses, below
the path in `JUPYTER_BASE_URL`:

```yaml
kind: WorkspaceTemplate
spec:
  defaultImage: IMAGE
  defaultContainerConfig:
    command: ["/opt/start.sh"]
```

## Data

None.

## References

- [HyperPod Spaces, customize the add-on](https://docs.aws.amazon.com/sagemaker/latest/dg/customization.html).
- [jupyter-k8s-aws, charts/aws-hyperpod](https://github.com/jupyter-infra/jupyter-k8s-aws/tree/main/charts/aws-hyperpod):
  the templates and the mounts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import HYPERPOD
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCRIPTS: Final = tuple(
    f"/opt/amazon/sagemaker/workspace/bin/entrypoint-workspace-{app}" for app in ("jupyterlab", "code-editor")
)


@rule(id="APP015", severity={HYPERPOD: Severity.ERROR})
def workspace_start_unconfirmed(subject: Subject) -> Iterator[Finding]:
    """Yield an undecided finding if the image neither is like SageMaker Distribution nor has the script."""
    if subject.facts.sagemaker_distribution is not None:
        return
    if any(subject.facts.shell.examine(path).problem is None for path in _SCRIPTS):
        return
    yield Finding(
        message="it is not documented whether the start script of HyperPod Spaces works in an image that is not based "
        "on SageMaker Distribution",
        hint="Start a space with the image, base it on SageMaker Distribution, or name a command of your own in the "
        "template",
        kind="undecided",
    )
