"""The container settings of the AppImageConfig are refused by the API.

## What it checks

In every `ContainerConfig`: at most one `ContainerEntrypoint`, of at most 256 characters; at most 50
`ContainerArguments`, of at most 64 characters each; at most 25 `ContainerEnvironmentVariables`, whose names and values
have at most 256 characters. None of them but a variable's value may be blank or have more than one line.

## Why it matters

`CreateAppImageConfig` fails with a `ValidationException`. The limits are easily met: an argument such as a tornado
setting has soon more than 64 characters, and the words of an exec-form `ENTRYPOINT` are more than one.

## How to fix

The program is the entry point, and all that follows are arguments, a word each:

```json
{"ContainerEntrypoint": ["jupyter-lab"], "ContainerArguments": ["--ServerApp.ip=0.0.0.0", "--ServerApp.port=8888"]}
```

What is too long for that goes into a script in the image, which is then the entry point.

## Data

- `place`: what it is about.

## References

- [Amazon SageMaker API, ContainerConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerConfig.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.config.finding import about_members, is_given
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="CFG005", severity=everywhere(Severity.ERROR), applies=is_given, before_layers=True)
def container_config_invalid(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each violation in the settings."""
    yield from about_members(
        subject, "ContainerConfig", hint="name one program, give its words as arguments, and put the rest into a script"
    )
