"""No kernel of the image can be found and started.

## What it checks

At least one kernel is visible at run time and nothing is known that keeps it from starting with the image's own
interpreter. Searched are, in this order: `share/jupyter/kernels` of the prefix of the `python` that is found through
`PATH`; the user's Jupyter directory, unless it is hidden; `/usr/local/share/jupyter/kernels`;
`/usr/share/jupyter/kernels`; and the conda environments.

## Why it matters

A KernelGateway app without a kernel has nothing to run: the notebook stays without one, or its kernel dies. A
JupyterLab server or Code Editor finds interpreters by itself, so that for them it is a warning.

## How to fix

```dockerfile
RUN python3 -m pip install ipykernel && python3 -m ipykernel install --sys-prefix
```

The prefix matters: run it with the `python` that is first on `PATH`. For R: `IRkernel::installspec(user = FALSE)`.

## Data

- `kernels`: for each kernel that was found, its `name`, `directory`, and why it does not count (`problem`).
- `unlisted`: `kernel.json` files that lie where nobody searches.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "Kernel discovery".
- [jupyter_client, Making kernels for Jupyter](https://jupyter-client.readthedocs.io/en/stable/kernels.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import CLASSIC, newer
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Kernel

_SHOWN: Final = 20


@rule(id="KRN001", severity={CLASSIC: Severity.ERROR, **newer(Severity.WARNING)})
def no_usable_kernel(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if there is none."""
    facts = subject.facts
    if any(kernel.usable for kernel in facts.kernels):
        return
    unlisted = facts.unlisted_kernels
    problems = [(kernel, _problem(kernel)) for kernel in facts.kernels]
    if problems:
        message = "no usable kernel: " + "; ".join(
            f"{kernel.name!r} {problem}" for kernel, problem in problems[:_SHOWN]
        )
    elif unlisted:
        message = f"no kernel where Studio searches; there is {unlisted[0]}, but {_not_searched(subject)}"
    else:
        message = "no kernel: there is no kernel.json where Studio searches"
    yield Finding(
        message=message,
        path=problems[0][0].file if problems else None,
        layer=problems[0][0].node.layer if problems else None,
        hint="install one: 'RUN python3 -m pip install ipykernel && python3 -m ipykernel install --sys-prefix'",
        # What the start-up does without a python on PATH is not known; the prefix might be found in another way.
        severity=Severity.WARNING if unlisted and not problems and facts.python is None else None,
        data={
            "kernels": [
                {"name": kernel.name, "directory": kernel.directory, "problem": problem} for kernel, problem in problems
            ],
            "unlisted": list(unlisted[:_SHOWN]),
        },
    )


def _problem(kernel: Kernel) -> str:
    reasons = (
        (kernel.hidden_by, f"is hidden by what is mounted on {kernel.hidden_by} (KRN008)"),
        (kernel.shadowed_by, f"is shadowed by {kernel.shadowed_by}"),
        (kernel.spec.problem, "has an invalid kernel.json (KRN003)"),
        (kernel.spec.argv_problem, "has a malformed command (KRN004)"),
        (kernel.rewritten, "would run AWS's interpreter (KRN006)"),
        (kernel.command_problem, "has a command that cannot be run (KRN005)"),
        (kernel.module, "lacks its Python module (KRN007)"),
    )
    return next((text for reason, text in reasons if reason), "cannot be used")


def _not_searched(subject: Subject) -> str:
    python = subject.facts.python
    if python is None:
        return "no 'python' is on PATH by whose prefix it could be found"
    return f"the prefix of the 'python' on PATH is {python.prefix}"
