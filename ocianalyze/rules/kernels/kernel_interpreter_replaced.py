r"""A kernel's command is a bare `python`, which the server replaces with its own interpreter.

## What it checks

The command of each listed kernel spec does not begin with a name that the server replaces: `python`, `python3`, or the
`python3.N` of the server's own version. `{prefix}/bin/python` refers to the same interpreter. `pip install ipykernel`
installs such a kernel spec, while `python -m ipykernel install` writes the absolute path.

- In Studio Classic, the server is SageMaker's; every log seen so far shows Python 3.7.
- In JupyterLab, the server is the image's own. There is a finding only if the kernel spec belongs to another
  environment than the server's, that is, if there is a Python in the prefix of the kernel spec.
- If an AppImageConfig names kernels, Studio Classic shows only those, so others are exempt there.
- Kernels of conda environments are exempt, because they are started in their own environment.
- Names such as `python3.11` are exempt if the server has another version. They are looked up on `PATH`.

## Why it matters

Jupyter replaces these names with the interpreter that runs the server. In Studio Classic that is
`/opt/.sagemakerinternal/conda/bin/python`, SageMaker's own Python. The notebook starts, but `sys.executable` is not the
image's Python, and importing the image's packages fails with `ModuleNotFoundError`. In JupyterLab, the replacement is
correct if the kernel spec and the server belong to the same environment.

## How to fix

After installing ipykernel, let it write the kernel spec, with the `python` that is first on `PATH`:

```dockerfile
RUN python3 -m pip install ipykernel \
 && python3 -m ipykernel install --sys-prefix
```

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `argv`: the command.
- `replaced_by`: the interpreter that is started instead.

## References

- [jupyter_client, `manager.py`](https://github.com/jupyter/jupyter_client/blob/main/jupyter_client/manager.py):
  `format_kernel_cmd`.
- Custom image samples, issues [9](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/9) and
  [18](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/18): the symptom. The cause is
  inferred from the code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.facts.registration import requested_kernels
from ocianalyze.rules.dockerfile import lines
from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.kernels.steps import rewriting
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.profiles import CLASSIC, HYPERPOD, JUPYTERLAB, UNIFIED
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.jupyter import Server
    from ocianalyze.facts.kernels import Kernel, Listing


@rule(
    id="KRN006",
    severity={
        CLASSIC: Severity.ERROR,
        JUPYTERLAB: Severity.WARNING,
        UNIFIED: Severity.WARNING,
        HYPERPOD: Severity.WARNING,
    },
    identity=("path", "kernel"),
)
def kernel_interpreter_replaced(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each listed kernel spec whose command is replaced."""
    requested = requested_kernels(subject.app_image_config)
    shown = None if requested is None else frozenset(requested)
    yield from in_each_listing(subject, lambda listing: _replaced(listing, shown))


def _replaced(listing: Listing, shown: frozenset[str] | None) -> Iterator[Finding]:
    """Yield the findings; in Studio Classic only those about kernels that are `shown`, or all of them if it is None."""
    server = listing.server
    for kernel in listing.kernels:
        if not kernel.listed or not (kernel.rewritten or kernel.foreign):
            continue
        if kernel.foreign:
            if shown is not None and shown.isdisjoint(kernel.names):
                continue
            consequence = "the notebook would run AWS's Python, not the image's"
        elif _belongs_to(kernel, server) or not _is_environment(kernel, listing):
            continue
        else:
            consequence = f"the notebook would run {server.executable}, regardless of the kernel's environment"
        word = kernel.spec.argv[0]
        yield about(
            kernel,
            f"kernel {kernel.name!r} starts {word!r}, which the server replaces with its own: {consequence}",
            hint="Write the absolute path into kernel.json with the intended interpreter: "
            f"{lines(listing.shell.user, rewriting(kernel))}",
            data={"argv": list(kernel.spec.argv), "replaced_by": server.executable},
        )


def _belongs_to(kernel: Kernel, server: Server) -> bool:
    """Return whether a kernel spec is in the server's prefix; Debian's pip installs to ``/usr/local`` for ``/usr``."""
    prefixes = (server.prefix, "/usr/local") if server.prefix == "/usr" else (server.prefix,)
    return any(kernel.directory.startswith(f"{prefix}/share/jupyter/") for prefix in prefixes)


def _is_environment(kernel: Kernel, listing: Listing) -> bool:
    """Return whether the prefix of a kernel spec has a Python of its own, which the replacement bypasses."""
    prefix, found, _ = kernel.directory.partition("/share/jupyter/kernels/")
    programs = (f"{prefix}/bin/{name}" for name in ("python", "python3"))
    return bool(found) and any(listing.shell.filesystem.lookup(path) is not None for path in programs)
