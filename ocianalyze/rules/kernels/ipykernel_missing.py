"""The interpreter of a Python kernel cannot import ipykernel, or another module that it is told to run.

## What it checks

If a visible kernel runs `python -m MODULE`, such as `ipykernel_launcher` or `bash_kernel`, its interpreter can import
that module, and a package has a `__main__` module. If it runs `python -c "import MODULE..."`, the interpreter can
import the modules that this code imports first. These directories are searched:

- `site-packages` and `dist-packages` of the interpreter's prefix
- the same directories of the base installation, if a virtual environment includes them
- the directories in `PYTHONPATH`
- the user's own site directory, unless it is hidden
- the directories that `.pth` files add

If the module is in none of them, but a `.pth` file runs code or cannot be read, the check is undecided.

If another kernel is usable, this is a warning, unless the AppImageConfig names this one. In Code Editor it is always a
warning.

## Why it matters

The kernel is listed but dies at once, with `No module named ipykernel_launcher` in the log and "Kernel Dead" in the
notebook. This happens when ipykernel was installed for a Python other than the one in `kernel.json`. It also happens
when ipykernel was installed with `pip install --user` into a home directory that a volume is mounted on.

## How to fix

Install ipykernel with the interpreter that the kernel starts:

```dockerfile
RUN /opt/venv/bin/python -m pip install ipykernel
```

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `module`: the module.
- `interpreter`: the interpreter.
- `searched`: the directories that were searched. If there are many, only the first ones.
- `hidden`: the location of the module if it is hidden at run time, otherwise null.
- `elsewhere`: the location of the module in another Python of the image, otherwise null.

## References

- [Custom image samples,
  python-poetry](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/tree/main/examples/python-poetry-image):
  "`ipykernel` must be installed on custom images".
- [site, Site-specific configuration hook](https://docs.python.org/3/library/site.html).
"""

from __future__ import annotations

from posixpath import dirname
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs import shown
from ocianalyze.rules.kernels.blame import module_layer
from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.kernels.hints import hint_for_module
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Listing

_LISTED: Final = 20


@rule(id="KRN007", severity=everywhere(Severity.ERROR), identity=("path", "kernel", "module"))
def ipykernel_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each listed Python kernel whose module is missing, or may be."""
    yield from in_each_listing(subject, _missing)


def _missing(listing: Listing) -> Iterator[Finding]:
    for kernel in listing.kernels:
        module, python = kernel.module, kernel.python
        if not kernel.listed or module is None or python is None or module.path is not None:
            continue
        if module.doubt is not None:
            problem = f"may lack module {module.name!r}: not found, but {module.doubt}"
        elif module.lacks is not None:
            problem = f"cannot run module {module.name!r}: {module.lacks}"
        elif module.hidden is not None:
            problem = f"cannot import module {module.name!r}: {module.hidden} is hidden at run time"
        else:
            places = shown(module.searched, ", ") or "the module directories of this Python"
            problem = f"cannot import module {module.name!r}: not found in {places}"
        elsewhere = None if module.lacks or module.hidden else _elsewhere(module.name, listing)
        if elsewhere is not None:
            problem += f"; it is installed in {elsewhere}"
        yield about(
            kernel,
            f"kernel {kernel.name!r} runs {python.executable}, which {problem}",
            hint=hint_for_module(kernel, listing),
            kind="finding" if module.missing else "undecided",
            data={
                "module": module.name,
                "interpreter": python.executable,
                "searched": list(module.searched[:_LISTED]),
                "hidden": module.hidden,
                "elsewhere": elsewhere,
            },
            layer=module_layer(listing.shell.filesystem, kernel),
        )


def _elsewhere(name: str, listing: Listing) -> str | None:
    """Return where another Python of the image has a module."""
    filesystem = listing.shell.filesystem
    for node in (*filesystem.named(name), *filesystem.named(f"{name}.py")):
        if dirname(node.path).endswith("-packages") and listing.mounts.hides(node.path) is None:
            return node.path
    return None
