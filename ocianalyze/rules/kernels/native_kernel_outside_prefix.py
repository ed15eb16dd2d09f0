"""The kernel `python3` is not in the directory that Studio Classic searches first.

## What it checks

If `python3` is in `/usr/local/share/jupyter/kernels` or `/usr/share/jupyter/kernels`, it is also in
`share/jupyter/kernels` of the prefix of the `python` on `PATH`. For images that are based on `python:3`, both are the
same directory. Kernels with any other name are found in either place.

## Why it matters

When Studio Classic starts, it puts the prefix of that `python` first. The system directories come last, after those of
Studio's own Python, which probably has a `python3` kernel as well. The notebook then runs that kernel, and
`sys.executable` is `/opt/.sagemakerinternal/conda/bin/python`.

That Studio's own Python has such a kernel is inferred from user reports. AWS's own example for Amazon Linux 2 also
installs its kernel in `/usr/local`.

## How to fix

Use the `python` that is first on `PATH`:

```dockerfile
RUN python -m ipykernel install --sys-prefix
```

Alternatively, use another name, and add it to `KernelSpecs` of the AppImageConfig:

```dockerfile
RUN python3 -m ipykernel install --name my-kernel
```

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `prefix`: the prefix of the `python` on `PATH`.

## References

- Custom image samples, issues [4](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/4) (the
  startup) and [18](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/18) (the symptom).
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


@rule(id="KRN009", severity={CLASSIC: Severity.WARNING}, applies=_has_python, identity=("path", "kernel"))
def native_kernel_outside_prefix(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if ``python3`` is found only in a system directory."""
    python = subject.facts.python
    for kernel in subject.facts.classic.kernels:
        if python is not None and kernel.name == NATIVE and kernel.place == "system" and kernel.listed:
            yield about(
                kernel,
                f"kernel {NATIVE!r} is in {kernel.directory}, outside {python.prefix}, the prefix of 'python' on PATH: "
                f"Studio may find its own {NATIVE!r} first",
                hint=f"Install it where Studio searches first: 'RUN python3 -m ipykernel install "
                f"--prefix {python.prefix}'; or rename it",
                data={"prefix": python.prefix},
            )
