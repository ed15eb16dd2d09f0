"""The list of kernels in the AppImageConfig is one that the API refuses.

## What it checks

`KernelGatewayImageConfig` has `KernelSpecs` with one to five kernels. Each has a `Name` and perhaps a `DisplayName`, of
at most 1024 characters. Whether these kernels are in the image is for KRN002 to say.

The API took one kernel only until December 2023, and parts of the documentation still say "You can only specify one
image kernel"; it takes up to five since, so that several are no finding.

## Why it matters

`CreateAppImageConfig` fails with a `ValidationException`, and the image cannot be attached to a domain.

## How to fix

```json
{"KernelGatewayImageConfig": {"KernelSpecs": [{"Name": "python3", "DisplayName": "Python 3"}]}}
```

Kernels that are not in the list can be chosen as well once the image runs.

## Data

- `place`: what it is about.

## References

- [Amazon SageMaker API, KernelGatewayImageConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_KernelGatewayImageConfig.html).
- [Amazon SageMaker API, KernelSpec](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_KernelSpec.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.config.finding import about_members, is_given
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="CFG002", severity=everywhere(Severity.ERROR), applies=is_given, before_layers=True)
def kernel_list_invalid(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each violation in the list."""
    yield from about_members(subject, "KernelSpecs", hint="list one to five kernels, each with its Name")
