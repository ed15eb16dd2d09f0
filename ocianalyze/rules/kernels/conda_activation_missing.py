"""The kernels of conda environments cannot be started, because `bash` or conda's `activate` is missing.

## What it checks

If kernels of conda environments are listed: `bash` can be run by the container's user, found through `PATH`, and
`bin/activate` of conda's own prefix is there. If the AppImageConfig asks for such a kernel it is an error, else a
warning.

## Why it matters

nb_conda_kernels starts the kernel of an environment with `bash -c ". '/opt/conda/bin/activate' '/opt/conda/envs/myenv'
&& exec python -m ipykernel_launcher ..."`. Without `bash` that is `FileNotFoundError: [Errno 2] No such file or
directory: 'bash'`; without `activate` the shell ends at once. The notebook says "Kernel Dead" in either case.

## How to fix

```dockerfile
RUN apt-get update && apt-get install --yes bash
```

On Alpine: `apk add bash`. `bin/activate` belongs to the package `conda`.

## Data

- `missing`: `bash` or `activate`.
- `kernels`: the kernels that are affected, the first of them if there are many.
- `requested`: those of them that the AppImageConfig asks for.

## References

- [nb_conda_kernels,
  `runner.py`](https://github.com/anaconda/nb_conda_kernels/blob/main/nb_conda_kernels/runner.py).
"""

from __future__ import annotations

from posixpath import join
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.registration import requested_kernels
from ocianalyze.rules.profiles import CLASSIC
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Kernel

_SHOWN: Final = 20


def _conda_kernels(subject: Subject) -> list[Kernel]:
    return [kernel for kernel in subject.facts.classic.kernels if kernel.origin == "conda" and kernel.listed]


def _has_conda_kernels(subject: Subject) -> bool:
    return bool(_conda_kernels(subject))


@rule(id="KRN014", severity={CLASSIC: Severity.ERROR}, applies=_has_conda_kernels)
def conda_activation_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each of the two that is missing."""
    kernels = _conda_kernels(subject)
    stated = requested_kernels(subject.app_image_config) or ()
    requested = [name for name in stated if any(name in kernel.names for kernel in kernels)]
    for missing, text, hint in _missing(subject):
        yield Finding(
            message=f"the kernels of conda environments cannot be started: {text}",
            path=kernels[0].file,
            layer=kernels[0].node.layer,
            hint=hint,
            severity=None if requested else Severity.WARNING,
            data={
                "missing": missing,
                "kernels": [kernel.name for kernel in kernels[:_SHOWN]],
                "requested": requested[:_SHOWN],
            },
        )


def _missing(subject: Subject) -> Iterator[tuple[str, str, str]]:
    bash = subject.facts.classic.shell.find("bash")
    if bash.problem is not None:
        yield "bash", bash.problem.text, "install bash"
    conda = subject.facts.classic.conda
    if conda is not None and conda.prefix is not None and conda.callable:
        activate = join(conda.prefix, "bin/activate")
        if subject.filesystem.lookup(activate) is None:
            yield "activate", f"{activate} does not exist", "install the package 'conda' into its own prefix"
