"""A `kernel.json` is such that Jupyter drops the kernel.

## What it checks

The `kernel.json` of each visible kernel is UTF-8 without a byte order mark, JSON, an object, and the keys that
Jupyter knows have the types that it demands: `argv` a list, `env` and `metadata` objects, `interrupt_mode` `signal`
or `message`, the others strings. Keys that it does not know are tolerated.

In a conda environment, whose kernels nb_conda_kernels lists, `argv` and `display_name` must be there as well.

## Why it matters

Jupyter writes a warning to its log (`Error loading kernelspec`) and leaves the kernel out: it vanishes from the
list. A kernel of the same name in a directory that is searched later does not take its place.

nb_conda_kernels takes less care: on a valid JSON document without `display_name`, or with a value of the wrong type, it
fails with a `KeyError` or `TypeError` as the server starts, and no kernel is listed at all.

## How to fix

Let the kernel's own installer write the file, or check yours in the build:

```dockerfile
RUN python3 -m json.tool /usr/local/share/jupyter/kernels/mykernel/kernel.json
```

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `problem`: what is wrong.
- `listing_fails`: whether nb_conda_kernels fails on it, so that the server may not start.

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

from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Listing


@rule(id="KRN003", severity=everywhere(Severity.ERROR))
def kernelspec_invalid(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each visible kernel that is dropped, or on which listing fails."""
    yield from in_each_listing(subject, _invalid)


def _invalid(listing: Listing) -> Iterator[Finding]:
    for kernel in listing.kernels:
        if not kernel.visible or kernel.problem is None:
            continue
        fails = kernel.origin == "conda" and kernel.spec.conda_failure is not None
        what = "makes nb_conda_kernels fail" if fails else "is dropped"
        yield about(
            kernel,
            f"kernel {kernel.name!r} {what}, because of its kernel.json: {kernel.problem}",
            hint="let the kernel's installer write it, or check it with 'python3 -m json.tool'",
            data={"problem": kernel.problem, "listing_fails": fails},
        )
