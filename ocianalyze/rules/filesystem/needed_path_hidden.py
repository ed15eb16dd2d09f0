r"""A program that must run is hidden at run time.

## What it checks

For each listed kernel, these paths are not in a directory that is mounted over:

- the program of its command
- the symlinks and interpreters through which that program is reached
- the base interpreter of a virtual environment
- the script, archive or package that the program loads, such as the `kernel.jl` of IJulia or the package of IRkernel

If the image starts the app with its own command, the same applies to the programs that this command starts. Hidden
kernel specs are reported by KRN008, and hidden modules by KRN007.

These directories are mounted over:

- `/opt/ml`, `/opt/.sagemakerinternal` and the user's directory
- in the newer Studio, also `/var/log/studio`; there, the user's directory is always `/home/sagemaker-user`
- `/proc`, `/sys` and `/dev`, in every container runtime

These are warnings:

- The working directory is in one of the reserved directories, and the image has files there.
- A directory in `LD_LIBRARY_PATH` is hidden and has shared libraries in the image.
- A directory in `PYTHONPATH` is hidden and has modules in the image.

A hidden directory in `PATH` alone is not reported.

## Why it matters

The image's files in these directories do not exist when the app runs. A kernel is listed, but starting it fails with
`No such file or directory` in the log (log group `/aws/sagemaker/studio`) and "Kernel Dead" in the notebook. An app
whose program is hidden does not start.

## How to fix

Install into a system directory:

```dockerfile
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install ipykernel \
 && /opt/venv/bin/python -m ipykernel install --name myenv
```

## Data

- `hidden`: the path that is needed.
- `directory`: the directory that hides it.
- `kernel`, `kernel_directory`: the kernel that needs the path, if any, and the directory of its `kernel.json`.
- `variable`: the variable that contains the path, if any.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "File system" and "User data".
- [Custom image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-byoi-specs.html) of the
  newer Studio.
"""

from __future__ import annotations

from posixpath import join, normpath
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs import split_path
from ocianalyze.regex import regex
from ocianalyze.rules.blame import link_layer
from ocianalyze.rules.dockerfile import exec_form, lines
from ocianalyze.rules.kernels.hints import Pythons, hint_for_other_python
from ocianalyze.rules.kernels.steps import moving
from ocianalyze.rules.listings import in_each_command, in_each_listing
from ocianalyze.rules.moving import UNHIDE, copying, unhiding
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.facts.commands import Command
    from ocianalyze.facts.directories import Mounts
    from ocianalyze.facts.kernels import Kernel, Listing
    from ocianalyze.facts.programs import Program
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

_HINT: Final = "Install it into a system directory such as /opt/venv or /usr/local"
_VARIABLES: Final = {"LD_LIBRARY_PATH": regex(r"\.so(\.|\Z)"), "PYTHONPATH": regex(r"\.(py|so)\Z")}
"""Variables that list directories, and the file names that matter in each."""


