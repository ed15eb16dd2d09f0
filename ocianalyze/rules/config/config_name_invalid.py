"""The API rejects the name or the tags of the AppImageConfig.

## What it checks

`AppImageConfigName` has at most 63 characters: ASCII letters and digits, with hyphens between them. There are at most
50 `Tags`, each with a `Key` (1 to 128 characters) and a `Value` (at most 256). A missing name is a warning, because you
can pass it separately from the file.

## Why it matters

`CreateAppImageConfig` fails with a `ValidationException`, and you cannot attach the image to a domain.

## How to fix

Use another name, or generate a valid AppImageConfig:

```sh
ocianalyze app-image-config image.tar --name my-image
```

## Data

- `place`: the location in the AppImageConfig.

## References

- [Amazon SageMaker API, CreateAppImageConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateAppImageConfig.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.config.finding import about_members, is_given
from ocianalyze.rules.profiles import studio
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    id="CFG001",
    severity=studio(Severity.ERROR),
    applies=is_given,
    before_layers=True,
    identity=("path", "place"),
    stated_in=(),
)
def config_name_invalid(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each violation in the name and the tags."""
    yield from about_members(
        subject,
        "AppImageConfigName",
        "Tags",
        hint="Use a name of at most 63 letters and digits, with hyphens between them, "
        "and at most 50 tags, each with a Key and a Value",
        missing=Severity.WARNING,
    )
