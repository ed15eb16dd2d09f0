"""The shell for terminals is missing or cannot run.

## What it checks

If the image sets `SHELL`, the program that it names can run. Otherwise, `bash` is found through `PATH`.

## Why it matters

Terminals in Studio run the program in `SHELL`, or otherwise `/bin/sh`, which has no history and no completion. If the
program in `SHELL` is missing, terminals do not open. AWS's examples set `SHELL=/bin/bash` "for a better Jupyter
terminal UX".

## How to fix

```dockerfile
RUN apt-get update && apt-get install --yes --no-install-recommends bash && rm -rf /var/lib/apt/lists/*
ENV SHELL=/bin/bash
```

## Data

- `shell`: the value of `SHELL`, or null.
- `problem`: a code, see KRN005.

## References

- [Custom image samples](https://github.com/aws-samples/sagemaker-studio-custom-image-samples): `ENV SHELL`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="RTM003", severity=everywhere(Severity.NOTE))
def terminal_shell_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for the shell that `SHELL` names, or otherwise for bash."""
    shell, value = subject.facts.shell, subject.facts.environment.get("SHELL")
    program = shell.find(value or "bash")
    if program.problem is not None:
        what = f"SHELL={value[:60]}" if value else "bash"
        yield Finding(
            message=f"terminals cannot run {what}: {program.problem.text}",
            path=program.path if program.node is not None else None,
            layer=program.node.layer if program.node is not None else None,
            hint="Install bash, and add 'ENV SHELL=/bin/bash'",
            data={"shell": value, "problem": program.problem.code},
        )
