"""The image sets a variable that changes where Jupyter searches.

## What it checks

`JUPYTER_PATH`, `JUPYTER_DATA_DIR` and `JUPYTER_PREFER_ENV_PATH` are not set by `ENV`. Studio Classic's start-up sets
`JUPYTER_PATH` itself: if that loses kernels, it is a warning. Elsewhere they are honoured, and it is a note.

## Why it matters

With `JUPYTER_PATH` kernels are found when the image is tried out, and not in Studio Classic, whose start-up was seen to
run `export JUPYTER_PATH=/opt/conda/share/jupyter/`. The other two are honoured, and may explain why a kernel is found,
or not, where one does not expect it.

## How to fix

Install kernels where they are found without it:

```dockerfile
RUN python3 -m ipykernel install --sys-prefix
```

## Data

- `variable`, `value`: the variable and its value.
- `lost`: the kernels that are found only through `JUPYTER_PATH`, in Studio Classic.

## References

- [Custom image samples, issue 4](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/4): a log
  of the start-up.
- [jupyter_core, `paths.py`](https://github.com/jupyter/jupyter_core/blob/main/jupyter_core/paths.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import CLASSIC, everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARIABLES: Final = ("JUPYTER_DATA_DIR", "JUPYTER_PATH", "JUPYTER_PREFER_ENV_PATH")
_SHOWN: Final = 20
_LONGEST: Final = 200


@rule(id="KRN015", severity=everywhere(Severity.NOTE))
def jupyter_variable_set(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such variable."""
    for name in _VARIABLES:
        value = subject.facts.environment.get(name, "")
        if not value:
            continue
        lost = _lost(subject) if name == "JUPYTER_PATH" else []
        message = f"{name} is set to {value[:_LONGEST]!r}, which changes where kernels are searched"
        if name == "JUPYTER_PATH":
            message += "; Studio Classic sets it itself"
        if lost:
            message += f", so that it will not find {', '.join(map(repr, lost[:_SHOWN]))}"
        yield Finding(
            message=message,
            hint="install kernels where they are found without it: 'ipykernel install --sys-prefix'",
            severity={CLASSIC: Severity.WARNING} if lost else None,
            data={"variable": name, "value": value[:_LONGEST], "lost": lost[:_SHOWN]},
        )


def _lost(subject: Subject) -> list[str]:
    """Return the names of the kernels that are found through ``JUPYTER_PATH`` and not by Studio Classic."""
    found = {kernel.node for kernel in subject.facts.classic.kernels}
    return [kernel.name for kernel in subject.facts.own.kernels if kernel.place == "path" and kernel.node not in found]
