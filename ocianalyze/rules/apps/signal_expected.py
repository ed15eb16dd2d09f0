"""The image counts on being signalled when the app stops.

## What it checks

Neither does the image set a `STOPSIGNAL`, nor is its `ENTRYPOINT` or `CMD` an init process (`tini`, `dumb-init`), a
supervisor (`supervisord`, s6, systemd) or a script that traps signals.

## Why it matters

Deleting an app of Studio Classic is "the equivalent of a `docker stop`" of the KernelGateway: "Other processes in the
container won't get the SIGKILL/SIGTERM signals." And as `ENTRYPOINT` and `CMD` are overridden, the init process or the
supervisor does not run at all. What was to be saved or closed on a signal is not; a `STOPSIGNAL` other than `SIGTERM`
goes to the KernelGateway, which does not expect it.

## How to fix

Take `STOPSIGNAL` out. Save work while running, not at the end; what has to be done when an app starts belongs into a
lifecycle configuration.

## Data

- `cause`: `stop-signal`, `init`, `supervisor` or `trap`.
- `program`: its name; of a `STOPSIGNAL`, the signal.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "Stopping the image".
- [Dockerfile reference](https://docs.docker.com/reference/dockerfile/#stopsignal): `STOPSIGNAL`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.commands import INITS, SUPERVISORS
from ocianalyze.rules.profiles import CLASSIC
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_TERM: Final = frozenset({"", "SIGTERM", "TERM", "15"})


@rule(id="APP011", severity={CLASSIC: Severity.NOTE})
def signal_expected(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for the signal, and for each program on the way to what the image runs."""
    signal = (subject.image.config.config.stop_signal or "").strip()
    if signal.upper() not in _TERM:
        yield Finding(
            message=f"STOPSIGNAL {signal[:60]} goes to the KernelGateway when the app is deleted",
            hint="take STOPSIGNAL out",
            data={"cause": "stop-signal", "program": signal},
        )
    found = subject.facts.commands["jupyterlab"].found
    names = dict.fromkeys((*found.visited, *(word.rpartition("/")[2] for word in found.words[:1])))
    for name in names:
        cause = "init" if name in INITS else "supervisor" if name in SUPERVISORS else None
        if cause is not None:
            yield Finding(
                message=f"the image starts {name}, which will not run: nothing it looks after is started or stopped",
                hint="do at build time what can be done then, and the rest in a lifecycle configuration",
                data={"cause": cause, "program": name},
            )
    for name in dict.fromkeys(found.traps):
        yield Finding(
            message=f"{name} traps signals to end cleanly, but will not run",
            hint="save work while running, not at the end",
            data={"cause": "trap", "program": name},
        )
