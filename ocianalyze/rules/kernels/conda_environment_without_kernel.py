"""A conda environment has Python but no kernel, so it does not appear in Studio.

## What it checks

Studio Classic finds kernels in conda environments through nb_conda_kernels. An environment appears if `conda info`
lists it and it contains a `share/jupyter/kernels/*/kernel.json`. An environment that has Python but no such file is a
warning. These environments are exempt: the one that conda itself is installed in, and those whose Python, or another
program, a kernel elsewhere starts. `ipykernel install --name myenv` registers such a kernel, and a kernel may also use
`conda run` or a script.

A note lists the names under which environments will appear, unless the AppImageConfig names kernels, and the
environments that conda does not know. Conda knows
an environment if it is in conda's own `envs` directory, in `envs_dirs` of a `.condarc` or `CONDA_ENVS_DIRS`, or in a
visible `~/.conda/environments.txt`. Studio Classic excludes the environment `/opt/conda` when it starts
(`CONDA_ENV_FILTER=/opt/conda$`).

## Why it matters

Without ipykernel, the environment is not in the list of kernels. Requesting it fails with "Kernel with name
[conda-env-myenv-py] does not exist in image [...] on the KernelGateway App".

## How to fix

```dockerfile
RUN conda install --name myenv --yes ipykernel
```

The kernel is then named `conda-env-myenv-py`. For R, `r-irkernel` provides `conda-env-myenv-r`.

## Data

- `environment`: the environment without a kernel.
- `kernels`: in the note, the name of each kernel by its directory.
- `unknown`: in the note, the environments that conda does not know. If there are many, only the first ones.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "Kernel discovery": "Conda environments are recognized as kernel specs by default."
- [nb_conda_kernels](https://github.com/anaconda/nb_conda_kernels).
- [Custom image samples, issue 22](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/22).
"""

from __future__ import annotations

from posixpath import dirname, join
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.kernels import CONDA_FILTER
from ocianalyze.facts.registration import requested_kernels
from ocianalyze.rules.dockerfile import lines, quoted
from ocianalyze.rules.packages import conda_program
from ocianalyze.rules.profiles import CLASSIC
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocianalyze.facts.kernels import Kernel, Listing
    from ocianalyze.facts.python import Conda

_SHOWN: Final = 20


def _has_environments(subject: Subject) -> bool:
    conda = subject.facts.classic.conda
    return conda is not None and bool(conda.environments or conda.unknown)


@rule(id="KRN013", severity={CLASSIC: Severity.WARNING}, applies=_has_environments, identity=("path", "environment"))
def conda_environment_without_kernel(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each environment that will not appear, and a note on those that will."""
    listing = subject.facts.classic
    conda = listing.conda
    if conda is None:
        return
    kernels = [kernel for kernel in listing.kernels if kernel.origin == "conda"]
    having = {kernel.environment for kernel in kernels} | set(_registered(conda, listing.kernels))
    for environment in (*conda.environments, *conda.unknown):
        node = subject.filesystem.lookup(join(environment, "bin/python"), follow=False)
        is_left_out = environment == conda.prefix or CONDA_FILTER.search(environment) is not None
        if node is None or environment in having or is_left_out:
            continue
        yield Finding.at(
            node,
            f"conda environment {environment} has Python but no kernel, so it does not appear in Studio",
            hint=f"Install ipykernel into it: {lines(listing.shell.user, _installing(listing, environment))}",
            data={"environment": environment},
        )
    stated = requested_kernels(subject.app_image_config) is not None
    yield from _inventory(conda, [] if stated else [kernel for kernel in kernels if kernel.listed])


def _registered(conda: Conda, kernels: Iterable[Kernel]) -> Iterator[str]:
    """Yield the environments from which a kernel spec of another place starts a program."""
    environments = frozenset((*conda.environments, *conda.unknown))
    for kernel in kernels:
        paths = (*kernel.program.visited, kernel.program.path) if kernel.program is not None else ()
        prefixes = (kernel.python.prefix,) if kernel.python is not None else ()
        for path in (*prefixes, *(dirname(dirname(path)) for path in paths if path is not None)):
            if path in environments:
                yield path


def _installing(listing: Listing, environment: str) -> str:
    return (
        f"RUN {quoted(conda_program(listing.shell) or 'conda')} install --prefix {quoted(environment)} --yes ipykernel"
    )


def _inventory(conda: Conda, kernels: list[Kernel]) -> Iterator[Finding]:
    unknown = [path for path in conda.unknown if CONDA_FILTER.search(path) is None]
    if not kernels and not unknown:
        return
    names = ", ".join(repr(kernel.name) for kernel in kernels[:_SHOWN])
    more = f" and {len(kernels) - _SHOWN} more" if len(kernels) > _SHOWN else ""
    message = (
        f"conda environments appear as kernels {names}{more}" if kernels else "no conda environment appears as a kernel"
    )
    if kernels and not conda.callable:
        message += "; 'conda' cannot be run in the image, so Studio may not list them"
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        message += f"; conda may not know the environment {unknown[0]}{more}"
    yield Finding(
        message=message,
        path=conda.prefix,
        hint="Use these names in KernelSpecs of the AppImageConfig" if kernels else None,
        severity=Severity.NOTE,
        data={
            "kernels": {kernel.directory: kernel.name for kernel in kernels[:_SHOWN]},
            "unknown": unknown[:_SHOWN],
        },
    )
