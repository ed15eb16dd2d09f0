"""A kernel is only where it is hidden at run time.

## What it checks

No kernel is found only in a directory that is mounted over: the user's directory (`MountPath`, or
`/home/sagemaker-user`; in the newer Studio always that), `/opt/ml`, `/opt/.sagemakerinternal`, and in the newer Studio
`/var/log/studio`. A kernel of the same name that is visible elsewhere takes its place, and there is no finding.

## Why it matters

The kernel is there when the image is tried out, and gone once the app runs, because the user's directory is mounted
over it. `python -m ipykernel install --user`, `IRkernel::installspec()` and IJulia put kernels there by default.

## How to fix

```dockerfile
RUN python3 -m ipykernel install --sys-prefix
RUN Rscript -e "IRkernel::installspec(user = FALSE)"
ENV JUPYTER_DATA_DIR=/usr/local/share/jupyter
```

or give the AppImageConfig a `MountPath` elsewhere.

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `directory`: the directory that hides it.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "User data".
- [Custom image samples](https://github.com/aws-samples/sagemaker-studio-custom-image-samples): "the kernel specs
  under this folder will get overriden by EFS" (a comment of the Scala sample).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.profiles import CLASSIC, newer
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Listing


@rule(id="KRN008", severity={CLASSIC: Severity.ERROR, **newer(Severity.WARNING)})
def kernel_hidden(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each kernel that is only where it is hidden."""
    yield from in_each_listing(subject, _hidden)


def _hidden(listing: Listing) -> Iterator[Finding]:
    visible = {kernel.name for kernel in listing.kernels if kernel.visible or kernel.renamed}
    for kernel in listing.kernels:
        if kernel.hidden_by is not None and kernel.name not in visible:
            yield about(
                kernel,
                f"kernel {kernel.name!r} is hidden at run time by what is mounted on {kernel.hidden_by}",
                hint="install it into a system directory ('ipykernel install --sys-prefix'); in Studio Classic another "
                "MountPath helps, too",
                data={"directory": kernel.hidden_by},
            )
