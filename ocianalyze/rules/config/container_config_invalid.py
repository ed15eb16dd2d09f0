"""The API rejects the container settings of the AppImageConfig.

## What it checks

These limits apply to every `ContainerConfig`:

- `ContainerEntrypoint` has at most one element, of at most 256 characters.
- `ContainerArguments` has at most 50 elements, of at most 64 characters each.
- `ContainerEnvironmentVariables` has at most 25 variables. Names and values have at most 256 characters.

None of these texts is blank or has more than one line, except the value of a variable.

## Why it matters

`CreateAppImageConfig` fails with a `ValidationException`. The limits are easy to hit: a tornado setting often has more
than 64 characters, and an exec-form `ENTRYPOINT` often has more than one element.

## How to fix

Set the entry point to the program, and pass everything else as arguments, one word each:

```json
{"ContainerEntrypoint": ["jupyter-lab"], "ContainerArguments": ["--ServerApp.ip=0.0.0.0", "--ServerApp.port=8888"]}
```

If that is too long, put the command into a script in the image, and use the script as the entry point.

## Data

- `place`: the location in the AppImageConfig.

## References

- [Amazon SageMaker API, ContainerConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerConfig.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.config.finding import about_members, is_given
from ocianalyze.rules.profiles import studio
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    id="CFG005",
    severity=studio(Severity.ERROR),
    applies=is_given,
    before_layers=True,
    identity=("path", "place"),
    stated_in=(),
)
def container_config_invalid(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each violation in the settings."""
    yield from about_members(
        subject,
        "ContainerConfig",
        hint="Name one program, pass its options as arguments, and put the rest into a script",
    )
