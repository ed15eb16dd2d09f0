"""The API rejects the list of kernels in the AppImageConfig.

## What it checks

`KernelGatewayImageConfig` has `KernelSpecs` with one to five kernels. Each kernel has a `Name`, and optionally a
`DisplayName`, of at most 1024 characters. KRN002 checks that these kernels are in the image.

Until December 2023, the API accepted only one kernel, and parts of the documentation still say "You can only specify
one image kernel". It now accepts up to five, so several kernels are not a finding.

## Why it matters

`CreateAppImageConfig` fails with a `ValidationException`, and you cannot attach the image to a domain.

## How to fix

```json
{"KernelGatewayImageConfig": {"KernelSpecs": [{"Name": "python3", "DisplayName": "Python 3"}]}}
```

When the image runs, users can also choose kernels that are not in the list.

## Data

- `place`: the location in the AppImageConfig.

## References

- [Amazon SageMaker API, KernelGatewayImageConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_KernelGatewayImageConfig.html).
- [Amazon SageMaker API, KernelSpec](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_KernelSpec.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.config.finding import about_members, is_given
from ocianalyze.rules.profiles import studio
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    id="CFG002",
    severity=studio(Severity.ERROR),
    applies=is_given,
    before_layers=True,
    identity=("path", "place"),
    stated_in=(),
)
def kernel_list_invalid(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each violation in the list."""
    yield from about_members(subject, "KernelSpecs", hint="List one to five kernels, each with a Name")
