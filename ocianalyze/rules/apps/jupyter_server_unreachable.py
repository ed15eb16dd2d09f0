r"""The image's command starts a server that SageMaker Studio cannot reach or use.

## What it checks

The command of the container is `ContainerEntrypoint` and `ContainerArguments` of the AppImageConfig, otherwise
`ENTRYPOINT` and `CMD`. It is followed through `/bin/sh -c`, `exec`, `env`, init processes, `conda run` and scripts to
the server that it starts. The settings of a Jupyter server are derived from its arguments, configuration files and
variables. The findings, by `cause`:

- `address`, `port`, `base-url`, `token`, `password`: the server does not listen on all addresses, on port 8888 and
  under `/jupyterlab/default`, or it requires a token or a password: errors.
- `refused`: the server would not start with these options, or its settings end it or name a class whose module is not
  installed: an error.
- `program-missing`: the server, a wrapper around it, or a program that its script needs first is missing, or its loader
  or a library is (glibc's on Alpine, `libpython3.12.so.1.0` if only the `python3` program was copied): an error.
- `python-home`: `PYTHONHOME` is the directory of another Python, so the server's own does not start: an error.
- `python-encoding`: `PYTHONIOENCODING` is an encoding that Python does not have: an error.
- `command-fails`: a script ends (`set -e`) because a command surely fails: a file is missing, or the user may not read,
  change or create it, as with `touch /etc/started`: an error.
- `variable-missing`: the script fails because a variable is not set: an error.
- `other-app`: the command starts Code Editor: an error.
- `https`: the server has a certificate or a key, so it does not answer HTTP: an error.
- `remote-access`: `allow_remote_access` is off, so the server answers 403 to every host name but `localhost`. It is
  not documented which name Studio uses: a warning.
- `origin`: `allow_origin` is not `*`: a note, since apps start without it.
- `root`: the server would run as root, which Jupyter refuses without `--allow-root`: an error.
- `configuration-missing`: the entry point of SageMaker Distribution starts supervisord with a file that is missing: an
  error.
- `conda-not-writable`, `sudo-missing`: the start script of SageMaker Distribution changes `/opt/conda` or calls `sudo`,
  and the user may not: errors. `logs-not-writable`: its entry point cannot make the directory for logs in
  `STUDIO_LOGGING_DIR`: an error.
- `unified`: for SageMaker Unified Studio, the AppImageConfig starts Jupyter itself: an error.

If the answer depends on something that is only known at run time, the check is undecided (`unknown`). Examples are a
program that cannot be analyzed, an argument or a setting that a shell or Python computes, and a script that decides at
run time how to start the server. The entry points of SageMaker Distribution pass. APP004 covers images without a
command.

A variable that neither the image nor the AppImageConfig sets counts as not set. Variables that Studio or the container
runtime sets are unknown (`AWS_*`, `SAGEMAKER_*`, `HOSTNAME` and similar). Programs that run before the server, such as
`curl`, are assumed to succeed and to return, except for commands on files: `cp`, `mv`, `rm`, `ln`, `mkdir`, `touch`,
`tee`, `sed`, `chmod`, `chown`, `useradd` and their like fail where the image says so.

## Why it matters

Studio requests `http://...:8888/jupyterlab/default/api/status` until it answers. "Turn off the Jupyter notebooks token
or password based authentication and allow all origins." A server on `localhost`, under another path or behind a token
never appears healthy. The app ends in `InternalFailure`, and the log is empty.

## How to fix

```dockerfile
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--ServerApp.base_url=/jupyterlab/default", \
     "--ServerApp.token=", "--ServerApp.allow_origin=*"]
```

In the AppImageConfig, the program is the single element of `ContainerEntrypoint`, and each option is an element of
`ContainerArguments`. Write the class in front of the option: `--token=` and `--base_url=` have no effect.

## Data

- `cause`: one of the causes above.
- `command`, `program`: the configured command, and the command line of the server that it starts. `...` stands for
  what is only known at run time.
- `origin`: `image` or `app-image-config`.
- `setting`, `value`, `given_by`: the setting, its value, and where the value comes from.
- `needed`: the program, file or directory that a start script of SageMaker Distribution needs.

## References

- [Custom images for JupyterLab](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-jl-admin-guide-custom-images.html),
  "Health check and URL for applications".
- [Custom image samples, pull request 33](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/pull/33):
  `InternalFailure` without `ip` or `token`.
- [SageMaker Distribution, issue 178](https://github.com/aws/sagemaker-distribution/issues/178).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs import is_distribution
from ocianalyze.rules.apps.demands import DEMANDS, Demand
from ocianalyze.rules.apps.distribution_scripts import find_obstacles
from ocianalyze.rules.apps.finding import about_command, legible, where
from ocianalyze.rules.apps.restarting import Restart
from ocianalyze.rules.apps.starting import ONLY_JUPYTERLAB, ONLY_UNIFIED, missing_program, with_doubt
from ocianalyze.rules.profiles import JUPYTERLAB, UNIFIED
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocianalyze.facts.commands import Command
    from ocianalyze.facts.jupyter import JupyterSettings, Setting

_SETTLE: Final = (
    "Name the server and its options in CMD or ContainerArguments; or start the image, check that it serves "
    "/jupyterlab/default on port 8888 without a token, and accept this with [[waive]] in ocianalyze.toml"
)
_SECRET: Final = frozenset({"token", "password"})


def _has_command(subject: Subject) -> bool:
    command = subject.facts.commands["jupyterlab"]
    return not command.is_empty and not command.is_bare


@rule(
    id="APP002",
    severity={JUPYTERLAB: Severity.ERROR, UNIFIED: Severity.ERROR},
    applies=_has_command,
    identity=("path", "cause", "setting", "needed"),
    stated_in=("CMD", "ENTRYPOINT"),
)
def jupyter_server_unreachable(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each way in which the server is not what Studio needs."""
    command = subject.facts.commands["jupyterlab"]
    settings = subject.facts.jupyter["jupyterlab"]
    yield from _for_unified_studio(command)
    missing, restart = missing_program(command), Restart(subject, "jupyterlab")
    if missing is not None:
        yield replace(missing, hint=restart.instead_of(missing.hint))
    elif command.application is None:
        reason = command.found.opaque or f"{legible(command.found.words[0])} is not a known server"
        yield about_command(
            command,
            "unknown",
            f"cannot determine which server {where(command)} {legible(command.shown)} starts: {reason}",
            hint=_SETTLE,
            severity=ONLY_JUPYTERLAB,
            kind="undecided",
        )
    elif command.application.serves != "jupyterlab":
        yield about_command(
            command,
            "other-app",
            f"{where(command)} starts Code Editor, not JupyterLab",
            hint=restart.after("Scan with --profile studio-code-editor, or start JupyterLab"),
            severity=ONLY_JUPYTERLAB,
        )
    else:
        if command.application.kind == "distribution" and command.found.shell.user.uid == 0:
            yield _root(command, "SageMaker Distribution's Jupyter server refuses to start", "default")
        elif settings is not None:
            yield from with_doubt(command, _server(subject, command, settings, restart), settle=_SETTLE)
        yield from _before_the_server(subject, command, command.application.name)


