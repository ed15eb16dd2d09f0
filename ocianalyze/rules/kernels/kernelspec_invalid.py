"""A `kernel.json` is invalid, so Jupyter does not list the kernel.

## What it checks

The `kernel.json` of each visible kernel is a JSON object in UTF-8 without a byte order mark. The keys that Jupyter
knows have the required types: `argv` is a list, `env` and `metadata` are objects, `interrupt_mode` is `signal` or
`message`, and the others are strings. Unknown keys are allowed.

If another kernel is usable, this is a warning, unless the AppImageConfig names this one. In Code Editor it is always a
warning.

In a conda environment, whose kernels nb_conda_kernels lists, `argv` and `display_name` are required.

## Why it matters

Jupyter logs a warning (`Error loading kernelspec`) and leaves the kernel out of the list. A kernel of the same name in
a directory that is searched later does not take its place.

nb_conda_kernels is less tolerant. If a valid JSON document lacks `display_name` or has a value of the wrong type, it
fails with a `KeyError` or `TypeError` when the server starts, and no kernel is listed at all.

## How to fix

Let the kernel's own installer write the file, or check your file in the build:

```dockerfile
RUN python3 -m json.tool /usr/local/share/jupyter/kernels/mykernel/kernel.json
```

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `problem`: what is wrong.
- `listing_fails`: whether nb_conda_kernels fails on the file, so that the server may not start.

## References

- [jupyter_client,
  `kernelspec.py`](https://github.com/jupyter/jupyter_client/blob/main/jupyter_client/kernelspec.py):
  `get_all_specs`.
- [nb_conda_kernels,
  `manager.py`](https://github.com/anaconda/nb_conda_kernels/blob/main/nb_conda_kernels/manager.py): `_all_specs`.
- [Making kernels for Jupyter, Kernel
  specs](https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.dockerfile import quoted
from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Listing


@rule(id="KRN003", severity=everywhere(Severity.ERROR), identity=("path", "kernel"))
def kernelspec_invalid(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each visible kernel that is dropped, or on which listing fails."""
    yield from in_each_listing(subject, _invalid)


def _invalid(listing: Listing) -> Iterator[Finding]:
    for kernel in listing.kernels:
        if not kernel.visible or kernel.problem is None:
            continue
        fails = kernel.origin == "conda" and kernel.spec.conda_failure is not None
        what = "makes nb_conda_kernels fail" if fails else "is not listed"
        yield about(
            kernel,
            f"kernel {kernel.name!r} {what} because its kernel.json is invalid: {kernel.problem}",
            hint=f"Correct the file, and check it in the build: 'RUN python3 -m json.tool {quoted(kernel.file)}'",
            data={"problem": kernel.problem, "listing_fails": fails},
        )
