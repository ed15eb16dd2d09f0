r"""The image lacks programs that are required for remote access from a local IDE.

## What it checks

`unzip`, `tar`, `gzip`, and `curl` or `wget` are on `PATH`, and the container's user may execute them.

## Why it matters

Studio can connect a local VS Code to a space. To do so, it downloads and unpacks its server inside the container.
Without these programs, this fails. The app itself is not affected.

## How to fix

```dockerfile
RUN apt-get update \
 && apt-get install --yes --no-install-recommends curl gzip tar unzip \
 && rm -rf /var/lib/apt/lists/*
```

## Data

- `missing`: the missing programs. `curl` stands for `curl` or `wget`.

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
        listed = ", ".join(" or ".join(names) for names in missing)
        yield Finding(
            message=f"programs for remote access from a local IDE are missing: {listed}",
            hint="Install them if users connect a local IDE to the space",
            data={"missing": [names[0] for names in missing]},
        )
