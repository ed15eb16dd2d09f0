"""There is no `python` on `PATH`.

## What it checks

The command `python`, looked up in the `PATH` of the image as the container's user, leads to a program that can be run.
`python3` does not count.

## Why it matters

Studio Classic's start-up runs `python -c 'import sys; print(sys.prefix)'` and makes Jupyter search
`share/jupyter` below what that prints. What it does where there is no `python` is not known; kernels in the prefix of
`python3` are then not found, unless that is `/usr/local` or `/usr`.

## How to fix

```dockerfile
RUN ln -s python3 /usr/bin/python
```

On Debian and Ubuntu the package `python-is-python3` does that.

## Data

- `path`: the directories of `PATH`, the first of them if there are many.
- `problem`: why `python` cannot be run.

## References

- [Custom image samples, issue 4](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/4): a log
  of the start-up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import CLASSIC
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN: Final = 20


@rule(id="KRN010", severity={CLASSIC: Severity.WARNING})
def python_not_on_path(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if ``python`` cannot be run."""
    program = subject.facts.python_program
    if program.problem is not None:
        yield Finding(
            message=f"Studio Classic asks 'python' where the kernels are, but {program.problem.text}",
            path=program.path,
            layer=program.node.layer if program.node is not None else None,
            hint="let 'python' lead to the image's interpreter: 'RUN ln -s python3 /usr/bin/python'",
            data={"path": list(subject.facts.shell.path[:_SHOWN]), "problem": program.problem.text},
        )
