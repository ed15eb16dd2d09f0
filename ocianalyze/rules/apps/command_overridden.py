r"""The image's `ENTRYPOINT` or `CMD` does not run in Studio.

## What it checks

The image has no `ENTRYPOINT`, and its `CMD`, if any, is only a shell or an interpreter, as in many base images.

## Why it matters

"`ENTRYPOINT` and `CMD` instructions are overridden to enable the image to run as a KernelGateway app." An entry point
script therefore does not run. The variables that it exports, the environments that it activates, the files that it
creates and the init process that it starts are missing.

In SageMaker Unified Studio, an `ENTRYPOINT` "will not work as expected", which is a warning. SageMaker Distribution's
own entry point passes there.

## How to fix

Do the work at build time, and set variables with `ENV`:

```dockerfile
ENV PATH=/opt/venv/bin:$PATH \
    CUDA_HOME=/usr/local/cuda
```

Use a lifecycle configuration for what must be done when the app starts.

## Data

- `profile`: the profile that the finding is about.
- `entrypoint`, `cmd`: the two lists.
- `kind`: the file type of the program if it is in the image, otherwise null.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "Running the image".
"""

from __future__ import annotations

from posixpath import basename
from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import CLASSIC, HYPERPOD, UNIFIED
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BARE: Final = frozenset({"sh", "bash", "dash", "ash", "zsh", "python", "python2", "python3", "ipython", "R", "julia"})
_INITS: Final = frozenset({"tini", "dumb-init", "init", "s6-svscan", "supervisord", "catatonit", "docker-init"})
_SHELL: Final = ("/bin/sh", "-c")
_DISTRIBUTION: Final = ("/usr/local/bin/_entrypoint.sh",)
"""The entry point that SageMaker Distribution inherits from its own base image."""


@rule(
    id="APP005",
    severity={CLASSIC: Severity.NOTE, UNIFIED: Severity.WARNING, HYPERPOD: Severity.NOTE},
    identity=("path", "profile"),
    stated_in=("CMD", "ENTRYPOINT"),
)
def command_overridden(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the image has a command that is more than a shell."""
    execution = subject.image.config.config
    entrypoint, cmd = execution.entrypoint, execution.cmd
    if not entrypoint and (not cmd or (len(cmd) == 1 and basename(cmd[0]) in _BARE)):
        return
    word = _program_of(entrypoint or cmd)
    program = subject.facts.shell.find(word) if word else None
    kind = program.kind if program is not None else None
    found = program is not None and program.node is not None
    what = "ENTRYPOINT" if entrypoint else "CMD"
    lost = "its setup does not run"
    if word and basename(word) in _INITS:
        lost = "there is no init process"
    shown = f"{what} {_shown(entrypoint or cmd)}"
    classic = f"{shown} is overridden by the KernelGateway app: {lost}"
    works = "will not work as expected" if entrypoint else "may not run"
    unified = f"{shown} {works} in SageMaker Unified Studio, which uses its own entry point"
    spaces = f"{shown} does not run in HyperPod Spaces, which start the app themselves: {lost}"
    of_distribution = tuple(entrypoint) == _DISTRIBUTION
    for profile, message, severity in (
        (CLASSIC, classic, Severity.NOTE),
        (UNIFIED, unified, _in_unified_studio(entrypoint)),
        (HYPERPOD, spaces, None if of_distribution else Severity.NOTE),
    ):
        yield Finding(
            message=message,
            path=program.path if found and program is not None else None,
            layer=program.node.layer if program is not None and program.node is not None else None,
            hint="Do its work at build time, set variables with ENV, or use a lifecycle configuration",
            severity={CLASSIC: None, UNIFIED: None, HYPERPOD: None, profile: severity},
            data={"profile": profile, "entrypoint": list(entrypoint), "cmd": list(cmd), "kind": kind},
        )


def _in_unified_studio(entrypoint: Sequence[str]) -> Severity | None:
    if tuple(entrypoint) == _DISTRIBUTION:
        return None
    return Severity.WARNING if entrypoint else Severity.NOTE


def _program_of(command: Sequence[str]) -> str | None:
    """Return the word that names the program: the first of a shell's command line, too."""
    if tuple(command[:2]) == _SHELL and len(command) > len(_SHELL):
        words = command[2].split()
        return next((word for word in words if "=" not in word and word != "exec"), None)
    return command[0] if command else None


def _shown(command: Sequence[str]) -> str:
    text = command[2] if tuple(command[:2]) == _SHELL and len(command) > len(_SHELL) else " ".join(command)
    return repr(text if len(text) <= 60 else text[:57] + "...")  # noqa: PLR2004 - what fits a line
