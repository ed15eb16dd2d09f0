"""Hints for kernels that cannot start: what to do about the cause that was found, with the names of this image."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from posixpath import basename, dirname
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.python import find_installation
from ocianalyze.rules.cures import cure_of, finding_library, letting_in
from ocianalyze.rules.dockerfile import lines, quoted
from ocianalyze.rules.kernels.steps import replacing
from ocianalyze.rules.moving import UNHIDE, unhiding
from ocianalyze.rules.packages import elsewhere, has_module, places, with_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Kernel, Listing
    from ocianalyze.facts.programs import Shell
    from ocianalyze.facts.python import Installation

_OTHERWISE: Final = "Install the kernel again in the final stage of the build"
_PACKAGES: Final = {"ipykernel_launcher": "ipykernel", "IPython": "ipython"}
"""Packages that are not called as their modules."""


class Pythons:
    """The first Pythons of an image that can run kernels; they are looked for once."""

    def __init__(self, shell: Shell) -> None:
        """Look for nothing yet."""
        self._shell = shell

    @cached_property
    def _first(self) -> tuple[Installation, ...]:
        return tuple(islice(self._able(), 2))

    def _able(self) -> Iterator[Installation]:
        shell = self._shell
        for name in ("python3", "python"):
            for place in places(name, shell):
                python = find_installation(shell.filesystem, f"{place}/{name}")
                if python is not None and has_module("ipykernel_launcher", python, shell):
                    yield python

    @property
    def best(self) -> Installation | None:
        """The first of them."""
        return next(iter(self._first), None)

    def other_than(self, word: str) -> Installation | None:
        """Return one that is not started with a word."""
        return next((python for python in self._first if python.executable != word), None)


def hint_for_program(kernel: Kernel, listing: Listing, pythons: Pythons) -> str:
    """Return what to do about a program that cannot be run."""
    program, shell = kernel.program, listing.shell
    problem = program.problem if program is not None else None
    if program is None or problem is None:
        return _OTHERWISE
    place = elsewhere(basename(program.word), shell) if problem.code == "not-on-path" else None
    if place is not None:
        return f"Write {place}/{program.word} in kernel.json, or extend PATH: 'ENV PATH={place}:$PATH'"
    if problem.code == "missing" and program.path == problem.culprit:
        other = hint_for_other_python(kernel, listing, pythons)
        if other is not None:
            return other
    correct = f" in {kernel.file}" if problem.code == "missing" else ""
    return cure_of(program, shell) + correct


def hint_for_other_python(kernel: Kernel, listing: Listing, pythons: Pythons) -> str | None:
    """Return how to start a Python kernel with another Python of the image; None if none has its module."""
    word = kernel.command[0] if kernel.command else ""
    python = pythons.other_than(word) if any("ipykernel" in item for item in kernel.spec.argv) else None
    if python is None:
        return None
    step = replacing(word, python.executable, kernel)
    return f"Write the path of a Python of this image into kernel.json: {lines(listing.shell.user, step)}"


def hint_for_obstacle(kernel: Kernel, listing: Listing) -> str:
    """Return what to do about what a program cannot load."""
    obstacle, user = kernel.obstacle, listing.shell.user
    if obstacle is None:
        return _OTHERWISE
    if obstacle.denial is not None:
        return letting_in(obstacle.denial.node, obstacle.path, listing.shell.filesystem, user)
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
    if module.hidden is not None:
        step = unhiding(listing.shell.filesystem, module.hidden, listing.mounts)
        if step is not None:
            return f"{UNHIDE}: {lines(listing.shell.user, step)}"
    if module.problem is not None:
        return finding_library(module.problem, python, "pyzmq", listing.shell)
    package = _PACKAGES.get(module.name, module.name)
    step = with_python(python, listing.shell, package)
    return f"Install {package} for that interpreter: {lines(listing.shell.user, step)}"