@rule(id="FSR005", severity=everywhere(Severity.ERROR), identity=("path", "kernel", "variable"))
def needed_path_hidden(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each kernel, variable or command that needs a hidden path."""
    environment = subject.facts.environment
    directory = normpath(join("/", subject.image.config.config.working_dir))
    yield from in_each_listing(subject, _by_kernels)
    yield from in_each_listing(subject, lambda listing: _by_variables(listing, environment))
    yield from in_each_listing(subject, lambda listing: _working_directory(listing, directory))
    yield from in_each_command(subject, lambda command: _by_command(command, subject.facts.own.mounts))


def _by_kernels(listing: Listing) -> Iterator[Finding]:
    pythons = Pythons(listing.shell)
    for kernel in listing.kernels:
        if kernel.hidden is None or not kernel.listed or kernel.foreign:
            continue
        path, directory = kernel.hidden
        node = listing.shell.filesystem.lookup(path, follow=False)
        yield Finding(
            message=f"kernel {kernel.name!r} needs {path}, which is hidden at run time by the mount on {directory}",
            path=path,
            layer=kernel.node.layer if node is None else _link_layer(listing.shell.filesystem, node, kernel.program),
            hint=_hint(kernel, listing, pythons),
            severity=Severity.WARNING if kernel.uncertain else None,
            data={
                "kernel": kernel.name,
                "kernel_directory": kernel.directory,
                "hidden": path,
                "directory": directory,
            },
        )


def _hint(kernel: Kernel, listing: Listing, pythons: Pythons) -> str:
    """Return what to do; a file that a program loads can be copied, while a program needs what is installed with it."""
    path, directory = kernel.hidden or ("", "")
    if kernel.obstacle is None or kernel.obstacle.path != path:
        program = kernel.program.path if kernel.program is not None else None
        step = unhiding(listing.shell.filesystem, program, listing.mounts) if program is not None else None
        if step is not None:
            return f"{UNHIDE}: {lines(listing.shell.user, step)}"
        return hint_for_other_python(kernel, listing, pythons) or _HINT
    return f"Move it to a directory that is not hidden: {lines(listing.shell.user, *moving(kernel, path, directory))}"


def _link_layer(filesystem: Filesystem, hidden: Node | None, program: Program | None) -> int | None:
    """Return the position of the layer that put something into a hidden directory, or led there later."""
    if hidden is None or program is None or program.path is None or hidden.path not in program.visited:
        return hidden.layer if hidden is not None else None
    return max(hidden.layer, link_layer(filesystem, program.path) or hidden.layer)


def _path_of(program: Program) -> tuple[str, ...]:
    return program.visited if program.problem is None else ()


def _by_variables(listing: Listing, environment: Mapping[str, str]) -> Iterator[Finding]:
    filesystem = listing.shell.filesystem
    for name, wanted in _VARIABLES.items():
        for entry in split_path(environment.get(name, "")):
            directory = listing.mounts.hides(normpath(entry)) if entry.startswith("/") else None
            top = filesystem.lookup(entry) if directory is not None else None
            if top is None or not any(wanted.search(child.name) for child in filesystem.children_of(top)):
                continue
            yield Finding.at(
                top,
                f"{name} contains {normpath(entry)}, whose files are hidden at run time by the mount on {directory}",
                hint=_HINT,
                severity=Severity.WARNING,
                data={"variable": name, "hidden": normpath(entry), "directory": directory},
            )


def _working_directory(listing: Listing, directory: str) -> Iterator[Finding]:
    hiding = listing.mounts.hides(directory)
    if hiding is None or hiding == listing.mounts.home:
        return
    if any(not node.is_directory for node in listing.shell.filesystem.walk(hiding)):
        yield Finding(
            message=f"working directory {directory} is in {hiding}, whose files may be hidden at run time",
            path=directory,
            hint="Set WORKDIR to a directory that is not reserved",
            severity=Severity.WARNING,
            data={"hidden": directory, "directory": hiding},
        )


def _by_command(command: Command, mounts: Mounts) -> Iterator[Finding]:
    """Yield a finding if the path of the program that does the work passes through something hidden.

    A program that only the AppImageConfig names is reported by APP006.
    """
    programs = [command.first]
    if command.found.certain and command.words:
        programs.append(command.found.shell.find(command.words[0]))
    named_elsewhere = command.first.path if command.first is not None and command.origin != "image" else None
    for program in programs:
        found = mounts.hides_any(_path_of(program)) if program is not None else None
        if program is not None and found is not None and program.path != named_elsewhere:
            path, hiding = found
            node = command.found.shell.filesystem.lookup(path, follow=False)
            yield Finding(
                message=f"command {command.shown} needs {path}, which is hidden at run time by the mount on {hiding}",
                path=path,
                layer=_link_layer(command.found.shell.filesystem, node, program),
                hint=_hint_for_command(command, program, mounts),
                data={"hidden": path, "directory": hiding},
            )
            return


def _hint_for_command(command: Command, program: Program, mounts: Mounts) -> str:
    """Return how to get a program out of a hidden directory."""
    shell = command.found.shell
    step = unhiding(shell.filesystem, program.path or "/", mounts)
    if step is not None:
        return f"{UNHIDE}: {lines(shell.user, step)}"
    if program is not command.first or program.path is None or command.origin != "image" or command.in_shell_form:
        return _HINT
    new, step = copying(program.path)
    started = f"ENTRYPOINT {exec_form((new, *command.configured[1:]))}"
    return f"Copy it to a directory that is not hidden: {lines(shell.user, step, started, 'CMD []')}"
