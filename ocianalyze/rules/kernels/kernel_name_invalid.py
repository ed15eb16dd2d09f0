r"""The directory of a kernel spec has a name that kernels should not have.

## What it checks

The name of each visible kernel spec's directory holds only ASCII letters, digits, `-`, `.` and `_`. Upper case is a
note: Jupyter turns it into lower case. The names that nb_conda_kernels makes are always valid.

## Why it matters

Jupyter warns `Invalid kernelspec directory name` and lists such a kernel all the same, but it goes by its name in URLs
and in `KernelSpecs` of the AppImageConfig, where not every program copes with other characters. A kernel in a directory
`MyKernel` must be asked for as `mykernel`, and names are case sensitive there.

## How to fix

```dockerfile
RUN python3 -m ipykernel install --sys-prefix --name my-kernel --display-name "My kernel (ü)"
```

The display name may hold anything.

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


@rule(id="KRN011", severity=everywhere(Severity.WARNING))
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
                f"kernel {kernel.name!r} has a name with characters other than A-Z a-z 0-9 . _ -",
                hint="give its directory a plain name; 'display_name' in kernel.json may hold anything",
            )
        elif name != kernel.name:
            yield about(
                kernel,
                f"the kernel in the directory {name!r} is called {kernel.name!r}: Jupyter lists names in lower case",
                hint=f"ask for it as {kernel.name!r}",
                severity=Severity.NOTE,
            )
