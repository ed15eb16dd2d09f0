"""The image relies on signals that it does not receive when the app stops.

## What it checks

The image does not set `STOPSIGNAL`. Its `ENTRYPOINT` or `CMD` is not an init process (`tini`, `dumb-init`), a
supervisor (`supervisord`, s6, systemd) or a script that traps signals.

## Why it matters

Deleting an app of Studio Classic is "the equivalent of a `docker stop`" of the KernelGateway: "Other processes in the
container won't get the SIGKILL/SIGTERM signals." In addition, `ENTRYPOINT` and `CMD` are overridden, so the init
process or the supervisor does not run at all. Nothing is saved or closed on a signal. A `STOPSIGNAL` other than
`SIGTERM` is sent to the KernelGateway, which does not expect it.

## How to fix

Remove `STOPSIGNAL`. Save work while the app runs, not when it stops. Use a lifecycle configuration for what must be
done when an app starts.

## Data

- `cause`: `stop-signal`, `init`, `supervisor` or `trap`.
- `program`: the name of the program, or the signal for `stop-signal`.

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


@rule(id="APP011", severity={CLASSIC: Severity.NOTE}, identity=("path", "cause", "program"))
def signal_expected(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for the signal, and for each program that the image's command starts."""
    signal = (subject.image.config.config.stop_signal or "").strip()
    if signal.upper() not in _TERM:
        yield Finding(
            message=f"STOPSIGNAL {signal[:60]} is sent to the KernelGateway when the app is deleted",
            hint="Remove STOPSIGNAL",
            data={"cause": "stop-signal", "program": signal},
        )
    found = subject.facts.commands["jupyterlab"].found
    names = dict.fromkeys((*found.visited, *(word.rpartition("/")[2] for word in found.words[:1])))
    for name in names:
        cause = "init" if name in INITS else "supervisor" if name in SUPERVISORS else None
        if cause is not None:
            yield Finding(
                message=f"{name} does not run in Studio Classic, so it does not start or stop any process",
                hint="Do its work at build time, or in a lifecycle configuration",
                data={"cause": cause, "program": name},
            )
    for name in dict.fromkeys(found.traps):
        yield Finding(
            message=f"{name} traps signals to exit cleanly, but does not run in Studio Classic",
            hint="Save work while the app runs, not when it stops",
            data={"cause": "trap", "program": name},
        )
