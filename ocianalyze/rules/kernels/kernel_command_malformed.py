"""The command of a kernel is malformed, so the kernel cannot start.

## What it checks

In the `kernel.json` of each visible kernel, `argv` is a list of at least one string. The first string is not empty, and
one of them contains `{connection_file}`. If the program is a script, which may find the connection file in another way,
a missing `{connection_file}` is a warning. The variables in `env` are strings.

If another kernel is usable, this is a warning, unless the AppImageConfig names this one. In Code Editor it is always a
warning. Kernels that another provisioner than Jupyter's own starts (`metadata.kernel_provisioner`) are exempt, because
the provisioner decides what it runs.

## Why it matters

Jupyter lists such a kernel, but starting it fails. Without `{connection_file}`, the kernel does not know which ports to
listen on: the notebook waits until the kernel is reported dead. If a variable is not a string, the server fails with
`TypeError` when it sets up the environment of the kernel.

## How to fix

```json
{
  "argv": ["/opt/venv/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
  "display_name": "My environment",
  "language": "python"
}
```

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `argv`: the command.
- `problem`: what is wrong.

## References

- [Making kernels for Jupyter, Kernel
  specs](https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs).
- [jupyter_client, `manager.py`](https://github.com/jupyter/jupyter_client/blob/main/jupyter_client/manager.py):
  `format_kernel_cmd`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.facts.kernels import CONNECTION_FILE
from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Kernel, Listing


@rule(id="KRN004", severity=everywhere(Severity.ERROR), identity=("path", "kernel"))
def kernel_command_malformed(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each listed kernel whose command is malformed."""
    yield from in_each_listing(subject, _malformed)


def _malformed(listing: Listing) -> Iterator[Finding]:
    for kernel in listing.kernels:
        problem = kernel.argv_problem
        if kernel.listed and problem is not None:
            is_doubtful = _may_know_otherwise(kernel)
            yield about(
                kernel,
                f"kernel {kernel.name!r} {'may not' if is_doubtful else 'cannot'} start: {problem}",
                hint=f"Set 'argv' in {kernel.file} to a list of strings: the program and its arguments, including "
                f"{CONNECTION_FILE}; set the values in 'env' to strings",
                severity=Severity.WARNING if is_doubtful else None,
                data={"argv": list(kernel.spec.argv), "problem": problem},
            )


def _may_know_otherwise(kernel: Kernel) -> bool:
    """Return whether only the connection file is missing, and the program is a script that may find it by itself."""
    program = kernel.program
    is_script = program is not None and program.interpreter is not None
    return is_script and kernel.spec.argv_problem is not None and CONNECTION_FILE in kernel.spec.argv_problem
