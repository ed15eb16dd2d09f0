"""The program of a kernel, or a file that it loads, does not exist or cannot be used.

## What it checks

The first word of each listed kernel's command resolves to an executable file. Shells, shell scripts and wrappers such
as `env` and `conda run` are followed, as they would run, to the program that receives the connection file. If that
program is not known, or may not be started in every case, the check is undecided.

If another kernel is usable, this is a warning, unless the AppImageConfig names this one. In Code Editor it is always a
warning.

- A bare name is looked up on `PATH`: the one from `env` in `kernel.json`, otherwise the image's. For a conda kernel,
  the `bin` directory of the environment comes first.
- Symlinks are followed inside the image.
- The interpreter in the first line of a script exists, including the one that `env` looks up.
- The dynamic loader that an ELF program names exists, and so does the C library, if the loader is that of glibc. If the
  interpreter itself is small, as in the official Python images, so do all libraries that it names.
- The base interpreter of a virtual environment (`home` in `pyvenv.cfg`) exists.
- The environment of `conda run`, `mamba run` and `micromamba run` exists.
- The file that an interpreter loads exists, is a file, and is readable for the container's user: the script of Python,
  Julia, R, Node.js, Deno, Ruby, Perl and PHP; the archive behind `java -jar` and the entries of the class path; the
  assembly of Mono and .NET.
- The program that R's start script runs (`bin/exec/R`) can be run. The R package that `R -e` calls is installed in a
  library of that R, and so are the packages that IRkernel imports. A Julia package that `julia -e` loads is in one of
  its depots; if it is not found, the check is undecided.
- A path that depends on the working directory makes the check undecided.

KRN006 covers names that Studio Classic's server replaces with its own interpreter. In the newer Studio the server
belongs to the image, so its interpreter is checked instead. FSR005 covers what is hidden at run time, KRN007 the
modules of Python, and USR006 programs that only this user cannot execute.

## Why it matters

The kernel is listed, but starting it fails: `FileNotFoundError: [Errno 2] No such file or directory` or
`PermissionError` in the log, a 500 on `POST /api/kernels`, and "Kernel Dead" in the notebook. The usual cause is a
virtual environment that was copied from another build stage without the Python that it links to.

## How to fix

Create the environment in the final stage, or copy the interpreter to the same path as well:

```dockerfile
FROM python:3.12-slim AS build
RUN python -m venv /opt/venv && /opt/venv/bin/pip install ipykernel

FROM python:3.12-slim
COPY --from=build /opt/venv /opt/venv
RUN /opt/venv/bin/python -m ipykernel install --name python3
```

## Data

- `kernel`, `kernel_directory`: the kernel, and the directory of its `kernel.json`.
- `argv`: the command.
- `problem`: a code, one of `not-on-path`, `missing`, `dangling`, `loop`, `not-a-file`, `not-executable`, `empty`,
  `not-runnable`, `interpreter`, `loader`, `library`, `library-unreadable`, `home-missing`, `relative`, `idle` (no
  program receives the connection file), `unknown`; for what the program loads, `argument-missing`,
  `argument-dangling`, `argument-not-a-file`, `argument-denied`, `argument-package`, `argument-program`.
- `chain`: the path of the program, followed by the targets of its symlinks.

## References

- [jupyter_client, `launcher.py`](https://github.com/jupyter/jupyter_client/blob/main/jupyter_client/launcher.py).
- execve(2); [PEP 405](https://peps.python.org/pep-0405/): `pyvenv.cfg`.
- [Custom image samples, issue 4](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/4).
"""

from __future__ import annotations

from posixpath import basename, join
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs import FORBIDDEN
from ocianalyze.rules.blame import deletion_layer, program_layer
from ocianalyze.rules.kernels.blame import obstacle_layer
from ocianalyze.rules.kernels.finding import about, culprit_of
from ocianalyze.rules.kernels.hints import Pythons, hint_for_obstacle, hint_for_program
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Kind, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Kernel, Listing
    from ocianalyze.facts.python import Installation
    from ocianalyze.filesystem.tree import Filesystem

_SEE: Final = (
    "Name the program that runs the kernel in kernel.json, or change its script to start that program in every case"
)
_START: Final = "Start the kernel as the last step of the script: 'exec PROGRAM ... \"$@\"'"
_ABSOLUTE: Final = "Write the absolute path in kernel.json"
_BASE: Final = "Copy the base interpreter into the final stage as well, or create the environment there"


@rule(id="KRN005", severity=everywhere(Severity.ERROR), identity=("path", "kernel"))
def kernel_interpreter_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each listed kernel whose program cannot be run, or cannot load what it needs."""
    yield from in_each_listing(subject, _missing)


def _missing(listing: Listing) -> Iterator[Finding]:
    filesystem, pythons = listing.shell.filesystem, Pythons(listing.shell)
    for kernel in listing.kernels:
        if not kernel.listed or kernel.foreign or kernel.program is None:
            continue
        problem, obstacle, python = kernel.program.problem, kernel.obstacle, kernel.python
        if kernel.unsure is not None:
            code = "relative" if kernel.relative else "unknown"
            hint = _ABSOLUTE if kernel.relative else _SEE
            yield _finding(kernel, kernel.unsure, code, hint, kind="undecided")
        elif kernel.idle is not None:
            yield _finding(kernel, kernel.idle, "idle", _idle_hint(kernel.idle))
        elif problem is not None:
            if problem.code == FORBIDDEN:
                continue  # USR006 has it
            hint = hint_for_program(kernel, listing, pythons)
            layer = program_layer(filesystem, kernel.program, named_in=kernel.node)
            yield _finding(kernel, problem.text, problem.code, hint, layer=layer)
        elif obstacle is not None and obstacle.directory is None:  # FSR005 has what is hidden
            hint, layer = hint_for_obstacle(kernel, listing), obstacle_layer(filesystem, kernel)
            culprit = obstacle.denial.node.path if obstacle.denial is not None else obstacle.path
            yield _finding(kernel, obstacle.text, f"argument-{obstacle.kind}", hint, layer=layer, culprit=culprit)
        elif python is not None and not python.home_exists:
            text = f"{python.configuration} names a base interpreter in {python.home}, which does not exist"
            yield _finding(kernel, text, "home-missing", _BASE, layer=_home_layer(filesystem, python))


def _home_layer(filesystem: Filesystem, python: Installation) -> int | None:
    """Return the position of the layer that removed the base interpreter, or that brought the environment."""
    home, name = python.home or "/", basename(python.executable)
    deleted = deletion_layer(filesystem, [home, join(home, name)])
    node = filesystem.lookup(python.configuration or "/")
    return deleted if deleted is not None or node is None else node.layer


def _idle_hint(reason: str) -> str:
    if "conda" in reason and "environment" in reason:
        return "Create that environment in the image, or name another one in kernel.json"
    if reason.startswith("PYTHONHOME"):
        return "Remove PYTHONHOME from the image and from kernel.json: 'ENV PYTHONHOME='"
    return _START


def _finding(
    kernel: Kernel,
    text: str,
    code: str,
    hint: str,
    *,
    kind: Kind = "finding",
    layer: int | None = None,
    culprit: str | None = None,
) -> Finding:
    verb = "cannot start" if kind == "finding" else "may not start"
    return about(
        kernel,
        f"kernel {kernel.name!r} {verb}: {text}",
        kind=kind,
        hint=hint,
        data={
            "argv": list(kernel.spec.argv),
            "problem": code,
            "chain": list(kernel.program.chain) if kernel.program is not None else [],
        },
        culprit=culprit or culprit_of(kernel),
        layer=layer,
    )
