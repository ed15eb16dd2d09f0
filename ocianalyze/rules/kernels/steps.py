"""Steps of a Dockerfile that mend kernels: a package that is installed, a spec that is written again or moved."""

from __future__ import annotations

from posixpath import basename, dirname
from typing import TYPE_CHECKING

from ocianalyze.rules.dockerfile import quoted

if TYPE_CHECKING:
    from ocianalyze.facts.kernels import Kernel
    from ocianalyze.facts.python import Installation


def installing(package: str, python: Installation, *, conda: str | None, pip: bool) -> str:
    """Return the step that installs a package for a Python, with the program `conda` if that Python has no pip."""
    if conda is not None and not pip:
        return f"RUN {quoted(conda)} install --prefix {quoted(python.prefix)} --yes {package}"
    return f"RUN {quoted(python.executable)} -m pip install {package}"


def rewriting(kernel: Kernel) -> str:
    """Return the step that writes the spec of a Python kernel again, in its place."""
    prefix, found, _ = kernel.directory.partition("/share/jupyter/kernels/")
    where = f"--prefix {quoted(prefix or '/')}" if found else "--sys-prefix"
    return f"RUN {_python_of(kernel)} -m ipykernel install {where} --name {basename(kernel.directory)}"


def _python_of(kernel: Kernel) -> str:
    return kernel.python.executable if kernel.python is not None else "python3"


def moving(kernel: Kernel, path: str, directory: str) -> tuple[str, ...]:
    """Return the steps that copy what is hidden below `directory` to ``/opt`` and change ``kernel.json``.

    What is copied is the first directory below `directory` that contains `path`.
    """
    first = path.removeprefix(directory).strip("/").split("/")[0]
    old = f"{directory}/{first}"
    new = f"/opt/{basename(kernel.directory)}/{first.removeprefix('.')}"
    copy = f"mkdir -p {quoted(dirname(new))} && cp -a {quoted(old)} {quoted(new)}"
    change = f"sed -i {quoted(f's|{old}|{new}|g')} {quoted(kernel.file)}"
    variables = (f"ENV JULIA_DEPOT_PATH={new}",) if first == ".julia" else ()
    return (f"RUN {copy} && {change} && chmod -R a+rX {quoted(new)}", *variables)
