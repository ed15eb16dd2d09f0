r"""Nothing starts a server: the image has no command, or its command is only a shell.

## What it checks

The newer Studio starts the image with `ContainerEntrypoint` and `ContainerArguments` of the AppImageConfig, otherwise
with the image's own `ENTRYPOINT` and `CMD`. One of them is set, and is more than an interactive shell or interpreter,
which base images often have.

The check is undecided in these cases:

- No AppImageConfig is given. It may provide the command.
- The image is based on SageMaker Distribution. AWS's statements and user reports about such images contradict each
  other.

## Why it matters

Without a server, nothing answers on port 8888. The container exits at once or waits in a shell, and the app fails after
about 15 minutes.

## How to fix

Set the command in the image:

```dockerfile
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--ServerApp.base_url=/jupyterlab/default", \
"--ServerApp.token=", "--ServerApp.allow_origin=*"]
```

Alternatively, set it in the AppImageConfig, as AWS recommends, and scan with `--app-image-config`:

```json
{"JupyterLabAppImageConfig": {"ContainerConfig": {
    "ContainerEntrypoint": ["jupyter-lab"], "ContainerArguments": ["--ServerApp.ip=0.0.0.0", "..."]}}}
```

In an image based on SageMaker Distribution, use `ENTRYPOINT ["entrypoint-jupyter-server"]` or
`ENTRYPOINT ["entrypoint-code-editor"]`.

## Data

- `app`: the app whose server is not started, `jupyterlab` or `code-editor`.
- `cause`: `no-command` or `shell-only`.
- `command`, `program`: the configured command, and the program that it starts.
- `origin`: `image` or `app-image-config`.
- `distribution`: the version of SageMaker Distribution that the image is based on, or null.

## References

- [Custom image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-byoi-specs.html).
- [SageMaker Distribution, issue 538](https://github.com/aws/sagemaker-distribution/issues/538): an image without an
  entry point never becomes healthy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.commands import shown
from ocianalyze.rules.apps.finding import about_command, legible, where
from ocianalyze.rules.apps.restarting import Restart
from ocianalyze.rules.profiles import CODE_EDITOR, JUPYTERLAB, PROFILES
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.commands import App, Command

_APPS: Final[dict[str, App]] = {JUPYTERLAB: "jupyterlab", CODE_EDITOR: "code-editor"}
_EXAMPLES: Final = {JUPYTERLAB: "'jupyter lab'", CODE_EDITOR: "'sagemaker-code-editor'"}


@rule(
    id="APP004",
    severity={JUPYTERLAB: Severity.ERROR, CODE_EDITOR: Severity.ERROR},
    identity=("path", "app"),
    stated_in=("CMD", "ENTRYPOINT"),
)
def command_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each app whose server is not started."""
    base = subject.facts.sagemaker_distribution
    distribution = base.stated if base is not None else None
    doubtful = subject.app_image_config is None or distribution is not None
    settle = "; if the AppImageConfig does so, scan with --app-image-config" if subject.app_image_config is None else ""
    for profile, app in _APPS.items():
        command = subject.facts.commands[app]
        if not command.is_empty and not command.is_bare:
            continue
        unless = ", so the AppImageConfig must set a command" if subject.app_image_config is None else ""
        advice = f"Start {_EXAMPLES[profile]} with CMD or ContainerEntrypoint for {PROFILES[profile].title}"
        others = dict.fromkeys((other for other in _APPS if other != profile), None)
        yield about_command(
            command,
            "no-command" if command.is_empty else "shell-only",
            f"{_what(command)}{unless if command.origin == 'image' else ''}",
            hint=Restart(subject, app).after(advice) + settle,
            severity={profile: Severity.ERROR, **others},
            kind="undecided" if doubtful else "finding",
            data={"app": app, "distribution": distribution},
        )


def _what(command: Command) -> str:
    """Return what the command is, and what it starts."""
    if command.is_empty:
        return "the image has no ENTRYPOINT and no CMD"
    if command.words:
        return f"{where(command)} only starts {legible(shown(command.words))}"
    reasons = "; ".join(map(legible, command.found.otherwise))
    return f"{where(command)} {command.shown} ends without starting a server" + (f": {reasons}" if reasons else "")
