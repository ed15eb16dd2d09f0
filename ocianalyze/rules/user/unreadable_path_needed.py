"""The container's user may not read, or not reach, what must be read or run.

## What it checks

For the user and the groups that `USER` makes the container's process (supplementary groups of `/etc/group` included):
every directory above a kernel's `kernel.json` may be searched and the file be read; the directories of kernel specs
may be listed; the program of a kernel may be executed, and the module that a Python kernel runs be read. In the newer
Studio, the program that `ENTRYPOINT` or `CMD` names may be executed, and read if it is a script. Symlinks are
followed, and the directories on their way count. User 0 may read everything; access control lists are not looked into.
Programs that nobody may execute are left to KRN005.

## Why it matters

What lies below a directory like `/root` (mode 0700) does not exist for user 1000: the kernel is not listed. A
`kernel.json` that cannot be read is dropped with `Error loading kernelspec`; a directory of kernel specs that cannot
be listed makes the whole list fail with `PermissionError: [Errno 13] Permission denied`; a module that cannot be read
kills the kernel at once. A `umask 077` during the build, or `COPY --chmod`, is the usual cause. If the program of
`ENTRYPOINT` cannot be executed, the app does not start: `permission denied: unknown`.

## How to fix

```dockerfile
RUN chmod -R a+rX /opt/venv /usr/local/share/jupyter
COPY --chmod=755 entrypoint.sh /usr/local/bin/
```

## Data

- `needed`: the path that is needed.
- `denied`: the directory or file that stands in the way, `mode` its permissions, and `owner` its owner as `uid:gid`;
  of programs, the message has them.
- `kernel`, `kernel_directory`: the kernel that needs it, if it is one, and the directory of its `kernel.json`.

## References

- path_resolution(7), execve(2).
- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "GID/UID limits".
- [moby/sys, `user/user.go`](https://github.com/moby/sys/blob/main/user/user.go): supplementary groups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs import FORBIDDEN
from ocianalyze.facts.user import Denial, find_denial
from ocianalyze.rules.kernels.finding import about
from ocianalyze.rules.listings import in_each_command, in_each_listing
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ocianalyze.facts.commands import Command
    from ocianalyze.facts.kernels import Kernel, Listing

_RUN_HINT: Final = "let the container's user run it: 'RUN chmod a+rx' on it, and a+x on the directories above"
_HINT: Final = "let the container's user read it: 'RUN chmod a+rX' on it and on the directories above"


def _is_resolved(subject: Subject) -> bool:
    return subject.facts.user.problem is None


@rule(id="USR006", severity=everywhere(Severity.ERROR), applies=_is_resolved)
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
            yield Finding.at(
                denial.node,
                f"kernels cannot be listed: {denial.text} by {who}",
                hint=_HINT,
                data=_data(directory.path, denial),
            )
    seen = {kernel.name for kernel in listing.kernels if kernel.visible}
    for kernel in listing.kernels:
        if kernel.hidden_by is not None or (kernel.name in seen and not kernel.visible):
            continue
        program = kernel.program.problem if kernel.listed and kernel.program is not None else None
        if program is not None and program.code == FORBIDDEN and not kernel.foreign:
            message = f"kernel {kernel.name!r} cannot be started: {program.text}"
            yield about(kernel, message, hint=_RUN_HINT, data={"needed": kernel.command[0]})
        denial, needed = _denial_of(kernel, listing)
        if denial is not None:
            message = f"kernel {kernel.name!r} needs {needed}, but {denial.text} by {who}"
            yield about(kernel, message, hint=_HINT, data=_data(needed, denial))


def _denial_of(kernel: Kernel, listing: Listing) -> tuple[Denial | None, str]:
    """Return what keeps the user from a kernel's ``kernel.json`` or module, and which of the two it is."""
    module = kernel.module.path if kernel.module is not None else None
    if kernel.denied is not None or module is None:
        return kernel.denied, kernel.file
    return find_denial(listing.shell.filesystem, module, listing.shell.user), module


def _by_command(command: Command) -> Iterator[Finding]:
    """Yield a finding if the program that the image names may not be executed; the AppImageConfig's is APP006's."""
    program = command.first
    if command.origin != "image" or program is None or program.problem is None:
        return
    if program.problem.code in (FORBIDDEN, "not-executable"):
        yield Finding(
            message=f"the command {command.shown} cannot be started: {program.problem.text}",
            path=program.path,
            layer=program.node.layer if program.node is not None else None,
            hint=_RUN_HINT,
            data={"needed": program.path},
        )


def _data(needed: str, denial: Denial) -> dict[str, Any]:
    node = denial.node
    return {
        "needed": needed,
        "denied": node.path,
        "mode": f"{node.mode & 0o7777:04o}",
        "owner": f"{node.uid}:{node.gid}",
    }
