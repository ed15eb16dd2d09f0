"""Steps of a Dockerfile that mend kernels: a spec that is changed, written again or moved."""

from __future__ import annotations

from posixpath import basename, dirname
from typing import TYPE_CHECKING, Final

from ocianalyze.regex import regex
from ocianalyze.rules.dockerfile import quoted
from ocianalyze.rules.packages import elsewhere, has_module, with_python

if TYPE_CHECKING:
    from ocianalyze.facts.kernels import Kernel
    from ocianalyze.facts.programs import Shell
    from ocianalyze.facts.python import Installation

_PLAIN: Final = regex(r"[A-Za-z0-9_./+-]+")
"""What needs no quotes in a shell, in JSON and in an expression of sed, where a dot stands for itself, too."""


def replacing(old: str, new: str, kernel: Kernel) -> str:
    """Return the step that writes another program into a kernel's spec."""
    if _PLAIN.fullmatch(old) is None or _PLAIN.fullmatch(new) is None:
        return rewriting(kernel)
    expression = f's|"{old}"|"{new}"|'
    return f"RUN sed -i {quoted(expression)} {quoted(kernel.file)}"


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


def linking(shell: Shell) -> str | None:
    """Return the step that makes ``python`` a program of the image's Python; None if that is not found."""
    place = elsewhere("python3", shell)
    return None if place is None else f"RUN ln -s {quoted(place)}/python3 /usr/local/bin/python"


def registering(python: Installation, prefix: str, shell: Shell, name: str = "python3") -> str:
    """Return the step that registers a Python as a kernel, and installs ipykernel first if it has none."""
    first = "" if has_module("ipykernel_launcher", python, shell) else f"{with_python(python, shell, 'ipykernel')} && "
    place = "/usr/local" if prefix == "/usr" else prefix
    step = f"{quoted(python.executable)} -m ipykernel install --prefix {quoted(place)} --name {quoted(name)}"
    return f"{first}{step}" if first else f"RUN {step}"
