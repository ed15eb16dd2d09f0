r"""The image's command does not start a Code Editor that SageMaker Studio can reach.

## What it checks

The image contains `sagemaker-code-editor`, and its command starts Code Editor so that Studio can reach it. The command
is the AppImageConfig's `ContainerEntrypoint` and `ContainerArguments`, otherwise `ENTRYPOINT` and `CMD`. It is followed
in the same way as for APP002. The findings, by `cause`:

- `editor-missing`: the image has no program `sagemaker-code-editor`: an error.
- `program-missing`: the program that the command starts, or one that its script needs first, is missing or not on
  `PATH`: an error.
- `command-fails`: a command that the script needs to succeed surely fails: an error.
- `variable-missing`: the script fails because a variable is not set: an error.
- `address`, `port`, `token`: `--host 0.0.0.0`, `--port 8888` or `--without-connection-token` is missing, or a
  connection token is set as well: errors.
- `base-path`: `--base-path` is not `/CodeEditor/default`, ignoring case: a warning.
- `other-app`: the command starts a Jupyter server: an error.

If the answer depends on something that is only known at run time, the check is undecided (`unknown`), as for APP002.
So is another server of VS Code, `openvscode-server` or `code-server`: it may work. The entry points of SageMaker
Distribution pass. APP004 covers images without a command.

## Why it matters

Studio runs the image's own Code Editor and connects to port 8888 under `CodeEditor/default`: "host your Code Editor
server at 0.0.0.0 port 8888", "You must pass `--without-connection-token`". Otherwise, the app never becomes healthy.
The path is `/CodeEditor/default` in AWS's documentation, but `/codeeditor/default` in the scripts of SageMaker
Distribution. Both are accepted.

## How to fix

```dockerfile
CMD ["sagemaker-code-editor", "--host", "0.0.0.0", "--port", "8888", "--without-connection-token", \
     "--base-path", "/CodeEditor/default"]
```

In an image based on SageMaker Distribution, use `ENTRYPOINT ["entrypoint-code-editor"]`.

## Data

- `cause`: one of the causes above.
- `command`, `program`: the configured command, and the command line of the server that it starts. `...` stands for
  what is only known at run time.
- `origin`: `image` or `app-image-config`.
- `value`: the value of the option, or null.

## References

- [Custom images for Code Editor](https://docs.aws.amazon.com/sagemaker/latest/dg/code-editor-custom-images.html).
- [SageMaker Distribution](https://github.com/aws/sagemaker-distribution), `start-code-editor`.
"""

from __future__ import annotations

from dataclasses import replace
from posixpath import basename, join
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.jupyter import EditorOptions, parse_editor_options
from ocianalyze.facts.programs import CODE_EDITOR as PROGRAM
from ocianalyze.facts.programs import CODE_EDITOR_RELATIVES, UNKNOWN
from ocianalyze.rules.apps.demands import editor_violations
from ocianalyze.rules.apps.finding import about_command, legible, where
from ocianalyze.rules.apps.restarting import Restart
from ocianalyze.rules.apps.starting import missing_program, with_doubt
from ocianalyze.rules.blame import deletion_layer
from ocianalyze.rules.profiles import CODE_EDITOR
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.commands import Command

_SETTLE: Final = (
    "Name sagemaker-code-editor and its options in CMD or ContainerArguments; or start the image, check that it serves "
    "/CodeEditor/default on port 8888 without a connection token, and accept this with [[waive]] in ocianalyze.toml"
)


@rule(id="APP003", severity={CODE_EDITOR: Severity.ERROR}, identity=("path", "cause"), stated_in=("CMD", "ENTRYPOINT"))
def code_editor_unreachable(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each way in which the editor is not what Studio needs."""
    command = subject.facts.commands["code-editor"]
    application = command.application
    if application is not None and application.serves != "code-editor":
        yield about_command(
            command,
            "other-app",
            f"{where(command)} starts a Jupyter server, not Code Editor",
            hint=Restart(subject, "code-editor").after("Scan with --profile studio-jupyterlab, or start Code Editor"),
        )
    elif _is_relative(command):
        yield about_command(
            command,
            "unknown",
            f"cannot determine whether {basename(command.words[0])} works in Studio, which documents {PROGRAM} only",
            hint=_SETTLE,
            kind="undecided",
        )
    elif not subject.facts.code_editors and (application is None or application.kind != "distribution"):
        yield about_command(
            command,
            "editor-missing",
            f"{PROGRAM} is not in the image",
            layer=deletion_layer(subject.filesystem, [join("/", place, PROGRAM) for place in subject.facts.shell.path]),
            hint="Install it from conda-forge ('micromamba install sagemaker-code-editor'), or use SageMaker "
            "Distribution as the base image",
        )
    elif not command.is_empty and not command.is_bare:
        yield from _command(command, Restart(subject, "code-editor"))


def _is_relative(command: Command) -> bool:
    """Tell whether the command starts another server of VS Code that is there."""
    return (
        command.application is None
        and bool(command.words)
        and basename(command.words[0]) in CODE_EDITOR_RELATIVES
        and missing_program(command) is None
    )


def _command(command: Command, restart: Restart) -> Iterator[Finding]:
    application = command.application
    missing = missing_program(command)
    if missing is not None:
        yield replace(missing, hint=restart.instead_of(missing.hint))
    elif application is None:
        reason = command.found.opaque or f"{legible(command.found.words[0])} is not a known server"
        yield about_command(
            command,
            "unknown",
            f"cannot determine whether {where(command)} {legible(command.shown)} starts Code Editor: {reason}",
            hint=_SETTLE,
            kind="undecided",
        )
    elif application.kind == "code-editor":
        yield from with_doubt(
            command, _options(command, parse_editor_options(application.arguments), restart), settle=_SETTLE
        )


def _options(command: Command, options: EditorOptions, restart: Restart) -> Iterator[Finding]:
    wrong = list(editor_violations(options))
    unknown = [name for name in ("host", "port") if UNKNOWN in (getattr(options, name) or "")]
    if options.opaque or unknown:
        which = f"the {' and '.join(unknown)} of Code Editor" if unknown else "the options of Code Editor"
        yield about_command(
            command,
            "unknown",
            f"cannot determine {which} without running it",
            hint=_SETTLE,
            kind="undecided",
        )
    if options.opaque:
        return
    for cause, message, right, value, severity in wrong:
        yield about_command(
            command,
            cause,
            f"Code Editor {message}",
            hint=restart.after(f"Start it with {right}"),
            severity=severity,
            kind="finding" if command.found.certain else "undecided",
            data={"value": value},
        )
