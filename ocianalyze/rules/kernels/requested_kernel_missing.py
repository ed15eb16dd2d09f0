r"""A kernel that Studio will request is not in the image.

## What it checks

Every name in `KernelSpecs` of the AppImageConfig is the exact name of a kernel that Studio finds in the image. That is
the directory name of a kernel spec in lower case, or `conda-env-<environment>-<kernel>`. Without an AppImageConfig, the
requested name is `python3`. The image may be registered with other names, so a missing one is then only a warning.

These cases are warnings:

- `python3` is in `/usr/local/share/jupyter` or `/usr/share/jupyter`, where Studio may find its own `python3` first.
  Without an AppImageConfig, KRN009 and KRN010 cover this case.
- `python3` is not in the image at all. Studio may provide it from its own Python.

If the AppImageConfig names a kernel that may not be listed, the check is undecided. This is the case if conda may not
know its environment, or if Studio may lack its provisioner.

## Why it matters

Starting the notebook fails with "Kernel with name [myenv] does not exist in image [...] on the KernelGateway App".

## How to fix

Use the names that `ocianalyze scan` lists:

```sh
aws sagemaker create-app-image-config --app-image-config-name my-image \
  --kernel-gateway-image-config '{"KernelSpecs": [{"Name": "conda-env-myenv-py", "DisplayName": "My environment"}]}'
```

Alternatively, install the kernel under the requested name, with the `python` that is first on `PATH`:

```dockerfile
RUN python -m ipykernel install --sys-prefix --name python3
```

## Data

- `requested`: the requested name.
- `available`: the names of the kernels in the image.
- `stated`: whether the AppImageConfig requests the name.

## References

- [Custom image samples, issue 22](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/22).
- [Amazon SageMaker API, KernelSpec](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_KernelSpec.html).
- [nb_conda_kernels](https://github.com/anaconda/nb_conda_kernels): the kernel names of conda environments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.facts.kernels import NATIVE
from ocianalyze.facts.registration import requested_kernels
from ocianalyze.rules.dockerfile import lines
from ocianalyze.rules.kernels.hints import Pythons
from ocianalyze.rules.kernels.steps import linking, registering
from ocianalyze.rules.profiles import CLASSIC
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Kernel


@rule(id="KRN002", severity={CLASSIC: Severity.ERROR}, identity=("path", "requested"))
def requested_kernel_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each requested name that is missing, or that may be."""
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
        message = f"kernel {name!r} is in a conda environment and is only listed as {renamed.renamed!r}"
    elif other is not None:
        message = f"kernel {name!r} is requested, but its name is {other!r}, and names are case sensitive"
    elif stated:
        message = f"kernel {name!r} is requested, but the image has {_listing(available)}"
        if name == NATIVE:
            message += "; if Studio shows it at all, it runs Studio's own Python"
    else:
        message = (
            f"Studio shows {name!r} unless the AppImageConfig names other kernels; the image has {_listing(available)}"
        )
    hint = install
    if renamed is not None and kernel is None:
        hint = f"Use {renamed.renamed!r} in KernelSpecs of the AppImageConfig"
    elif kernel is None and available:
        hint = f"Use {available[0]!r} in KernelSpecs of the AppImageConfig, or install a kernel named {name!r}"
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
    """Return how to install a kernel where Studio searches first: the prefix of the ``python`` on ``PATH``."""
    python, shell = subject.facts.python, subject.facts.shell
    steps = [] if python is not None else [linking(shell)]
    found = python or Pythons(shell).best
    if found is None:
        return "Install Python and ipykernel, and register it as a kernel"
    steps.append(registering(found, found.prefix, shell, name))
    where = "Install it where Studio searches first"
    return f"{where}: {lines(shell.user, *(step for step in steps if step is not None))}"


def _listing(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names) if names else "no kernel"
