"""`python` is not on `PATH`.

## What it checks

The container's user can run the command `python`, looked up on the image's `PATH`. `python3` does not count.

## Why it matters

When Studio Classic starts, it runs `python -c 'import sys; print(sys.prefix)'` and makes Jupyter search `share/jupyter`
below the prefix that this prints. It is not known what happens without `python`. Kernels in the prefix of `python3` are
then not found, unless that prefix is `/usr/local` or `/usr`.

## How to fix

```dockerfile
RUN ln -s python3 /usr/bin/python
```

On Debian and Ubuntu, the package `python-is-python3` does the same.

## Data

- `path`: the directories of `PATH`. If there are many, only the first ones.
- `problem`: why `python` cannot be run.

## References

- [Custom image samples, issue 4](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/4): a log
  of the startup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.blame import program_layer
from ocianalyze.rules.cures import cure_of
from ocianalyze.rules.dockerfile import lines
from ocianalyze.rules.kernels.steps import linking
from ocianalyze.rules.profiles import CLASSIC
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.programs import Shell

_SHOWN: Final = 20


@rule(id="KRN010", severity={CLASSIC: Severity.WARNING})
def python_not_on_path(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if ``python`` cannot be run."""
    program = subject.facts.python_program
    if program.problem is not None:
        yield Finding(
            message=f"Studio Classic runs 'python' to find kernels, but {program.problem.text}",
            path=program.path,
            layer=program_layer(subject.filesystem, program, searched=subject.facts.shell.path),
            hint=_link(subject.facts.shell) if program.node is None else cure_of(program, subject.facts.shell),
            data={"path": list(subject.facts.shell.path[:_SHOWN]), "problem": program.problem.text},
            because=program.problem.culprit,
        )


def _link(shell: Shell) -> str:
    step = linking(shell)
    if step is None:
        return "Install Python, and put its directory on PATH"
    return f"Link 'python' to the image's interpreter: {lines(shell.user, step)}"
