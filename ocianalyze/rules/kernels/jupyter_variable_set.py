"""The image sets a variable that changes where Jupyter searches.

## What it checks

`ENV` does not set `JUPYTER_PATH`, `JUPYTER_DATA_DIR` or `JUPYTER_PREFER_ENV_PATH`. Studio Classic sets `JUPYTER_PATH`
itself when it starts. If kernels are lost because of that, it is a warning. Otherwise the variables take effect, and
it is a note.

## Why it matters

Kernels that are found through `JUPYTER_PATH` work when you test the image, but not in Studio Classic. A log of its
startup shows `export JUPYTER_PATH=/opt/conda/share/jupyter/`. The other two variables take effect in Studio Classic,
too. They may explain why a kernel is found, or not found, in an unexpected place.

## How to fix

Install kernels where they are found without these variables:

```dockerfile
RUN python3 -m ipykernel install --sys-prefix
```

## Data

- `variable`, `value`: the variable and its value.
- `lost`: the kernels that are found only through `JUPYTER_PATH` and are missing in Studio Classic.

## References

- [Custom image samples, issue 4](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/4): a log
  of the startup.
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


@rule(id="KRN015", severity=everywhere(Severity.NOTE), identity=("path", "variable"))
def jupyter_variable_set(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each such variable."""
    for name in _VARIABLES:
        value = subject.facts.environment.get(name, "")
        if not value:
            continue
        lost = _lost(subject) if name == "JUPYTER_PATH" else []
        message = f"{name} is set to {value[:_LONGEST]!r}, which changes where Jupyter searches for kernels"
        if name == "JUPYTER_PATH":
            message += "; Studio Classic overrides it"
        if lost:
            message += f" and will not find {', '.join(map(repr, lost[:_SHOWN]))}"
        yield Finding(
            message=message,
            hint="Install kernels where Jupyter finds them without it: 'RUN python3 -m ipykernel install --sys-prefix'",
            severity={CLASSIC: Severity.WARNING} if lost else None,
            data={"variable": name, "value": value[:_LONGEST], "lost": lost[:_SHOWN]},
            stated_in=(f"ENV {name}",),
        )


def _lost(subject: Subject) -> list[str]:
    """Return the names of the kernels that are found through ``JUPYTER_PATH`` and not by Studio Classic."""
    found = {kernel.node for kernel in subject.facts.classic.kernels}
    return [kernel.name for kernel in subject.facts.own.kernels if kernel.place == "path" and kernel.node not in found]
