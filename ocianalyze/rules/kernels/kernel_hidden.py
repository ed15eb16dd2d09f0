"""A kernel is only in a directory that is hidden at run time.

## What it checks

No kernel is found only in a directory that is hidden by a mount:

- the user's directory: `MountPath` or `/home/sagemaker-user`, in the newer Studio always `/home/sagemaker-user`
- `/opt/ml`
- `/opt/.sagemakerinternal`
- `/var/log/studio`, in the newer Studio

If a kernel of the same name is visible elsewhere, it is used instead, and there is no finding. If another kernel is
usable, this is a warning, unless the AppImageConfig names this one.

## Why it matters

The kernel exists when you test the image, but is gone when the app runs, because the user's directory is mounted over
it. `python -m ipykernel install --user`, `IRkernel::installspec()` and IJulia install kernels there by default.

## How to fix

```dockerfile
RUN python3 -m ipykernel install --sys-prefix
RUN Rscript -e "IRkernel::installspec(user = FALSE)"
ENV JUPYTER_DATA_DIR=/usr/local/share/jupyter
```

Alternatively, set another `MountPath` in the AppImageConfig.

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `directory`: the directory that hides it.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "User data".
- [Custom image samples](https://github.com/aws-samples/sagemaker-studio-custom-image-samples): "the kernel specs
  under this folder will get overriden by EFS" (a comment in the Scala sample).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.directories import within
from ocianalyze.facts.kernels import NATIVE
from ocianalyze.rules.blame import link_layer
from ocianalyze.rules.dockerfile import lines, quoted
from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.moving import UNHIDE, unhiding
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Kernel, Listing

_SYSTEM: Final = "/usr/local/share/jupyter/kernels"


@rule(id="KRN008", severity=everywhere(Severity.ERROR), identity=("path", "kernel"))
def kernel_hidden(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each kernel that is only where it is hidden."""
    yield from in_each_listing(subject, _hidden)


def _hidden(listing: Listing) -> Iterator[Finding]:
    visible = {kernel.name for kernel in listing.kernels if kernel.visible or kernel.renamed}
    for kernel in listing.kernels:
        if kernel.hidden_by is not None and kernel.name not in visible:
            yield about(
                kernel,
                f"kernel {kernel.name!r} is hidden at run time by the volume mounted on {kernel.hidden_by}",
                hint=_hint(kernel, listing),
                data={"directory": kernel.hidden_by},
                layer=link_layer(listing.shell.filesystem, kernel.file),
            )


def _hint(kernel: Kernel, listing: Listing) -> str:
    user = listing.shell.user
    server = listing.server
    own = server.installation is not None and within(kernel.directory, server.prefix)
    step = unhiding(listing.shell.filesystem, server.executable if own else kernel.directory, listing.mounts)
    how = (
        f"Copy it to a directory that is not hidden: {lines(user, _copy(kernel, listing))}"
        if step is None
        else f"{UNHIDE}: {lines(user, step)}"
    )
    return f"{how}; in Studio Classic, you can also change MountPath"


def _copy(kernel: Kernel, listing: Listing) -> str:
    """Return the step that copies a kernel to a directory that is searched and not hidden; `python3` to the first."""
    is_native = kernel.name == NATIVE and listing.server.installation is not None
    visible = (item.path for item in listing.directories if listing.mounts.hides(item.path) is None)
    target = quoted(next(visible, _SYSTEM) if is_native else _SYSTEM)
    return f"RUN mkdir -p {target} && cp -rL {quoted(kernel.directory)} {target}/"
