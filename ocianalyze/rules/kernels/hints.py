"""Hints for kernels that cannot start: what to do about the cause that was found, with the names of this image."""

from __future__ import annotations

from posixpath import basename, dirname
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.python import find_module
from ocianalyze.rules.cures import cure_of
from ocianalyze.rules.dockerfile import lines, opening, quoted
from ocianalyze.rules.kernels.steps import installing, rewriting

if TYPE_CHECKING:
    from ocianalyze.facts.kernels import Kernel, Listing
    from ocianalyze.facts.python import Installation

_OTHERWISE: Final = "Install the kernel again in the final stage of the build"
_PACKAGES: Final = {"ipykernel_launcher": "ipykernel", "IPython": "ipython"}
"""Packages that are not called as their modules."""


def hint_for_program(kernel: Kernel, listing: Listing) -> str:
    """Return what to do about a program that cannot be run."""
    program, user = kernel.program, listing.shell.user
    problem = program.problem if program is not None else None
    if program is None or problem is None:
        return _OTHERWISE
    place = _elsewhere(basename(program.word), listing) if problem.code in ("not-on-path", "missing") else None
    if problem.code == "not-on-path" and place is not None:
        return f"Write {place}/{program.word} in kernel.json, or extend PATH: 'ENV PATH={place}:$PATH'"
    if place is not None and _is_python_kernel(kernel):
        fix = rewriting(kernel).replace("RUN python3 ", f"RUN {place}/{basename(program.word)} ", 1)
        return f"Write the path of a Python of this image into kernel.json: {lines(user, fix)}"
    correct = f" in {kernel.file}" if problem.code == "missing" else ""
    return cure_of(program, user) + correct


def hint_for_obstacle(kernel: Kernel, listing: Listing) -> str:
    """Return what to do about what a program cannot load."""
    obstacle, user = kernel.obstacle, listing.shell.user
    if obstacle is None:
        return _OTHERWISE
    if obstacle.denial is not None:
        node = obstacle.denial.node
        return f"Let the container's user in: {lines(user, opening(node.path, execute=node.is_directory))}"
    if obstacle.package is not None:
        language, name = obstacle.package
        program = kernel.program.path if kernel.program is not None else None
        code = f'install.packages("{name}", repos="https://cloud.r-project.org")'
        if language == "R" and obstacle.kind == "package":
            fix = lines(user, f"RUN {program or 'R'} --no-save -e {quoted(code)}")
            return f"Install it for that R: {fix}"
        return f"Install the package {name} where {program or language} finds it"
    if obstacle.kind == "program":
        home = dirname(dirname(dirname(obstacle.path)))
        return f"Install R again, or copy {home} as a whole, with the libraries that R needs"
    copy = f"COPY --chmod=644 {basename(obstacle.path)} {obstacle.path}"
    return f"Copy the file to that path, '{copy}', or correct the path in {kernel.file}"


def hint_for_module(kernel: Kernel, listing: Listing) -> str:
    """Return what to do about a module that a kernel's Python cannot import."""
    module, python = kernel.module, kernel.python
    if module is None or python is None:
        return _OTHERWISE
    package = _PACKAGES.get(module.name, module.name)
    filesystem = listing.shell.filesystem
    conda = conda_program(listing) if filesystem.lookup(f"{python.prefix}/conda-meta") is not None else None
    fix = lines(listing.shell.user, installing(package, python, conda=conda, pip=_has_pip(python, listing)))
    return f"Install {package} for that interpreter: {fix}"


def conda_program(listing: Listing) -> str:
    """Return the path of a program that installs conda packages; a bare name if the image has none."""
    for name in ("conda", "mamba", "micromamba"):
        place = _elsewhere(name, listing)
        if place is not None:
            return f"{place}/{name}"
    return "conda"


def _has_pip(python: Installation, listing: Listing) -> bool:
    shell = listing.shell
    found = find_module(shell.filesystem, python, "pip", python_path="", home=shell.user.home, mounts=listing.mounts)
    return not found.missing


def _is_python_kernel(kernel: Kernel) -> bool:
    return any("ipykernel" in word for word in kernel.spec.argv)


def _elsewhere(name: str, listing: Listing) -> str | None:
    """Return a directory ``bin`` in which the container's user can run a program of a name."""
    shell = listing.shell
    for node in shell.filesystem.named(name):
        place = dirname(node.path)
        if basename(place) != "bin" or listing.mounts.hides(node.path) is not None:
            continue
        found = shell.examine(node.path)
        if found.problem is None:
            return place
    return None
