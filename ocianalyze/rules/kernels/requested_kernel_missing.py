r"""A kernel that Studio will ask for is not in the image.

## What it checks

Every name in `KernelSpecs` of the AppImageConfig is the name of a kernel that Studio finds in the image, in exactly
the same spelling: the directory of a kernel spec in lower case, or `conda-env-<environment>-<kernel>`. Without an
AppImageConfig the name is `python3`; as the image may well be registered with other names, it is then a warning.

`python3` in `/usr/local/share/jupyter` or `/usr/share/jupyter` may come after one of the service's own: a warning
(without an AppImageConfig that is left to KRN009 and KRN010); so is `python3` that is not there at all, which may be
one that the service makes of its own Python. If the AppImageConfig names a kernel that may not be listed, because conda
may not know its environment or the service may lack its provisioner, the check is undecided.

## Why it matters

Starting the notebook fails with "Kernel with name [myenv] does not exist in image [...] on the KernelGateway App".

## How to fix

Name the kernels as they are called, `ocianalyze scan` lists them:

```sh
aws sagemaker create-app-image-config --app-image-config-name my-image \
  --kernel-gateway-image-config '{"KernelSpecs": [{"Name": "conda-env-myenv-py", "DisplayName": "My environment"}]}'
```

or install the kernel under that name, with the `python` that is first on `PATH`:

```dockerfile
RUN python -m ipykernel install --sys-prefix --name python3
```

## Data

- `requested`: the name.
- `available`: the names that there are.
- `stated`: whether the AppImageConfig names it.

## References

- [Custom image samples, issue 22](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/22).
- [Amazon SageMaker API, KernelSpec](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_KernelSpec.html).
- [nb_conda_kernels](https://github.com/anaconda/nb_conda_kernels): the names of conda environments' kernels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.facts.kernels import NATIVE
from ocianalyze.facts.registration import requested_kernels
from ocianalyze.rules.profiles import CLASSIC
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Kernel


@rule(id="KRN002", severity={CLASSIC: Severity.ERROR})
def requested_kernel_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each requested name that is not there, or not for sure."""
    listed = [kernel for kernel in subject.facts.kernels if kernel.listed]
    stated = requested_kernels(subject.app_image_config)
    if stated is None and not listed:
        return  # KRN001 has said all there is to say
    for name in stated or (NATIVE,):
        matching = [kernel for kernel in listed if name in kernel.names]
        left_to_others = stated is None and any(kernel.place == "system" for kernel in matching)
        if left_to_others or any(kernel.doubt is None for kernel in matching):
            continue
        renamed = next((kernel for kernel in subject.facts.kernels if kernel.name == name and kernel.renamed), None)
        yield _finding(name, listed, matching, renamed, stated=stated is not None, install=_install(subject, name))


def _finding(
    name: str, listed: list[Kernel], matching: list[Kernel], renamed: Kernel | None, *, stated: bool, install: str
) -> Finding:
    available = sorted({name for kernel in listed for name in kernel.names})
    other = next((known for known in available if known.casefold() == name.casefold()), None)
    kernel = matching[0] if matching else None
    if kernel is not None:
        message = f"kernel {name!r} may not be found: {kernel.doubt}"
    elif renamed is not None:
        message = f"kernel {name!r} is listed as {renamed.renamed!r} only, because it lies in a conda environment"
    elif other is not None:
        message = f"kernel {name!r} is requested, but it is called {other!r}, and names are case sensitive"
    elif stated:
        message = f"kernel {name!r} is requested, but the image has {_listing(available)}"
        if name == NATIVE:
            message += "; if it is shown at all, it runs a Python of the service's own"
    else:
        message = (
            f"Studio shows {name!r} unless the AppImageConfig names other kernels; the image has {_listing(available)}"
        )
    hint = install
    if renamed is not None and kernel is None:
        hint = f"name {renamed.renamed!r} in KernelSpecs of the AppImageConfig"
    elif kernel is None and available:
        hint = f"name {available[0]!r} in KernelSpecs of the AppImageConfig, or install a kernel named {name!r}"
    undecided = stated and kernel is not None and kernel.place != "system"
    missing = stated and kernel is None and name != NATIVE
    return Finding(
        message=message,
        path=kernel.file if kernel is not None else None,
        layer=kernel.node.layer if kernel is not None else None,
        hint=hint,
        severity=None if missing or undecided else Severity.WARNING,
        kind="undecided" if undecided else "finding",
        data={"requested": name, "available": available, "stated": stated},
    )


def _install(subject: Subject, name: str) -> str:
    """Return how to install a kernel where the service searches first: the prefix of the ``python`` on ``PATH``."""
    python = subject.facts.python
    if python is None:
        first = (
            "let 'python' lead to the image's interpreter and install it for that: 'RUN ln -s python3 /usr/bin/python"
        )
        return f"{first} && python -m ipykernel install --sys-prefix --name {name}'"
    command = f"python3 -m ipykernel install --prefix {python.prefix} --name {name}"
    return f"install it where the service searches first: 'RUN {command}'"


def _listing(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names) if names else "no kernel"
