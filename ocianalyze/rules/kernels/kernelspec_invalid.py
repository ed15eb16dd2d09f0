"""A `kernel.json` is such that Jupyter drops the kernel.

## What it checks

The `kernel.json` of each visible kernel is UTF-8 without a byte order mark, JSON, an object, and the keys that
Jupyter knows have the types that it demands: `argv` a list, `env` and `metadata` objects, `interrupt_mode` `signal`
or `message`, the others strings. Keys that it does not know are tolerated.

## Why it matters

Jupyter writes a warning to its log (`Error loading kernelspec`) and leaves the kernel out: it vanishes from the
list. A kernel of the same name in a directory that is searched later does not take its place.

## How to fix

Let the kernel's own installer write the file, or check yours in the build:

```dockerfile
RUN python3 -m json.tool /usr/local/share/jupyter/kernels/mykernel/kernel.json
```

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `problem`: what is wrong.

## References

- [jupyter_client,
  `kernelspec.py`](https://github.com/jupyter/jupyter_client/blob/main/jupyter_client/kernelspec.py):
  `get_all_specs`.
- [Making kernels for Jupyter, Kernel
  specs](https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="KRN003", severity=everywhere(Severity.ERROR))
def kernelspec_invalid(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each visible kernel that Jupyter drops."""
    for kernel in subject.facts.kernels:
        if kernel.visible and kernel.spec.problem is not None:
            yield about(
                kernel,
                f"kernel {kernel.name!r} is dropped, because of its kernel.json: {kernel.spec.problem}",
                hint="let the kernel's installer write it, or check it with 'python3 -m json.tool'",
                data={"problem": kernel.spec.problem},
            )
