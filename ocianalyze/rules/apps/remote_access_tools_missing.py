"""Remote access from a local IDE needs programs that the image does not have.

## What it checks

`unzip`, `tar`, `gzip`, and one of `curl` and `wget` are found through `PATH`, and the container's user may execute
them.

## Why it matters

Studio can connect a local VS Code to a space. To do so it downloads and unpacks its server inside of the container.
Without these programs that fails; the app itself is not affected.

## How to fix

```dockerfile
RUN apt-get update \
 && apt-get install --yes --no-install-recommends curl gzip tar unzip \
 && rm -rf /var/lib/apt/lists/*
```

## Data

- `missing`: the programs, `curl` standing for `curl` or `wget`.

## References

- [Remote access with custom images](https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import newer
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEEDED: Final = (("curl", "wget"), ("unzip",), ("tar",), ("gzip",))


@rule(id="APP009", severity=newer(Severity.NOTE))
def remote_access_tools_missing(subject: Subject) -> Iterator[Finding]:
    """Yield one finding for all programs that are missing."""
    shell = subject.facts.shell
    missing = [names for names in _NEEDED if all(shell.find(name).problem is not None for name in names)]
    if missing:
        yield Finding(
            message=f"remote access from a local IDE needs {', '.join(' or '.join(names) for names in missing)}",
            hint="install them if people connect a local IDE to the space",
            data={"missing": [names[0] for names in missing]},
        )
