"""The program of a kernel does not exist or is not executable.

## What it checks

The first word of each listed kernel's command resolves to an executable file. Shells, shell scripts and wrappers such
as `env` and `conda run` are followed, as they would run, to the program that receives the connection file. If that
program is not known, or may not be started in every case, the check is undecided. This is a warning if another kernel
is known to start, unless the AppImageConfig names this one.

- A bare name is looked up on `PATH`: the one from `env` in `kernel.json`, otherwise the image's. For a conda kernel,
  the `bin` directory of the environment comes first.
- Symlinks are followed inside the image.
- The interpreter in the first line of a script exists, including the one that `env` looks up.
- The base interpreter of a virtual environment (`home` in `pyvenv.cfg`) exists.
- A path that depends on the working directory is a warning.

KRN006 covers names that Studio Classic's server replaces with its own interpreter. In the newer Studio the server
belongs to the image, so its interpreter is checked instead.

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
  `not-runnable`, `interpreter`, `home-missing`, `relative`, `idle` (no program receives the connection file),
  `unknown`.
- `chain`: the path of the program, followed by the targets of its symlinks.

## References

- [jupyter_client, `launcher.py`](https://github.com/jupyter/jupyter_client/blob/main/jupyter_client/launcher.py).
- execve(2); [PEP 405](https://peps.python.org/pep-0405/): `pyvenv.cfg`.
- [Custom image samples, issue 4](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs import FORBIDDEN
from ocianalyze.facts.registration import requested_kernels
from ocianalyze.rules.kernels.finding import about, culprit_of
from ocianalyze.rules.listings import in_each_listing
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Kind, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Kernel, Listing

_HINTS: Final = {
    "not-on-path": "Write the absolute path of the program in kernel.json, or extend PATH with ENV",
    "missing": "Install the program, or correct the path in kernel.json",
    "dangling": "Copy the target of the symlink into the final stage as well, or create the environment there",
    "not-executable": "Make it executable: 'RUN chmod a+rx FILE'",
    "interpreter": "Install the interpreter that the script's first line names, or correct that line",
}
_SEE: Final = (
    "Name the program that runs the kernel in kernel.json, or change its script to start that program in every case"
)
_START: Final = "Start the kernel as the last step of the script: 'exec PROGRAM ... \"$@\"'"
_OTHERWISE: Final = "Install the kernel again in the final stage of the build"


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
            text = f"its command {kernel.spec.argv[0]!r} depends on the working directory of the server"
            yield _finding(kernel, text, "relative", "Write the absolute path in kernel.json", Severity.WARNING)
        elif kernel.program.problem is not None:
            problem = kernel.program.problem
            if problem.code == FORBIDDEN:
                continue  # USR006 has it
            yield _finding(kernel, problem.text, problem.code, _HINTS.get(problem.code, _OTHERWISE))
        elif python is not None and not python.home_exists:
            text = f"{python.configuration} names a base interpreter in {python.home}, which does not exist"
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
        culprit=culprit_of(kernel),
    )
