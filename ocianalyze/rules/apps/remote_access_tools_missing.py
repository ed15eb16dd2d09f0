r"""The image lacks programs that are required for remote access from a local IDE.

## What it checks

`unzip`, `tar`, `gzip`, and `curl` or `wget` are on `PATH`, and the container's user may execute them. The GNU C library
(glibc) is not older than 2.28, as the file name of the library tells for versions before 2.34.

## Why it matters

Studio and HyperPod Spaces can connect a local VS Code to a space. To do so, they download and unpack its server inside
the container. Without these programs, this fails. With an older glibc, the server of VS Code does not start. The app
itself is not affected.

## How to fix

```dockerfile
RUN apt-get update \
 && apt-get install --yes --no-install-recommends curl gzip tar unzip \
 && rm -rf /var/lib/apt/lists/*
```

## Data

- `missing`: the missing programs. `curl` stands for `curl` or `wget`.
- `glibc`: the version of glibc, if it is too old.

## References

- [Remote access with custom images](https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access.html).
- [HyperPod Spaces, image requirements](https://docs.aws.amazon.com/sagemaker/latest/dg/customization.html).
- [Visual Studio Code, requirements of remote development](https://code.visualstudio.com/docs/remote/linux).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.python import parse_release
from ocianalyze.regex import regex
from ocianalyze.rules.profiles import HYPERPOD, newer
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIBRARIES: Final = tuple(
    f"{directory}/libc.so.6"
    for directory in ("/lib64", "/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib/x86_64-linux-gnu")
)
_VERSIONED: Final = regex(r"libc-(\d{1,3}\.\d{1,3})\.so", re.ASCII)
_LEAST: Final = (2, 28)
_NEEDED: Final = (("curl", "wget"), ("unzip",), ("tar",), ("gzip",))


@rule(id="APP009", severity={**newer(Severity.NOTE), HYPERPOD: Severity.NOTE})
def remote_access_tools_missing(subject: Subject) -> Iterator[Finding]:
    """Yield one finding for all programs that are missing, and one if glibc is too old."""
    yield from _old_library(subject)
    shell = subject.facts.shell
    missing = [names for names in _NEEDED if all(shell.find(name).problem is not None for name in names)]
    if missing:
        listed = ", ".join(" or ".join(names) for names in missing)
        yield Finding(
            message=f"programs for remote access from a local IDE are missing: {listed}",
            hint="Install them if users connect a local IDE to the space",
            data={"missing": [names[0] for names in missing]},
        )


def _old_library(subject: Subject) -> Iterator[Finding]:
    library = next(filter(None, map(subject.filesystem.lookup, _LIBRARIES)), None)
    named = _VERSIONED.fullmatch(library.name) if library is not None else None
    version = parse_release(named[1]) if named is not None else None
    if library is not None and named is not None and version is not None and version < _LEAST:
        least = ".".join(map(str, _LEAST))
        yield Finding.at(
            library,
            f"glibc {named[1]} is too old for remote access from a local VS Code, which needs {least}",
            hint="Use a newer base image if users connect a local VS Code to the space",
            data={"missing": [], "glibc": named[1]},
        )
