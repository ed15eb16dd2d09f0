"""`/bin/sh` is missing or cannot run.

## What it checks

`/bin/sh` resolves to a file that the container's user can execute. Symlinks are followed inside the image.

## Why it matters

Studio Classic starts its KernelGateway with a shell script that runs inside the image. It cannot start without a shell,
for example in distroless images and images built `FROM scratch`. The newer Studio needs a shell only for a command in
shell form (`CMD jupyter lab`), which Docker runs as `/bin/sh -c`. The error is
`exec: "/bin/sh": stat /bin/sh: no such file or directory`.

## How to fix

Use a base image that has a shell:

```dockerfile
FROM python:3.12-slim
```

## Data

- `problem`: a code, see KRN005.

## References

- [Custom image samples, issue 4](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/4):
  the trace of the startup script.
- [Dockerfile reference, shell and exec form](https://docs.docker.com/reference/dockerfile/#shell-and-exec-form).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.blame import program_layer
from ocianalyze.rules.cures import cure_of
from ocianalyze.rules.profiles import CODE_EDITOR, JUPYTERLAB, everywhere, newer
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH: Final = "/bin/sh"


@rule(id="RTM001", severity=everywhere(Severity.ERROR))
def shell_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the shell cannot be run."""
    program = subject.facts.shell.examine(PATH)
    if program.problem is not None:
        yield Finding(
            message=f"shell /bin/sh cannot run: {program.problem.text}",
            path=PATH,
            layer=program_layer(subject.filesystem, program),
            hint=f"{cure_of(program, subject.facts.shell)}; or use a base image with a shell, such as python:3.12-slim",
            severity=_severities(subject),
            data={"problem": program.problem.code},
        )


def _severities(subject: Subject) -> dict[str, Severity | None]:
    """Return the severities: none in the newer Studio, unless a shell runs the app's own command."""
    commands = subject.facts.commands
    apps = {JUPYTERLAB: commands["jupyterlab"], CODE_EDITOR: commands["code-editor"]}
    in_shell_form = {profile: Severity.ERROR for profile, command in apps.items() if command.in_shell_form}
    return {**newer(None), **in_shell_form}
