"""The container's user cannot read or reach a file that it needs.

## What it checks

The process of the container has the user and groups that `USER` sets, including supplementary groups from `/etc/group`.
It has these permissions:

- It can read each kernel's `kernel.json` and enter every directory above it.
- It can list the directories of kernel specs.
- It can execute the program of each kernel, and read the module that a Python kernel runs.
- In the newer Studio, it can execute the program of `ENTRYPOINT` or `CMD`, and read it if it is a script.

Symlinks are followed, including the directories on their way. User 0 can read everything. Access control lists are not
evaluated. KRN005 covers programs that nobody can execute.

## Why it matters

For user 1000, files below a directory like `/root` (mode 0700) do not exist, so the kernel is not listed. An unreadable
`kernel.json` is dropped with `Error loading kernelspec`. If a directory of kernel specs cannot be listed, the whole
list fails with `PermissionError: [Errno 13] Permission denied`. An unreadable module kills the kernel at once. If the
program of `ENTRYPOINT` is not executable, the app does not start: `permission denied: unknown`.

The usual cause is a `umask 077` during the build, or `COPY --chmod`.

## How to fix

```dockerfile
RUN chmod -R a+rX /opt/venv /usr/local/share/jupyter
COPY --chmod=755 entrypoint.sh /usr/local/bin/
```

## Data

- `needed`: the path that is needed.
- `denied`, `mode`, `owner`: the directory or file that denies access, its permissions, and its owner as `uid:gid`. For
  programs, only the message contains them.
- `kernel`, `kernel_directory`: the kernel that needs the path, if any, and the directory of its `kernel.json`.

## References

- path_resolution(7), execve(2).
- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "GID/UID limits".
- [moby/sys, `user/user.go`](https://github.com/moby/sys/blob/main/user/user.go): supplementary groups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.facts.programs import FORBIDDEN
from ocianalyze.facts.user import Denial, find_denial
from ocianalyze.rules.blame import mode_layer, program_layer
from ocianalyze.rules.cures import cure_of, letting_in
from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.listings import in_each_command, in_each_listing
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ocianalyze.facts.commands import Command
    from ocianalyze.facts.kernels import Kernel, Listing
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem


def _is_resolved(subject: Subject) -> bool:
    return subject.facts.user.problem is None


@rule(
    id="USR006",
    severity=everywhere(Severity.ERROR),
    applies=_is_resolved,
    identity=("path", "kernel", "needed"),
    stated_in=("USER",),
)
def unreadable_path_needed(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each path that is needed and denied."""
    yield from in_each_listing(subject, _in_listing)
    yield from in_each_command(subject, _by_command)


def _in_listing(listing: Listing) -> Iterator[Finding]:
    filesystem, user = listing.shell.filesystem, listing.shell.user
    who = f"user {user.uid}:{user.gid}"
    for directory in listing.directories:
        denial = find_denial(filesystem, directory.path, user)
        if denial is not None and not denial.is_unreachable and listing.mounts.hides(directory.path) is None:
            yield Finding(
                path=denial.node.path,
                layer=mode_layer(filesystem, denial.node),
                message=f"kernels cannot be listed: {who} {denial.text}",
                hint=letting_in(denial.node, _first_below(filesystem, denial.node), filesystem, user),
                data=_data(directory.path, denial),
                culprit=denial.node.path,
            )
    seen = {kernel.name for kernel in listing.kernels if kernel.visible}
    for kernel in listing.kernels:
        if kernel.hidden_by is not None or (kernel.name in seen and not kernel.visible):
            continue
        problem = kernel.program.problem if kernel.listed and kernel.program is not None else None
        if problem is not None and kernel.program is not None and problem.code == FORBIDDEN and not kernel.foreign:
            message = f"kernel {kernel.name!r} cannot start: {problem.text}"
            hint = cure_of(kernel.program, listing.shell)
            layer = program_layer(filesystem, kernel.program)
            yield about(
                kernel, message, hint=hint, data={"needed": kernel.command[0]}, culprit=problem.culprit, layer=layer
            )
        denial, needed = _denial_of(kernel)
        if denial is not None:
            message = f"kernel {kernel.name!r} needs {needed}, but {who} {denial.text}"
            hint = letting_in(denial.node, needed, filesystem, user)
            layer = mode_layer(filesystem, denial.node)
            yield about(kernel, message, hint=hint, data=_data(needed, denial), culprit=denial.node.path, layer=layer)


def _denial_of(kernel: Kernel) -> tuple[Denial | None, str]:
    """Return what denies the user access to a kernel's ``kernel.json`` or module, and the path of that file."""
    module = kernel.module.path if kernel.module is not None else None
    if kernel.denied is not None or module is None:
        return kernel.denied, kernel.file
    return kernel.closed, module


def _by_command(command: Command) -> Iterator[Finding]:
    """Yield a finding if the image's program is not executable; APP006 covers the AppImageConfig's."""
    program = command.first
    if command.origin != "image" or program is None or program.problem is None:
        return
    if program.problem.code in (FORBIDDEN, "not-executable"):
        yield Finding(
            message=f"the image's command {command.shown} cannot start: {program.problem.text}",
            path=program.path,
            layer=program_layer(command.found.shell.filesystem, program),
            hint=cure_of(program, command.found.shell),
            data={"needed": program.path},
            culprit=program.problem.culprit,
        )


def _data(needed: str, denial: Denial) -> dict[str, Any]:
    node = denial.node
    return {
        "needed": needed,
        "denied": node.path,
        "mode": f"{node.mode & 0o7777:04o}",
        "owner": f"{node.uid}:{node.gid}",
    }


def _first_below(filesystem: Filesystem, directory: Node) -> str:
    """Return the path of something in a directory, or the directory's own."""
    return next((child.path for child in filesystem.children_of(directory)), directory.path)
