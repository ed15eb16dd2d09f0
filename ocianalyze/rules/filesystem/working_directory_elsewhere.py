"""The working directory is not within the user's directory.

## What it checks

`WORKDIR` is `/home/sagemaker-user` or a directory in it.

## Why it matters

"Use the `WORKDIR` instruction to set the working directory of your image to a folder within `/home/sagemaker-user`."
The server starts in the working directory. If that is elsewhere, the file browser does not show the persistent
directory, and files that users save are lost when the app stops. AWS's own example for JupyterLab sets no working
directory and works.

## How to fix

```dockerfile
WORKDIR /home/sagemaker-user
```

## Data

- `working_directory`: the working directory, or null.

## References

- [Custom image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-byoi-specs.html),
  "Working directory".
"""

from __future__ import annotations

from posixpath import join, normpath
from typing import TYPE_CHECKING

from ocianalyze.facts.directories import within
from ocianalyze.facts.registration import DEFAULT_MOUNT
from ocianalyze.rules.profiles import newer
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="FSR006", severity=newer(Severity.NOTE), before_layers=True)
def working_directory_elsewhere(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding if the working directory is elsewhere or not set."""
    given = subject.image.config.config.working_dir
    if given and within(normpath(join("/", given)), DEFAULT_MOUNT):
        return
    what = f"working directory {given} is not within {DEFAULT_MOUNT}" if given else "no working directory is set"
    yield Finding(
        message=f"{what}: files that users save in the directory where the app starts may be lost",
        hint=f"Add 'WORKDIR {DEFAULT_MOUNT}' to the Dockerfile",
        data={"working_directory": given or None},
    )
