"""The AppImageConfig mounts the user's directory over something that the image needs.

## What it checks

`FileSystemConfig.MountPath` of the AppImageConfig for Studio Classic, with symlinks followed, is neither `/` nor a
directory of the system (`/usr`, `/bin`, `/lib`, `/etc`, `/dev`, `/proc`, `/sys`, ...) nor one in which `/bin/sh`, the
`python` of the `PATH` or the program of a kernel lies. Within a directory that SageMaker keeps for itself, `/opt/ml` or
`/opt/.sagemakerinternal`, it is a warning. What lies in it besides is FSR003's, and its form CFG003's.

## Why it matters

The user's directory takes the place of what is there: with `/usr` the container has no programs, with `/opt` perhaps no
conda. The app does not start, or no kernel does.

## How to fix

Mount it where nothing is:

```json
{"FileSystemConfig": {"MountPath": "/home/sagemaker-user"}}
```

## Data

- `mount_path`: the path.
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
    """Yield a finding if the mount path is where it must not be."""
    path = _mount_path(subject) or ""
    places = {normpath(path), subject.filesystem.resolve(normpath(path)).path}
    hidden = sorted({needed for needed in _needed(subject) if any(within(needed, place) for place in places)})
    data = {"mount_path": path, "hidden": hidden[:_SHOWN]}
    if places & _SYSTEM or hidden:
        what = f"which hides {hidden[0]}" if hidden else "which is a directory of the system"
        yield Finding(
            message=f"the user's directory is to be mounted on {path}, {what}",
            path=normpath(path),
            hint="choose a MountPath where nothing is, such as /home/sagemaker-user",
            data=data,
        )
    elif any(within(place, reserved) for place in places for reserved in RESERVED):
        yield Finding(
            message=f"the user's directory is to be mounted on {path}, which SageMaker keeps for itself",
            hint="choose a MountPath where nothing is, such as /home/sagemaker-user",
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
