"""A kernel is not listed, because another one of the same name is found first.

## What it checks

Each kernel name, in lower case, is found once in the directories that are searched. Hidden kernels shadow nothing.

## Why it matters

Jupyter lists only the first: what is installed in the other place has no effect. That may be meant, as where a base
image brings a kernel spec and another is put before it, but it may also be the reason why an unexpected interpreter
runs.

## How to fix

Give one of them another name, or remove it in the step that makes it:

```dockerfile
RUN rm -r /usr/local/share/jupyter/kernels/python3
```

## Data

- `kernel`, `kernel_directory`: the kernel that is not listed, and the directory of its `kernel.json`.
- `shadowed_by`: the directory of the one that is.

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


@rule(id="KRN012", severity=everywhere(Severity.NOTE))
def kernel_shadowed(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each kernel that another one shadows."""
    yield from in_each_listing(subject, _shadowed)


def _shadowed(listing: Listing) -> Iterator[Finding]:
    for kernel in listing.kernels:
        if kernel.shadowed_by is not None and kernel.hidden_by is None:
            yield about(
                kernel,
                f"kernel {kernel.name!r} in {kernel.directory} has no effect: that in {kernel.shadowed_by} is listed",
                hint="give one of them another name, or remove the one that is not meant",
                severity=Severity.NOTE,
                data={"shadowed_by": kernel.shadowed_by},
            )
