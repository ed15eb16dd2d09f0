"""A Python kernel's interpreter cannot import ipykernel.

## What it checks

Where a visible kernel runs `python -m ipykernel_launcher` (or `ipykernel`, `IPython`), the module is in one of the
directories that this interpreter imports from: `site-packages` and `dist-packages` of its prefix, those of the base
installation if a virtual environment has them, `PYTHONPATH`, the user's directory unless it is hidden, and what
`.pth` files add. If it is in none of them, but a `.pth` file runs code or cannot be read, the check is undecided.

## Why it matters

The kernel is listed and dies at once: `No module named ipykernel_launcher` in the log, "Kernel Dead" in the
notebook. It happens where ipykernel was installed for another Python than the one in `kernel.json`, or with `pip
install --user` into a home directory that is mounted over.

## How to fix

Install it with the interpreter that the kernel starts:

```dockerfile
RUN /opt/venv/bin/python -m pip install ipykernel
```

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `module`: the module.
- `interpreter`: the interpreter.
- `searched`: the directories that were searched, the first of them if there are many.
- `hidden`: where the module is, if that is hidden at run time; else null.

## References

- [Custom image samples,
  python-poetry](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/tree/main/examples/python-poetry-image):
  "`ipykernel` must be installed on custom images".
- [site, Site-specific configuration hook](https://docs.python.org/3/library/site.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs import shown
from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Listing

_LISTED: Final = 20


@rule(id="KRN007", severity=everywhere(Severity.ERROR))
def ipykernel_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each listed Python kernel whose module is missing, or may be."""
    yield from in_each_listing(subject, _missing)


def _missing(listing: Listing) -> Iterator[Finding]:
    for kernel in listing.kernels:
        module, python = kernel.module, kernel.python
        if not kernel.listed or module is None or python is None or module.path is not None:
            continue
        if module.doubt is not None:
            where = f"which was not found, but {module.doubt}"
        elif module.hidden is not None:
            where = f"which is only in {module.hidden}, and that is hidden at run time"
        else:
            where = f"which is in none of {shown(module.searched, ', ') or 'its directories'}"
        yield about(
            kernel,
            f"kernel {kernel.name!r} runs {python.executable} with the module {module.name!r}, {where}",
            hint=f"install it for that interpreter: 'RUN {python.executable} -m pip install ipykernel'",
            kind="finding" if module.missing else "undecided",
            data={
                "module": module.name,
                "interpreter": python.executable,
                "searched": list(module.searched[:_LISTED]),
                "hidden": module.hidden,
            },
        )
