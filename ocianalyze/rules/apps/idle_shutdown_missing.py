"""Idle shutdown does not work: `jupyter-activity-monitor-extension` is not installed.

## What it checks

The package `jupyter-activity-monitor-extension` is installed in version 0.3.1 or newer. Images based on SageMaker
Distribution 2.0 or newer have it.

## Why it matters

Studio and HyperPod Spaces can stop idle JupyterLab apps. They learn about activity from this extension, which answers
`/api/idle`. Without it, the app starts, but runs and costs money until somebody stops it.

## How to fix

```dockerfile
RUN python3 -m pip install --no-cache-dir 'jupyter-activity-monitor-extension>=0.3.1'
```

## Data

- `version`: the version that was found, or null.

## References

- [Idle shutdown](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-idle-shutdown.html).
- [HyperPod Spaces, idle shutdown](https://docs.aws.amazon.com/sagemaker/latest/dg/customization.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.python import ACTIVITY_MONITOR
from ocianalyze.facts.python import JUPYTERLAB as PACKAGE
from ocianalyze.rules.profiles import HYPERPOD, JUPYTERLAB
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEAST: Final = (0, 3, 1)
_DISTRIBUTION: Final = (2, 0)


@rule(id="APP007", severity={JUPYTERLAB: Severity.NOTE, HYPERPOD: Severity.NOTE})
def idle_shutdown_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the extension is not installed, or too old."""
    installed = subject.facts.distributions[ACTIVITY_MONITOR]
    base = subject.facts.sagemaker_distribution
    if base is not None and base.version is not None and base.version >= _DISTRIBUTION:
        return
    if any(item.release is None or item.release >= _LEAST for item in installed):
        return
    what = f"has version {installed[0].version}, older than 0.3.1" if installed else "is not installed"
    yield Finding(
        message=f"jupyter-activity-monitor-extension {what}, so idle apps are not stopped",
        path=installed[0].package.path if installed else None,
        layer=installed[0].package.layer if installed else None,
        hint="Install 'jupyter-activity-monitor-extension>=0.3.1' in the same environment as JupyterLab",
        severity=None if subject.facts.distributions[PACKAGE] else {HYPERPOD: None},
        data={"version": installed[0].version if installed else None},
    )