def _before_the_server(subject: Subject, command: Command, name: str) -> Iterator[Finding]:
    """Yield a finding for each thing that keeps a start script of SageMaker Distribution from its server."""
    started = [program for program in (*command.found.visited, name) if is_distribution(program)]
    for obstacle in find_obstacles(subject, started[-1]) if started else ():
        finding = about_command(
            command,
            obstacle.cause,
            obstacle.message,
            hint=obstacle.hint,
            severity=ONLY_JUPYTERLAB,
            data={"needed": obstacle.needed},
        )
        yield finding if obstacle.path is None else replace(finding, path=obstacle.path, layer=obstacle.layer)


def _for_unified_studio(command: Command) -> Iterator[Finding]:
    application = command.application
    by_distribution = any(map(is_distribution, command.found.visited))
    starts_jupyter = application is not None and application.kind == "jupyter" and not by_distribution
    if command.origin == "app-image-config" and starts_jupyter:
        yield about_command(
            command,
            "unified",
            "the AppImageConfig starts a Jupyter server, but SageMaker Unified Studio requires its own entry point",
            hint='Set ContainerEntrypoint to ["entrypoint-sagemaker-ui-jupyter-server"]',
            severity=ONLY_UNIFIED,
        )


def _server(subject: Subject, command: Command, settings: JupyterSettings, restart: Restart) -> Iterator[Finding]:
    if settings.refused is not None:
        yield about_command(
            command,
            "refused",
            f"the Jupyter server would not start: {legible(settings.refused)}",
            hint=restart.after("Correct the option" if settings.refused.startswith("--") else "Correct these settings"),
            severity=ONLY_JUPYTERLAB,
        )
        return
    unknown: list[Demand] = []
    for demand in DEMANDS:
        setting: Setting = getattr(settings, demand.setting)
        if not setting.known:
            unknown.append(demand)
        elif not demand.holds(setting.value):
            yield _violated(subject, command, demand, setting, restart)
    if command.found.shell.user.uid == 0 and settings.allow_root.value is False:
        yield _root(command, "a Jupyter server refuses to start", settings.allow_root.source)
    if unknown:
        yield about_command(
            command,
            "unknown",
            f"cannot determine the server's {', '.join(demand.setting for demand in unknown)} without running it",
            hint=_SETTLE,
            severity={JUPYTERLAB: _worst(unknown), UNIFIED: None},
            data={
                "setting": unknown[0].setting,
                "value": None,
                "given_by": getattr(settings, unknown[0].setting).source,
            },
            kind="undecided",
        )


def _root(command: Command, what: str, source: str) -> Finding:
    return about_command(
        command,
        "root",
        f"the server would run as root, but {what} as root",
        hint="Set 'USER 1000', or add --allow-root",
        severity=ONLY_JUPYTERLAB,
        data={"setting": "allow_root", "value": False, "given_by": source},
    )


def _worst(demands: Iterable[Demand]) -> Severity:
    return min((demand.severity for demand in demands), key=lambda severity: severity.rank)


def _violated(subject: Subject, command: Command, demand: Demand, setting: Setting, restart: Restart) -> Finding:
    shown = repr(setting.value) if isinstance(setting.value, str) else str(setting.value)
    given = "default" if setting.source == "default" else f"set by {setting.source}"
    settings = subject.facts.jupyter["jupyterlab"]
    ignored = settings.ignored if settings is not None else ()
    useless = [option for option in ignored if option.strip("-").replace("-", "_") == demand.setting]
    lost = f"; {useless[0]} is not an option of the Jupyter server and has no effect" if useless else ""
    file = subject.filesystem.lookup(setting.source) if setting.source.startswith("/") else None
    finding = about_command(
        command,
        demand.cause,
        f"the Jupyter server {demand.wrong.format(value=shown, given=legible(given))}{lost}",
        hint=restart.after(f"Start it with {demand.right}"),
        severity={JUPYTERLAB: demand.severity, UNIFIED: None},
        kind="finding" if command.found.certain else "undecided",
        data={
            "setting": demand.setting,
            "value": None if demand.setting in _SECRET else setting.value,
            "given_by": setting.source,
        },
    )
    return finding if file is None else replace(finding, path=file.path, layer=file.layer)
