"""Kernels of conda environments cannot start, because `bash` or conda's `activate` script is missing.

## What it checks

If kernels of conda environments are listed, the container's user can run `bash` through `PATH`, and `bin/activate`
exists in conda's own prefix. A missing one is an error if the AppImageConfig requests such a kernel, otherwise a
warning.

## Why it matters

nb_conda_kernels starts the kernel of an environment with `bash -c ". '/opt/conda/bin/activate' '/opt/conda/envs/myenv'
&& exec python -m ipykernel_launcher ..."`. Without `bash`, this fails with `FileNotFoundError: [Errno 2] No such file
or directory: 'bash'`. Without `activate`, the shell exits at once. The notebook shows "Kernel Dead" in both cases.

## How to fix

```dockerfile
RUN apt-get update && apt-get install --yes bash
```

On Alpine, use `apk add bash`. The package `conda` provides `bin/activate`.

## Data

- `missing`: `bash` or `activate`.
- `kernels`: the affected kernels. If there are many, only the first ones.
- `requested`: the affected kernels that the AppImageConfig requests.

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


@rule(id="KRN014", severity={CLASSIC: Severity.ERROR}, applies=_has_conda_kernels, identity=("missing",))
def conda_activation_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for ``bash`` and for ``activate`` if it is missing."""
    kernels = _conda_kernels(subject)
    stated = requested_kernels(subject.app_image_config) or ()
    requested = [name for name in stated if any(name in kernel.names for kernel in kernels)]
    for missing, text, hint in _missing(subject):
        yield Finding(
            message=f"kernels of conda environments cannot start: {text}",
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
        yield "bash", bash.problem.text, "Install bash"
    conda = subject.facts.classic.conda
    if conda is not None and conda.prefix is not None and conda.callable:
        activate = join(conda.prefix, "bin/activate")
        if subject.filesystem.lookup(activate) is None:
            yield "activate", f"{activate} does not exist", "Install the package 'conda' into its own prefix"
