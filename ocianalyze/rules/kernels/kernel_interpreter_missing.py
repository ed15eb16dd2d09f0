"""The program of a kernel does not exist, or nobody can execute it.

## What it checks

The first word of each listed kernel's command leads to a file that can be executed. Shells, scripts of shells and
wrappers such as `env` and `conda run` are followed, as they would run, to the program that is given the connection
file; if it cannot be told which one that is, or whether it is started in every case, the check is undecided: a
warning where another kernel is known to start, unless the AppImageConfig names this one. A bare name
is looked up in the directories of `PATH` (of `env` in `kernel.json`, else of the image, and of the environment for
a kernel of conda); symlinks are followed inside the image; the interpreter in a script's first line must exist too,
and the interpreter of `env` be found. A virtual environment's base interpreter (`home` in `pyvenv.cfg`) must be
there. A path that depends on the working directory is a warning. Names for which Studio Classic's server puts its own
interpreter are left to KRN006; in the newer Studio the server is the image's, and it is looked at instead.

## Why it matters

The kernel is listed, but starting it fails with `FileNotFoundError: [Errno 2] No such file or directory` or
`PermissionError` in the log, a 500 on `POST /api/kernels`, and "Kernel Dead" in the notebook. The usual cause is a
virtual environment that was copied from another stage without the Python that it links to.

## How to fix

Make the environment in the final stage, or copy the interpreter to the same place as well:

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
  `not-runnable`, `interpreter`, `home-missing`, `relative`, `idle` (nothing is given the connection file), `unknown`.
- `chain`: the path of the program, and what its symlinks lead to.

## References

- [jupyter_client, `launcher.py`](https://github.com/jupyter/jupyter_client/blob/main/jupyter_client/launcher.py).
- execve(2); [PEP 405](https://peps.python.org/pep-0405/): `pyvenv.cfg`.
- [Custom image samples, issue 4](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs import FORBIDDEN
from ocianalyze.facts.registration import requested_kernels
from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Kind, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Kernel, Listing

_HINTS: Final = {
    "not-on-path": "write the absolute path of the program into kernel.json, or extend PATH with ENV",
    "missing": "install the program, or correct the path in kernel.json",
    "dangling": "copy what the symlink points to into the final stage as well, or make the environment there",
    "not-executable": "make it executable: 'RUN chmod a+rx FILE'",
    "interpreter": "install the interpreter in the script's first line, or correct that line",
}
_SEE: Final = "write the program that is to run into kernel.json, or make its script start that in every case"
_START: Final = "have the script start the kernel as its last step: 'exec PROGRAM ... \"$@\"'"
_OTHERWISE: Final = "install the kernel again in the final stage of the build"


@rule(id="KRN005", severity=everywhere(Severity.ERROR))
def kernel_interpreter_missing(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each listed kernel whose program cannot be run."""
    requested = frozenset(requested_kernels(subject.app_image_config) or ())
    yield from in_each_listing(subject, lambda listing: _missing(listing, requested))


def _missing(listing: Listing, requested: frozenset[str]) -> Iterator[Finding]:
    others = any(kernel.usable and not kernel.uncertain and kernel.unsure is None for kernel in listing.kernels)
    for kernel in listing.kernels:
        if not kernel.listed or kernel.foreign or kernel.program is None:
            continue
        python = kernel.python
        if kernel.unsure is not None:
            spare = others and requested.isdisjoint(kernel.names)
            severity = Severity.WARNING if spare else None
            yield _finding(kernel, kernel.unsure, "unknown", _SEE, severity, "undecided")
        elif kernel.idle is not None:
            yield _finding(kernel, kernel.idle, "idle", _START)
        elif kernel.relative:
            text = f"its command {kernel.spec.argv[0]!r} depends on the directory in which the server runs"
            yield _finding(kernel, text, "relative", "write the absolute path into kernel.json", Severity.WARNING)
        elif kernel.program.problem is not None:
            problem = kernel.program.problem
            if problem.code == FORBIDDEN:
                continue  # USR006 has it
            yield _finding(kernel, problem.text, problem.code, _HINTS.get(problem.code, _OTHERWISE))
        elif python is not None and not python.home_exists:
            text = f"{python.configuration} says that the base interpreter is in {python.home}, which does not exist"
            yield _finding(kernel, text, "home-missing", _HINTS["dangling"])


def _finding(
    kernel: Kernel, text: str, code: str, hint: str, severity: Severity | None = None, kind: Kind = "finding"
) -> Finding:
    verb = "cannot start" if kind == "finding" else "may not start"
    return about(
        kernel,
        f"kernel {kernel.name!r} {verb}: {text}",
        kind=kind,
        hint=hint,
        severity=severity,
        data={
            "argv": list(kernel.spec.argv),
            "problem": code,
            "chain": list(kernel.program.chain) if kernel.program is not None else [],
        },
    )
