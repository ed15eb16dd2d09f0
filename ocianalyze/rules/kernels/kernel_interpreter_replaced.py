r"""A kernel's command is a bare `python`, for which the server puts its own interpreter.

## What it checks

The command of each visible kernel spec does not begin with `python`, `python3` or `python3.7`. Such a kernel spec
is what `pip install ipykernel` leaves behind; `python -m ipykernel install` writes the absolute path. The kernels
of conda environments are started in their environment and are exempt, as are names such as `python3.11`, which are
looked up in `PATH`.

## Why it matters

Jupyter replaces these names by the interpreter that the server itself runs on. In Studio Classic that is
`/opt/.sagemakerinternal/conda/bin/python`, a Python of SageMaker's own: the notebook starts, but `sys.executable`
is not the image's, and none of the image's packages can be imported (`ModuleNotFoundError`). In the newer Studio
the server is the image's own, and the replacement is right as long as it belongs to the same environment.

## How to fix

Let ipykernel write the kernel spec, after it was installed, with the `python` that is first on `PATH`:

```dockerfile
RUN python3 -m pip install ipykernel \
 && python3 -m ipykernel install --sys-prefix
```

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `argv`: the command.

## References

- [jupyter_client, `manager.py`](https://github.com/jupyter/jupyter_client/blob/main/jupyter_client/manager.py):
  `format_kernel_cmd`.
- Custom image samples, issues [9](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/9) and
  [18](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/18): the symptom; that this is its
  cause is concluded from the code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.profiles import CLASSIC, newer
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="KRN006", severity={CLASSIC: Severity.ERROR, **newer(Severity.NOTE)})
def kernel_interpreter_replaced(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each visible kernel spec whose command is replaced."""
    for kernel in subject.facts.kernels:
        if kernel.visible and kernel.rewritten:
            word = kernel.spec.argv[0]
            yield about(
                kernel,
                f"kernel {kernel.name!r} starts {word!r}, which the server replaces by its own interpreter: "
                "the notebook would run AWS's Python, not the image's",
                hint=f"have the absolute path written: 'RUN {word} -m ipykernel install --sys-prefix'",
                data={"argv": list(kernel.spec.argv)},
            )
