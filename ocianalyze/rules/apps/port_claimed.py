"""The image uses port 8888, which is reserved for SageMaker.

## What it checks

Port 8888 does not appear in `EXPOSE`, in `HEALTHCHECK`, in the image's command, or in a variable that sets a port. In
Studio Classic, a notebook server on this port is a note, because its command does not run; any other service is a
warning. In the newer Studio, the image's own server must listen on port 8888. There, only a `HEALTHCHECK` of any kind
is a note, because no document says that SageMaker runs it.

## Why it matters

"Port 8888 in the image is reserved for running the KernelGateway web server." If a service of the image starts later on
this port, it fails with `Address already in use`, or takes the port from the KernelGateway.

## How to fix

Let your service listen on another port:

```dockerfile
ENV PORT=8080
EXPOSE 8080
```

## Data

- `claim`: one of `expose`, `healthcheck`, `command`, `variable`.
- `name`: the port of `EXPOSE`, as written, or the name of the variable; otherwise null.
- `text`: the text that contains the port.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "Running the image".
- [Dockerfile reference](https://docs.docker.com/reference/dockerfile/): `EXPOSE`, `HEALTHCHECK`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.regex import regex
from ocianalyze.rules.profiles import CLASSIC, newer, studio
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PORT: Final = "8888"

_IN_TEXT: Final = regex(rf"(?:^|[\s:=\"'])(?:-p)?{PORT}(?:$|[\s/\"',;&|)])")
_VARIABLE: Final = regex(r"(?:^|_)(?:PORT|ADDR|ADDRESS|LISTEN|BIND|URL)(?:_|$)", re.IGNORECASE)
_NOTEBOOK: Final = regex(r"jupyter|notebook|ipython|kernel_?gateway|sagemaker", re.IGNORECASE)
_HINT: Final = "Let your own services listen on another port"


@rule(id="APP010", severity=studio(Severity.NOTE), before_layers=True, identity=("path", "claim", "name"))
def port_claimed(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each claim."""
    execution = subject.image.config.config
    for port in execution.exposed_ports:
        if port.partition("/")[0] == PORT:
            message = f"EXPOSE {port} declares the port that is reserved for the KernelGateway"
            yield _finding("expose", port, message, newer(None), port)
    check = _health_command(execution.healthcheck)
    if check:
        asks = f"uses port {PORT} and " if _IN_TEXT.search(check) else ""
        yield _finding("healthcheck", check, f"HEALTHCHECK {_short(check)} {asks}may never run in Studio", {})
    command = " ".join((*execution.entrypoint, *execution.cmd))
    if _IN_TEXT.search(command):
        yield _claim(
            "command",
            command,
            f"the command {_short(command)} uses port {PORT}, which is reserved for the KernelGateway",
        )
    for name, value in execution.environment.items():
        if _VARIABLE.search(name) and _IN_TEXT.search(value):
            text = f"{name}={value}"
            yield _claim(
                "variable", text, f"ENV {_short(text)} uses port {PORT}, which is reserved for the KernelGateway", name
            )


_STATED_IN: Final = {
    "expose": ("EXPOSE",),
    "healthcheck": ("HEALTHCHECK",),
    "command": ("CMD", "ENTRYPOINT"),
    "variable": ("ENV",),
}


def _claim(claim: str, text: str, message: str, name: str | None = None) -> Finding:
    """Return a finding about a service: a notebook server is only a note, as the KernelGateway replaces it."""
    severity = {} if _NOTEBOOK.search(text) else {CLASSIC: Severity.WARNING}
    return _finding(claim, text, message, {**newer(None), **severity}, name)


def _finding(
    claim: str, text: str, message: str, severity: Mapping[str, Severity | None], name: str | None = None
) -> Finding:
    data = {"claim": claim, "name": name, "text": text}
    stated_in = tuple(f"{keyword} {name}" if name is not None else keyword for keyword in _STATED_IN[claim])
    return Finding(message=message, hint=_HINT, severity=severity, data=data, stated_in=stated_in)


def _health_command(healthcheck: dict[str, Any] | None) -> str:
    """Return the command of a health check; one that is disabled or inherited has none."""
    test = next((value for key, value in (healthcheck or {}).items() if key.casefold() == "test"), None)
    words = [str(word) for word in test] if isinstance(test, list) else []
    return " ".join(words[1:]) if words and words[0] in ("CMD", "CMD-SHELL") else ""


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")  # noqa: PLR2004 - what fits a line
