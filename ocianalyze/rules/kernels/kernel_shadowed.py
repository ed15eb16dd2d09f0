"""A kernel is not listed, because another kernel of the same name is found first.

## What it checks

Each kernel name, in lower case, is found only once in the directories that Jupyter searches. Hidden kernels do not
shadow others.

## Why it matters

Jupyter lists only the first kernel of a name, so the other one has no effect. This may be intended, for example to
override the kernel spec of a base image. It may also be the reason why an unexpected interpreter runs.

## How to fix

Rename one of the kernels, or remove it in the build step that creates it:

```dockerfile
RUN rm -r /usr/local/share/jupyter/kernels/python3
```

## Data

- `kernel`, `kernel_directory`: the kernel that is not listed, and the directory of its `kernel.json`.
- `shadowed_by`: the directory of the kernel that is listed.

## References

- [jupyter_client,
  `kernelspec.py`](https://github.com/jupyter/jupyter_client/blob/main/jupyter_client/kernelspec.py):
  `find_kernel_specs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Listing


@rule(id="KRN012", severity=everywhere(Severity.NOTE), identity=("path", "kernel"))
def kernel_shadowed(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each kernel that another one shadows."""
    yield from in_each_listing(subject, _shadowed)


def _shadowed(listing: Listing) -> Iterator[Finding]:
    for kernel in listing.kernels:
        if kernel.shadowed_by is not None and kernel.hidden_by is None:
            yield about(
                kernel,
                f"kernel {kernel.name!r} in {kernel.directory} is not listed: {kernel.shadowed_by} is found first",
                hint="Rename one of the two kernels, or remove the one that you do not need",
                severity=Severity.NOTE,
                data={"shadowed_by": kernel.shadowed_by},
            )
