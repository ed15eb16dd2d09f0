"""The AppImageConfig mounts the user's directory over files that the image needs.

## What it checks

`FileSystemConfig.MountPath` of the AppImageConfig for Studio Classic, after symlinks are followed, is none of these:

- `/` or a system directory (`/usr`, `/bin`, `/lib`, `/etc`, `/dev`, `/proc`, `/sys`, ...)
- a directory that contains `/bin/sh`, the `python` that is first on `PATH`, or the program of a kernel

A mount path in a directory that is reserved for SageMaker, `/opt/ml` or `/opt/.sagemakerinternal`, is a warning. Other
files in the mount path are reported by FSR003, and an invalid path by CFG003.

## Why it matters

The user's directory hides everything at the mount path. If that is `/usr`, the container has no programs. If it is
`/opt`, it may have no conda. Then the app does not start, or no kernel starts.

## How to fix

Use a mount path where the image has no files:

```json
{"FileSystemConfig": {"MountPath": "/home/sagemaker-user"}}
```

## Data

- `mount_path`: the mount path.
- `hidden`: some of the paths that are needed and hidden.

## References

- [Amazon SageMaker API,
  FileSystemConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_FileSystemConfig.html).
"""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.directories import RESERVED, within
from ocianalyze.facts.registration import KERNEL_GATEWAY, part
from ocianalyze.rules.profiles import CLASSIC
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_SYSTEM: Final = frozenset(
    {
        *("/", "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/tmp", "/usr"),  # noqa: S108
        *("/usr/bin", "/usr/lib", "/usr/lib64", "/usr/sbin", "/usr/share", "/var"),
    }
)
_SHOWN: Final = 5


def _is_given(subject: Subject) -> bool:
    return _mount_path(subject) is not None


@rule(id="FSR004", severity={CLASSIC: Severity.ERROR}, applies=_is_given)
def mount_path_hides_system(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the mount path hides or overlaps something that is needed."""
    path = _mount_path(subject) or ""
    places = {normpath(path), subject.filesystem.resolve(normpath(path)).path}
    hidden = sorted({needed for needed in _needed(subject) if any(within(needed, place) for place in places)})
    data = {"mount_path": path, "hidden": hidden[:_SHOWN]}
    if places & _SYSTEM or hidden:
        what = f"which hides {hidden[0]}" if hidden else "which is a system directory"
        yield Finding(
            message=f"the AppImageConfig mounts the user's directory on {path}, {what}",
            path=normpath(path),
            hint="Choose a MountPath where the image has no files, such as /home/sagemaker-user",
            data=data,
        )
    elif any(within(place, reserved) for place in places for reserved in RESERVED):
        yield Finding(
            message=f"the AppImageConfig mounts the user's directory on {path}, which is reserved for SageMaker",
            hint="Choose a MountPath where the image has no files, such as /home/sagemaker-user",
            severity=Severity.WARNING,
            data=data,
        )


def _mount_path(subject: Subject) -> str | None:
    path = part(subject.app_image_config, KERNEL_GATEWAY, "FileSystemConfig").get("MountPath")
    return path if isinstance(path, str) and path.startswith("/") else None


def _needed(subject: Subject) -> Iterator[str]:
    facts = subject.facts
    for program in (
        facts.shell.examine("/bin/sh"),
        facts.python_program,
        *(kernel.program for kernel in facts.kernels),
    ):
        if program is not None and program.problem is None:
            yield from program.visited
