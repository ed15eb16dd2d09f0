r"""The idle shutdown of HyperPod Spaces does not work: `curl` is missing.

## What it checks

`curl` is on `PATH`, and the container's user may execute it. `wget` is not sufficient.

## Why it matters

To find out whether a space is idle, HyperPod Spaces run `curl` inside the container and ask `/api/idle` on port 8888.
Without it, the app works, but is never stopped for being idle.

## How to fix

```dockerfile
RUN apt-get update \
 && apt-get install --yes --no-install-recommends curl \
 && rm -rf /var/lib/apt/lists/*
```

## Data

- `problem`: why it cannot be run.

## References

- [HyperPod Spaces, custom image requirements](https://docs.aws.amazon.com/sagemaker/latest/dg/customization.html).
- [jupyter-k8s, internal/controller/idle_detectors.go](https://github.com/jupyter-infra/jupyter-k8s): the probe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.profiles import HYPERPOD
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="APP016", severity={HYPERPOD: Severity.NOTE})
def idle_probe_tool_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if ``curl`` cannot be run."""
    problem = subject.facts.shell.find("curl").problem
    if problem is not None:
        yield Finding(
            message=f"curl cannot be run, so HyperPod Spaces do not stop idle apps: {problem.text}",
            hint="Install curl if spaces are to be stopped when they are idle",
            data={"problem": problem.code},
        )
