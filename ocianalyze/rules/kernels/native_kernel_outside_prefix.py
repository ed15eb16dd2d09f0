"""The kernel `python3` is not where Studio Classic looks first.

## What it checks

If `python3` is in `/usr/local/share/jupyter/kernels` or `/usr/share/jupyter/kernels`, it is also in
`share/jupyter/kernels` of the prefix of the `python` that is found through `PATH`. For images made from `python:3` both
are the same directory. Kernels of any other name are found in either place.

## Why it matters

Studio Classic's start-up puts the prefix of that `python` first. The directories of the system come last, after those
of the service's own Python, which is likely to have a `python3` as well: then the notebook runs that one, and
`sys.executable` is `/opt/.sagemakerinternal/conda/bin/python`. That the service's Python has such a kernel is
concluded from what users saw; AWS's own example for Amazon Linux 2 has its kernel in `/usr/local`, too.

## How to fix

```dockerfile
RUN python -m ipykernel install --sys-prefix
```

with the `python` that is first on `PATH`, or another name, which goes into `KernelSpecs` of the AppImageConfig:

```dockerfile
RUN python3 -m ipykernel install --name my-kernel
```

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `prefix`: the prefix of the `python` on `PATH`.

## References

- Custom image samples, issues [4](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/4) (the
  start-up) and [18](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/18) (the symptom).
- [jupyter_core, `paths.py`](https://github.com/jupyter/jupyter_core/blob/main/jupyter_core/paths.py): `jupyter_path`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.facts.kernels import NATIVE
from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.profiles import CLASSIC
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


def _has_python(subject: Subject) -> bool:
    return subject.facts.python is not None


@rule(id="KRN009", severity={CLASSIC: Severity.WARNING}, applies=_has_python)
def native_kernel_outside_prefix(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if ``python3`` would be found in a directory of the system only."""
    python = subject.facts.python
    for kernel in subject.facts.classic.kernels:
        if python is not None and kernel.name == NATIVE and kernel.place == "system" and kernel.listed:
            yield about(
                kernel,
                f"kernel {NATIVE!r} lies in {kernel.directory}, but the 'python' on PATH has the prefix "
                f"{python.prefix}: a {NATIVE!r} of the service's own may come first",
                hint=f"install it where the service looks first: 'RUN python3 -m ipykernel install "
                f"--prefix {python.prefix}'; or give it another name",
                data={"prefix": python.prefix},
            )
