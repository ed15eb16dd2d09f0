"""The AppImageConfig's `ContainerEntrypoint` is not in the image.

## What it checks

The single element of `ContainerEntrypoint` is a program: the path of an executable file, or a name on the `PATH` of the
image and of `ContainerEnvironmentVariables`. It is not in a directory that is hidden by a mount at run time, and the
container's user may execute it.

## Why it matters

The container does not start: `exec: "jupyter-lab": executable file not found in $PATH`. Studio shows only
`InternalFailure`.

## How to fix

Set `ContainerEntrypoint` to the program only. Put each option into `ContainerArguments`, as a separate element:

```json
{"ContainerEntrypoint": ["jupyter-lab"], "ContainerArguments": ["--ServerApp.ip=0.0.0.0", "--ServerApp.port=8888"]}
```

## Data

- `app`: `jupyterlab` or `code-editor`.
- `program`: the element.
- `problem`: a code from KRN005, or `hidden`.

## References

- [Amazon SageMaker API,
  ContainerConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerConfig.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.commands import container_config
from ocianalyze.rules.profiles import CODE_EDITOR, JUPYTERLAB, UNIFIED
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.facts.commands import App, Command

_CONCERNED: Final[dict[App, Mapping[str, Severity | None]]] = {
    "jupyterlab": {CODE_EDITOR: None},
    "code-editor": {JUPYTERLAB: None},
}


def _is_given(subject: Subject) -> bool:
    return any(_entrypoint(subject, app) for app in _CONCERNED)


@rule(
    id="APP006",
    severity=dict.fromkeys((JUPYTERLAB, CODE_EDITOR, UNIFIED), Severity.ERROR),
    applies=_is_given,
    identity=("path", "app", "program"),
    stated_in=(),
)
def container_entrypoint_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each app whose entry point cannot be run."""
    for app, severity in _CONCERNED.items():
        command = subject.facts.commands[app]
        if not _entrypoint(subject, app) or command.first is None:
            continue
        problem = _problem(subject, command)
        if problem is None:
            continue
        code, text = problem
        program, node = command.first, command.first.node
        spaced = " " in program.word and code in ("missing", "not-on-path")
        yield Finding(
            message=f"ContainerEntrypoint {program.word!r} cannot be run: {text}",
            path=program.path if node is not None else None,
            layer=node.layer if node is not None else None,
            hint="Put each option into ContainerArguments, as a separate element"
            if spaced
            else "Install the program, or use its absolute path",
            severity=severity,
            data={"app": app, "program": program.word, "problem": code},
        )


def _entrypoint(subject: Subject, app: App) -> bool:
    given = container_config(subject.app_image_config, app).get("ContainerEntrypoint")
    return isinstance(given, list) and any(isinstance(item, str) for item in given)


def _problem(subject: Subject, command: Command) -> tuple[str, str] | None:
    program = command.first
    if program is None:
        return None
    if program.problem is not None:
        return program.problem.code, program.problem.text
    hidden = subject.facts.own.mounts.hides_any(program.visited)
    return None if hidden is None else ("hidden", f"{hidden[0]} is hidden by the volume mounted on {hidden[1]}")
