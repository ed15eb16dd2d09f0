"""The directory name of a kernel spec contains characters that kernel names should not have.

## What it checks

The directory name of each visible kernel spec contains only ASCII letters, digits, `-`, `.` and `_`. Upper case is a
note, because Jupyter converts the name to lower case. The names that nb_conda_kernels generates are always valid.

## Why it matters

Jupyter warns `Invalid kernelspec directory name` but still lists the kernel. URLs and `KernelSpecs` of the
AppImageConfig use this name, and not every program handles other characters there. Names are case sensitive, so a
kernel in the directory `MyKernel` must be requested as `mykernel`.

## How to fix

```dockerfile
RUN python3 -m ipykernel install --sys-prefix --name my-kernel --display-name "My kernel (ü)"
```

The display name may contain any characters.

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.

## References

- [Making kernels for Jupyter, Kernel
  specs](https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs).
- [jupyter_client,
  `kernelspec.py`](https://github.com/jupyter/jupyter_client/blob/main/jupyter_client/kernelspec.py):
  `_is_valid_kernel_name`.
"""

from __future__ import annotations

import re
from posixpath import basename
from typing import TYPE_CHECKING, Final

from ocianalyze.regex import regex
from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Listing

_VALID: Final = regex(r"[a-z0-9._\-]+", re.ASCII | re.IGNORECASE)


@rule(id="KRN011", severity=everywhere(Severity.WARNING), identity=("path", "kernel"))
def kernel_name_invalid(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each visible kernel spec whose directory has such a name."""
    yield from in_each_listing(subject, _invalid)


def _invalid(listing: Listing) -> Iterator[Finding]:
    for kernel in listing.kernels:
        name = basename(kernel.directory)
        if kernel.origin != "kernelspec" or not kernel.visible:
            continue
        if not _VALID.fullmatch(name):
            yield about(
                kernel,
                f"kernel name {kernel.name!r} contains characters other than A-Z a-z 0-9 . _ -",
                hint="Rename its directory; 'display_name' in kernel.json may contain any characters",
            )
        elif name != kernel.name:
            yield about(
                kernel,
                f"kernel directory {name!r} is listed as {kernel.name!r}: Jupyter converts names to lower case",
                hint=f"Request it as {kernel.name!r}",
                severity=Severity.NOTE,
            )
