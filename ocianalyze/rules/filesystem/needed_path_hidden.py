r"""A kernel needs something that is hidden at run time.

## What it checks

For each kernel that Studio will list: the program that its command starts, the symlinks and interpreters on the way
to it, and the base interpreter of a virtual environment do not lie in a directory that is mounted over (`/opt/ml`,
`/opt/.sagemakerinternal`, and the user's directory). Nor is the working directory of the image one of the reserved
directories while the image has files in it. Kernel specs that are hidden themselves are left to KRN008, modules to
KRN007.

## Why it matters

What lies there in the image is not there when the app runs: the kernel is listed, and starting it fails with
`No such file or directory` in the log of the KernelGateway (log group `/aws/sagemaker/studio`), and "Kernel Dead" in
the notebook.

## How to fix

Install into a system directory:

```dockerfile
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install ipykernel \
 && /opt/venv/bin/python -m ipykernel install --name myenv
```

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `hidden`: the path that is needed.
- `directory`: the directory that hides it.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "File system" and "User data".
"""

from __future__ import annotations

from posixpath import join
from typing import TYPE_CHECKING

from ocianalyze.facts.mounts import RESERVED
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Kernel

_HINT = "install it into a system directory such as /opt/venv or /usr/local"


@rule(id="FSR005", severity=everywhere(Severity.ERROR))
def needed_path_hidden(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each kernel that needs something hidden."""
    mounts = subject.facts.mounts
    for kernel in subject.facts.kernels:
        found = mounts.hides_any(_needed(kernel)) if kernel.visible and not kernel.rewritten else None
        if found is None:
            continue
        path, directory = found
        node = subject.filesystem.lookup(path, follow=False)
        yield Finding(
            message=f"kernel {kernel.name!r} needs {path}, which what is mounted on {directory} hides at run time",
            path=path,
            layer=node.layer if node is not None else kernel.node.layer,
            hint=_HINT,
            data={
                "kernel": kernel.name,
                "kernel_directory": kernel.directory,
                "hidden": path,
                "directory": directory,
            },
        )
    yield from _working_directory(subject)


def _needed(kernel: Kernel) -> tuple[str, ...]:
    """Return the paths that starting the kernel goes through, as far as they are there."""
    program, python = kernel.program, kernel.python
    paths = program.visited if program is not None and program.problem is None else ()
    if python is not None and python.home is not None and python.home_exists:
        return (*paths, python.home, *([python.base] if python.base is not None else []))
    return paths


def _working_directory(subject: Subject) -> Iterator[Finding]:
    directory = join("/", subject.image.config.config.working_dir)
    reserved = subject.facts.mounts.hides(directory)
    if reserved in RESERVED and subject.facts.reserved[reserved].files:
        yield Finding(
            message=f"the working directory {directory} lies in {reserved}, whose files may be hidden at run time",
            path=directory,
            hint="set WORKDIR to a directory of your own",
            severity=Severity.WARNING,
            data={"hidden": directory, "directory": reserved},
        )
