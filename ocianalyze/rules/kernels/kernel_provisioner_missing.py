"""A kernel requires a provisioner that the server does not have.

## What it checks

`metadata.kernel_provisioner.provisioner_name` of each visible kernel is one of these:

- `local-provisioner`, which every server has
- a provisioner of a package in the server's environment: an entry point of the group
  `jupyter_client.kernel_provisioners`

The provisioners of Studio Classic's own server are not known. Any other provisioner than `local-provisioner` is
therefore a finding there.

## Why it matters

A kernel whose provisioner is missing is not listed. Only the log shows that the `Kernel 'x' is referencing a kernel
provisioner ('y') that is not available`. Requesting the kernel fails with `No such kernel named x`.

## How to fix

Install the package that provides the provisioner into the server's environment, or remove `kernel_provisioner` from
`kernel.json`.

```dockerfile
RUN /opt/conda/bin/python -m pip install gateway-provisioners
```

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `provisioner`: the provisioner that the kernel requires.
- `available`: the provisioners that the server is known to have.

## References

- [jupyter_client, Customizing the kernel's runtime
  environment](https://jupyter-client.readthedocs.io/en/stable/provisioning.html).
- [jupyter_client,
  `kernelspec.py`](https://github.com/jupyter/jupyter_client/blob/main/jupyter_client/kernelspec.py):
  `_get_kernel_spec_by_name`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.dockerfile import lines, quoted
from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Listing

_SHOWN: Final = 20
_PACKAGES: Final = {
    **dict.fromkeys(
        (
            *("distributed-provisioner", "docker-provisioner", "docker-swarm-provisioner"),
            *("kubernetes-provisioner", "yarn-provisioner", "spark-operator-provisioner"),
        ),
        "gateway-provisioners",
    ),
    "libyt-kernel-provisioner": "jupyter_libyt",
    "pixi-kernel-provisioner": "pixi-kernel",
}
"""Packages that provide provisioners."""


@rule(id="KRN016", severity=everywhere(Severity.WARNING), identity=("path", "kernel"))
def kernel_provisioner_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each visible kernel whose provisioner is not known to be there."""
    yield from in_each_listing(subject, _missing)


def _missing(listing: Listing) -> Iterator[Finding]:
    for kernel in listing.kernels:
        name = kernel.spec.provisioner
        if kernel.visible and name is not None and name not in listing.provisioners:
            yield about(
                kernel,
                f"kernel {kernel.name!r} requires the provisioner {name!r}, which the server may not have: "
                "without it, the kernel is not listed",
                hint=f"{_install(name, listing)}, or remove 'kernel_provisioner' from {kernel.file}",
                data={"provisioner": name, "available": sorted(listing.provisioners)[:_SHOWN]},
            )


def _install(name: str, listing: Listing) -> str:
    """Return how to install a provisioner for the server."""
    python, package = listing.server.installation, _PACKAGES.get(name)
    if python is None or package is None:
        return "Install the package that provides it into the server's environment"
    fix = lines(listing.shell.user, f"RUN {quoted(python.executable)} -m pip install {package}")
    return f"Install it into the server's environment: {fix}"
