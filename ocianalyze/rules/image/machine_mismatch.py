"""A program that must run is built for a processor other than x86-64.

## What it checks

These programs are built for x86-64, according to their ELF headers:

- `/bin/sh`
- the `python` that is first on `PATH`
- the programs of the visible kernels
- in the newer Studio, if the image's own command runs, the programs of that command

Scripts are followed to their interpreters. Programs for 32-bit x86 run on x86-64 and are a warning.

## Why it matters

An image can state `linux/amd64` but contain programs for another processor. This happens if the platform of an ARM
build was overridden, or if a program was copied from an ARM stage. The app fails with `InternalFailure`, or a kernel
does not start and the log says `exec format error`.

## How to fix

Build every stage for the platform of Studio, and download programs for x86-64:

```dockerfile
FROM --platform=linux/amd64 python:3.12-slim
COPY --from=tools-amd64 /usr/local/bin/tool /usr/local/bin/tool
```

## Data

- `program`: the path of the file.
- `machine`: the ELF machine number in its header.
- `needed_for`: what the program is used for.

## References

- System V ABI, "ELF Header" (`e_machine`).
- [Custom image samples, issue 28](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/28).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.layers.contents import filetype
from ocianalyze.rules.profiles import CODE_EDITOR, HYPERPOD, JUPYTERLAB, PROFILES, everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocianalyze.facts.programs import Program

_X86_64: Final = 0x3E
_I386: Final = 0x03
_ARM64: Final = 0xB7


@rule(id="IMG002", severity=everywhere(Severity.ERROR))
def machine_mismatch(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each file that cannot run on x86-64."""
    seen: set[str] = set()
    for purpose, program, concerned in _programs(subject):
        binary = program.binary
        if binary.node is None or binary.machine in (None, _X86_64) or binary.node.path in seen:
            continue
        seen.add(binary.node.path)
        machine = binary.machine or 0
        yield Finding.at(
            binary.node,
            f"{binary.node.path} ({purpose}) is built for {filetype.machine_name(machine)}, not x86-64",
            hint="Build every stage of the image with '--platform=linux/amd64'",
            severity=dict.fromkeys(PROFILES, None)
            | dict.fromkeys(concerned, Severity.WARNING if machine == _I386 else Severity.ERROR)
            | ({HYPERPOD: Severity.WARNING} if machine == _ARM64 and HYPERPOD in concerned else {}),
            data={"program": binary.node.path, "machine": machine, "needed_for": purpose},
        )


def _programs(subject: Subject) -> Iterator[tuple[str, Program, Iterable[str]]]:
    """Yield the purpose of each program, the program, and the profiles that need it."""
    facts = subject.facts
    yield "the shell", facts.shell.examine("/bin/sh"), PROFILES
    yield "the python on PATH", facts.python_program, PROFILES
    for kernel in facts.kernels:
        if kernel.visible and kernel.program is not None and not kernel.rewritten:
            yield f"the program of kernel {kernel.name!r}", kernel.program, PROFILES
    apps = facts.commands
    concerned = {JUPYTERLAB: apps["jupyterlab"], CODE_EDITOR: apps["code-editor"]}
    for command in {command.configured: command for command in concerned.values()}.values():
        profiles = [profile for profile, own in concerned.items() if own.configured == command.configured]
        if command.first is not None:
            yield "the first program of the image's command", command.first, profiles
        if command.words:
            yield "the program of the image's command", command.found.shell.find(command.words[0]), profiles
